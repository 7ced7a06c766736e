"""``phananh rules``: the province's policy."""

import asyncio
from typing import TYPE_CHECKING

import typer
from rich.progress import Progress
from rich.table import Table

from app.cli import rules_versions, rules_why
from app.cli.common import err, fail, out, prepared, told

if TYPE_CHECKING:
    from collections.abc import Callable

    from app.routing.models import Learned
    from app.routing.ruleset import RuleSet

rules_cli = typer.Typer(no_args_is_help=True, help="routing_rules.yaml.")


@rules_cli.callback()
def rules() -> None:
    """The province's routing rules."""


@rules_cli.command("learn")
def rules_learn() -> None:
    """Learn to guess categories from the province's own handled reports, unless that would guess worse."""
    from app.db import connect_pool
    from app.reports.handled import handled_texts
    from app.routing import models
    from app.routing import service as routing

    async def work(database_url: str, step: "Callable[[], object]") -> "tuple[RuleSet, Learned]":
        pool = await connect_pool(database_url, 2)
        try:
            rules = await routing.active(pool)
            async with pool.acquire() as conn:
                reports = await handled_texts(conn)
                before = await models.metrics_in_use(conn, rules)
            learned = models.learn(rules, reports, before, step)
            if learned.model:
                await models.keep(pool, rules, learned.model, learned.metrics)
            return rules, learned
        finally:
            await pool.close()

    with prepared() as settings, Progress(console=err, transient=True) as progress:
        assert settings.database_url is not None
        task = progress.add_task("learning", total=models.STEPS)
        with told():
            rules, learned = asyncio.run(work(settings.database_url, lambda: progress.advance(task)))
    _print_learned(rules, learned)


def _print_learned(rules: "RuleSet", learned: "Learned") -> None:
    metrics = learned.metrics
    out.print(
        f"Cross-validated on {metrics.reports:,} handled reports: {metrics.accuracy:.1%} right at once "
        f"(by the rules file alone {metrics.file_alone:.1%}); {metrics.taken:.1%} taken without asking, "
        f"{metrics.right:.1%} of those right.",
        highlight=False,
    )
    table = Table("is", "guessed", "reports", title="Most often confused")
    for meant, guessed, count in metrics.confusions:
        name = rules.categories[guessed].name if guessed else "–"
        table.add_row(rules.categories[meant].name, name, str(count))
    if metrics.confusions:
        out.print(table)
    if learned.model is None:
        raise fail([f"not kept: {metrics.accuracy:.1%} is below {learned.floor:.1%}; guessing goes on as before"], 1)
    out.print(f"✓ model {learned.model.version} is in use in every process", highlight=False)


for command in (
    rules_why.check,
    rules_why.explain,
    rules_versions.apply,
    rules_versions.history,
    rules_versions.rollback,
    rules_versions.diff,
    rules_versions.replay,
    rules_versions.why,
    rules_versions.misrouted,
):
    rules_cli.command()(command)
