"""The ``phananh`` command. Exit codes: 0 done, 1 something is wrong with the system, 2 the input cannot be used."""

import asyncio
import os
import signal
import time
import traceback
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.panel import Panel
from rich.progress import Progress
from rich.table import Table

from app import settings as configuration
from app.errors import AppError
from app.i18n import Lang, t
from app.settings import Settings, SettingsError

cli = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="Phản ánh hiện trường: citizen field reports.",
)
audit = typer.Typer(no_args_is_help=True, help="Prove that the history is whole.")
places_cli = typer.Typer(no_args_is_help=True, help="Commune boundaries.")
rules_cli = typer.Typer(no_args_is_help=True, help="routing_rules.yaml.")
staff_cli = typer.Typer(no_args_is_help=True, help="Staff accounts.")
cli.add_typer(audit, name="audit")
cli.add_typer(places_cli, name="places")
cli.add_typer(rules_cli, name="rules")
cli.add_typer(staff_cli, name="staff")

out = Console()
err = Console(stderr=True)
Language = Annotated[Lang, typer.Option("--lang", help="Language of messages: vi or en.")]


def fail(lines: list[str], code: int = 2) -> typer.Exit:
    """Print what is wrong, one line each, and give the exit to raise."""
    for line in lines:
        err.print(f"[bold red]✗[/] {line}", highlight=False, markup=True)
    return typer.Exit(code)


def _settings() -> Settings:
    from app import logs

    try:
        settings = configuration.load()
    except SettingsError as error:
        raise fail(error.problems) from None
    logs.configure(settings)
    return settings


@contextmanager
def _told() -> Iterator[None]:
    """Whatever a person did wrong ends as sentences and exit code 2, never as a traceback."""
    from app.db import MigrationFailed
    from app.embedded import EmbeddedFailed
    from app.routing.problems import RulesError
    from app.supervisor import StartFailed
    from storage.objects import StoreUnavailable

    try:
        yield
    except AppError as error:
        raise fail([t(p.key, "en", **p.params) for p in error.problems]) from None
    except RulesError as error:
        raise fail(error.lines("en")) from None
    except (EmbeddedFailed, MigrationFailed, StartFailed, StoreUnavailable) as error:
        raise fail([str(error)], 1) from None
    except ConnectionError as error:
        raise fail([f"the database does not answer: {error}", "run 'phananh doctor' to see what is wrong"], 1) from None


def _serve(main: Coroutine[Any, Any, None]) -> None:
    """Run one process on uvloop."""
    import uvloop

    uvloop.run(main)


@contextmanager
def _prepared() -> Iterator[Settings]:
    """Settings with a database that runs and is up to date."""
    from app.supervisor import database
    from app.wiring import prepare

    settings = _settings()
    with _told(), database(settings) as ready:
        asyncio.run(prepare(ready))
        yield ready


@cli.command()
def run() -> None:
    """Everything in one: database, api, worker and bot; with the local chat when no bot token is set."""
    from app.supervisor import Supervisor, database
    from app.wiring import prepare

    began = time.monotonic()
    settings = _settings()
    with _told(), database(settings) as ready:
        asyncio.run(prepare(ready))
        accounts = _seed_when_empty(ready)
        names = ["api", "worker", "bot"] + (["simulator"] if ready.simulated else [])
        supervisor = Supervisor(ready, names)
        for name in (signal.SIGINT, signal.SIGTERM):
            signal.signal(name, supervisor.stop_soon)
        try:
            supervisor.start()
            api = f"http://127.0.0.1:{ready.port}"
            chat = [ready.simulator_url + "/"] if ready.simulated else []
            supervisor.wait_ready([f"{api}/readyz", *chat])
            _welcome(ready, accounts, time.monotonic() - began)
            supervisor.watch()
        finally:
            supervisor.stop()
        if supervisor.failed:
            raise fail([f"{supervisor.failed} does not stay up; see {supervisor.log_of(supervisor.failed)}"], 1)


def _seed_when_empty(settings: Settings) -> list[tuple[str, str, str]]:
    """The demo, on an empty database of a system that only plays. Gives (who, username, password), shown once."""
    from app import demo

    if not settings.simulated:
        return []
    with Progress(console=out, transient=True) as progress:
        task = progress.add_task("Gieo dữ liệu mẫu / seeding the demo", total=None)
        return asyncio.run(demo.seed_when_empty(settings, lambda n, of: progress.update(task, completed=n, total=of)))


