"""``phananh rules``: the province's policy."""

from pathlib import Path
from typing import Annotated

import typer

from app.cli.common import Language, fail, out

rules_cli = typer.Typer(no_args_is_help=True, help="routing_rules.yaml.")


@rules_cli.callback()
def rules() -> None:
    """The province's routing rules."""


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
