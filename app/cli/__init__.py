"""The ``phananh`` command. Exit codes: 0 done, 1 something is wrong with the system, 2 the input cannot be used."""

import os
import traceback
from pathlib import Path

import structlog
import typer

from app.cli import care, exports, posters, processes
from app.cli.importing_open311 import import_cli
from app.cli.places import places_cli
from app.cli.privacy import privacy_cli
from app.cli.rules import rules_cli
from app.cli.staff import staff_cli
from app.cli.stats import stats_cli
from app.cli.zalo import zalo_cli

cli = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="Phản ánh hiện trường: citizen field reports.",
)
for command in (
    processes.run,
    processes.api,
    processes.worker,
    processes.bot,
    processes.simulator,
    processes.migrate,
    processes.webhook,
    care.demo,
    care.doctor,
    care.mail,
    posters.qr,
    exports.export,
):
    cli.command()(command)
cli.add_typer(care.audit, name="audit")
cli.add_typer(care.backup, name="backup")
cli.add_typer(import_cli, name="import")
cli.add_typer(places_cli, name="places")
cli.add_typer(privacy_cli, name="privacy")
cli.add_typer(rules_cli, name="rules")
cli.add_typer(staff_cli, name="staff")
cli.add_typer(stats_cli, name="stats")
cli.add_typer(zalo_cli, name="zalo")


def main() -> None:
    """Entry point of the ``phananh`` command. A bug of ours ends as one sentence; its traceback goes to a file."""
    try:
        cli()
    except Exception as error:
        path = Path(os.environ.get("PHANANH_HOME", "var")) / "log" / "errors.log"
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            with path.open("a", encoding="utf-8") as file:
                traceback.print_exc(file=file)
        except OSError:
            # A read-only container: its log is standard error.
            structlog.get_logger().exception("unexpected error")
            raise SystemExit(1) from None
        raise SystemExit(f"unexpected {type(error).__name__}; the details are in {path}") from None