def _welcome(settings: Settings, accounts: list[tuple[str, str, str]], seconds: float) -> None:
    lines = [f"[bold]Phản ánh hiện trường[/] sẵn sàng sau {seconds:.1f} giây / ready\n"]
    if settings.simulated:
        lines.append(f"  💬 Trò chuyện với bot / chat     [link]{settings.simulator_url}/[/link]")
    lines.append(f"  📖 API                           [link]{settings.public_url}/schema[/link]")
    lines.append(f"  🩺 Trạng thái / health           [link]{settings.public_url}/readyz[/link]")
    lines.append(f"  📄 Nhật ký / logs                {settings.home / 'log'}")
    lines.append("\nCtrl-C để dừng / to stop.")
    out.print(Panel("\n".join(lines), expand=False))
    if accounts:
        table = Table(title="Tài khoản mẫu, chỉ hiện một lần / demo accounts, shown once")
        for heading in ("", "Tên đăng nhập / username", "Mật khẩu / password"):
            table.add_column(heading)
        for row in accounts:
            table.add_row(*row)
        out.print(table)


@cli.command()
def api() -> None:
    """The HTTP API alone."""
    from app.main import serve

    with _prepared() as settings:
        _serve(serve(settings))


@cli.command()
def worker() -> None:
    """The worker alone."""
    from app.worker import run as work

    with _prepared() as settings:
        _serve(work(settings))


@cli.command()
def bot() -> None:
    """The Telegram bot alone: webhook when an address for it is set, else long polling."""
    from bot.telegram.app import run as serve_bot

    with _prepared() as settings:
        _serve(serve_bot(settings))


@cli.command()
def simulator() -> None:
    """The local Bot API server with its chat page. Refuses to run where a real bot token is set."""
    from bot.simulator.server import run as simulate
    from bot.telegram.app import SIMULATOR_TOKEN

    settings = _settings()
    if not settings.simulated:
        raise fail(["the simulator does not run beside a real bot: PHANANH_TELEGRAM_TOKEN is set"])
    simulate("127.0.0.1", settings.simulator_port, SIMULATOR_TOKEN)


@cli.command()
def migrate() -> None:
    """Bring schema, rules and agencies up to date, and stop."""
    with _prepared():
        out.print("the schema is up to date")


@cli.command()
def webhook() -> None:
    """Tell Telegram where the bot listens (PHANANH_TELEGRAM_WEBHOOK_URL); once per deployment."""
    from bot.telegram.app import set_webhook

    settings = _settings()
    with _told():
        out.print(asyncio.run(set_webhook(settings)))


@cli.command()
def demo(reports: Annotated[int, typer.Option(min=1, max=1_000_000, help="How many.")] = 300) -> None:
    """Add believable reports over the last three months."""
    from app import demo as seeding

    with _prepared() as settings, Progress(console=out) as progress:
        if not settings.simulated:
            raise fail(["no demo data beside a real bot: PHANANH_TELEGRAM_TOKEN is set"])
        task = progress.add_task("reports", total=reports)
        asyncio.run(seeding.seed(settings, reports, lambda n, of: progress.update(task, completed=n, total=of)))


@cli.command()
def doctor() -> None:
    """Check settings, database, storage, bot token, rules and disk, and say what to do."""
    from app import doctor as checks

    try:
        settings = configuration.load()
    except SettingsError as error:
        raise fail(error.problems) from None
    findings = asyncio.run(checks.examine(settings))
    for finding in findings:
        mark = {"ok": "[green]✓[/]", "warn": "[yellow]![/]", "bad": "[red]✗[/]"}[finding.level]
        out.print(f"{mark} [bold]{finding.part}[/]: {finding.says}")
        if finding.advice:
            out.print(f"    → {finding.advice}")
    if any(finding.level == "bad" for finding in findings):
        raise typer.Exit(1)


