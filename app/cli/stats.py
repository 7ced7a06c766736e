"""Statistics from the shell: read them, work them out anew, prove them."""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Annotated

import typer
from rich.progress import Progress
from rich.table import Table

from app.cli.common import Language, err, fail, out, prepared
from app.i18n import Lang
from app.settings import Settings
from app.stats.measures import FIGURES, Figure
from app.stats.model import Answer, By, Difference, Question, value

stats_cli = typer.Typer(no_args_is_help=True, help="Statistics: read them, work them out anew, prove them.")
_DATE = ["%Y-%m-%d", "%Y-%m-%dT%H:%M"]
_UNITS = {"percent": " %", "hours": " h", "days": " d", "reports": ""}


@stats_cli.command("show")
def show(
    start: Annotated[datetime, typer.Option("--from", formats=_DATE, help="Begin, by Vietnam's clocks.")],
    end: Annotated[datetime, typer.Option("--to", formats=_DATE, help="End; what happens from then on is left out.")],
    by: Annotated[str | None, typer.Option(help="Apart for each agency, category, commune or channel.")] = None,
    as_of: Annotated[
        datetime | None, typer.Option(formats=_DATE, help="As known then; default: at the end of the period.")
    ] = None,
    exact: Annotated[
        bool,
        typer.Option("--exact", help="Medians and percentiles from the very times; takes as long as there are many."),
    ] = False,
    lang: Language = "vi",
) -> None:
    """Every figure of a period."""
    from app.routing.calendar import VIETNAM

    if by not in (None, "agency", "category", "commune", "channel"):
        raise fail([f"--by: {by!r} is none of agency, category, commune, channel"])
    begins, ends = start.replace(tzinfo=VIETNAM), end.replace(tzinfo=VIETNAM)
    known = as_of.replace(tzinfo=VIETNAM) if as_of else min(ends, datetime.now(UTC))
    wanted: By | None = by  # type: ignore[assignment]  # looked at just above
    with prepared() as settings:
        answer = asyncio.run(_ask(settings, Question(start=begins, end=ends, as_of=known, by=wanted), exact=exact))
    out.print(_table(answer, lang))
    out.print(f"as of {known:%Y-%m-%d %H:%M}, history read up to {answer.read_at:%Y-%m-%d %H:%M:%S}Z", style="dim")


def _table(answer: Answer, lang: Lang) -> Table:
    groups = sorted(answer.groups) if answer.question.by else [""]
    table = Table("", *((group or "–") for group in groups) if answer.question.by else ("",))
    for figure in FIGURES.values():
        table.add_row(figure.title(lang), *(_written(figure, answer, group) for group in groups))
    return table


def _written(figure: Figure, answer: Answer, group: str) -> str:
    found = value(figure, answer.groups.get(group, {}))
    if found is None:
        return "–"
    return f"{found:,.1f}{_UNITS[figure.unit]}" if figure.unit != "reports" else f"{found:,.0f}"


async def _ask(settings: Settings, question: Question, *, exact: bool) -> Answer:
    from app.db import connect_pool
    from app.stats import projection, service

    assert settings.database_url is not None
    async with await connect_pool(settings.database_url, 2) as pool:
        await projection.catch_up(pool)
        async with pool.acquire() as conn:
            return await service.ask(conn, question, exact=exact)


@stats_cli.command("rebuild")
def rebuild() -> None:
    """Work out all statistics anew from the history; the figures there are answer meanwhile."""
    with prepared() as settings, Progress(console=err, transient=True) as progress:
        task = progress.add_task("reports", total=None)
        done = asyncio.run(_rebuild(settings, lambda n, of: progress.update(task, completed=n, total=of)))
    out.print(f"✓ statistics of {done} reports worked out anew")


async def _rebuild(settings: Settings, progress: Callable[[int, int], None]) -> int:
    from app.db import connect_pool
    from app.stats.rebuilding import rebuild

    assert settings.database_url is not None
    async with await connect_pool(settings.database_url, 4) as pool:
        return await rebuild(pool, progress, settings.database_url)


@stats_cli.command("verify")
def verify() -> None:
    """Recount everything from the history; exit 1 when anything differs."""
    with prepared() as settings, Progress(console=err, transient=True) as progress:
        task = progress.add_task("reports", total=None)
        differences = asyncio.run(_verify(settings, lambda n: progress.update(task, completed=n)))
    for one in differences:
        out.print(f"[red]✗[/] {one.report_id or 'sum'}: {one.says}", highlight=False)
    if differences:
        raise typer.Exit(1)
    out.print("✓ 0 differences")


async def _verify(settings: Settings, progress: Callable[[int], None]) -> list[Difference]:
    from app.db import connect_pool
    from app.stats import verify

    assert settings.database_url is not None
    async with await connect_pool(settings.database_url, 4) as pool:
        return [difference async for difference in verify.verify(pool, progress, settings.database_url)]