@audit.command("verify")
def audit_verify(
    report: Annotated[str | None, typer.Option("--report", help="One report's code; default: all.")] = None,
) -> None:
    """Recompute the hash chain of the history; exit 1 when anything does not hold."""
    with _prepared() as settings, Progress(console=err, transient=True) as progress:
        task = progress.add_task("reports", total=None)
        damages, checked = asyncio.run(_verify(settings, report, lambda n: progress.update(task, completed=n)))
    for damage in damages:
        out.print(f"[red]✗[/] {damage.code} event {damage.seq}: {damage.problem}")
    if damages:
        raise typer.Exit(1)
    out.print(f"✓ {checked} reports verified, no difference")


async def _verify(settings: Settings, code: str | None, progress: Any) -> tuple[list[Any], int]:
    from app.db import connect_pool
    from app.history import service as history
    from app.reports import service as reports

    assert settings.database_url is not None
    pool = await connect_pool(settings.database_url, 2)
    checked = 0

    def count(number: int) -> None:
        nonlocal checked
        checked = number
        progress(number)

    try:
        whole = None if code is None else (await reports.find(pool, code)).code
        return [damage async for damage in history.verify(pool, whole, count)], checked
    finally:
        await pool.close()


@places_cli.command("import")
def places_import(file: Path, lang: Language = "en") -> None:
    """Take real commune boundaries (GeoJSON, or .gz) and switch over to them in one transaction."""
    from app.db import connect_pool
    from app.places import service as places
    from app.wiring import install_rules

    async def take(settings: Settings, progress: Any) -> list[str]:
        assert settings.database_url is not None
        pool = await connect_pool(settings.database_url, 2)
        try:
            report = await places.import_file(pool, file, progress)
            await install_rules(pool, settings)  # the communes' offices follow the communes
            return report.lines(lang)
        finally:
            await pool.close()

    with _prepared() as settings, Progress(console=err, transient=True) as progress:
        task = progress.add_task("communes", total=None)
        lines = asyncio.run(take(settings, lambda n, of: progress.update(task, completed=n, total=of)))
    for line in lines:
        out.print(line, highlight=False)


@rules_cli.command("check")
def rules_check(file: Annotated[Path, typer.Argument()] = Path("routing_rules.yaml"), lang: Language = "vi") -> None:
    """Check a rule file: every mistake with file, line and column."""
    from app.routing import service as routing
    from app.routing.problems import RulesError

    try:
        rules = routing.load(file)
    except RulesError as error:
        raise fail(error.lines(lang)) from None
    out.print(
        f"✓ {file}: {len(rules.rules)} rules, {len(rules.categories)} categories, "
        f"{len(rules.agencies)} agencies, version {rules.version}"
    )


@staff_cli.command("add")
def staff_add(
    username: str,
    full_name: Annotated[str, typer.Option(help="Name as colleagues know it.")],
    agency: Annotated[str, typer.Option(help="Agency id from routing_rules.yaml, or ubnd-<commune code>.")],
    role: Annotated[str, typer.Option(help="officer, lead, coordinator, leader or administrator")],
) -> None:
    """Make an account; prints its first password once."""
    from app.accounts import service as accounts
    from app.accounts.model import SYSTEM, Role
    from app.db import connect_pool

    if role not in list(Role):
        raise fail([f"there is no role {role!r}; choose one of {', '.join(Role)}"])

    async def add(settings: Settings) -> str:
        assert settings.database_url is not None
        pool = await connect_pool(settings.database_url, 2)
        try:
            _, password = await accounts.create_staff(
                pool,
                username=username,
                full_name=full_name,
                agency_id=agency,
                role=Role(role),
                password=None,
                by=SYSTEM,
            )
        finally:
            await pool.close()
        return password

    with _prepared() as settings:
        out.print(f"{username}: {asyncio.run(add(settings))}", highlight=False, markup=False)


def main() -> None:
    """Entry point of the ``phananh`` command. A bug of ours ends as one sentence; its traceback goes to a file."""
    try:
        cli()
    except Exception as error:
        path = Path(os.environ.get("PHANANH_HOME", "var")) / "log" / "errors.log"
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("a", encoding="utf-8") as file:
            traceback.print_exc(file=file)
        raise SystemExit(f"unexpected {type(error).__name__}; the details are in {path}") from None


if __name__ == "__main__":
    main()
