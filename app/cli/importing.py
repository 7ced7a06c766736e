"""``phananh import``: another system's reports."""

import asyncio
import getpass
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any
from uuid import UUID

import typer
from rich.progress import Progress
from rich.table import Table as Shown

from app.cli.common import Language, err, fail, out, prepared
from app.i18n import Lang, t
from app.settings import Settings

if TYPE_CHECKING:
    from app.db import Pool
    from app.importing.mapping import Known
    from app.importing.model import Kind, Source, Tally
    from app.reports.past import Ground
    from app.routing.ruleset import RuleSet

import_cli = typer.Typer(no_args_is_help=True, help="Take over another system's reports.")
_SHOWN = 30
File = Annotated[Path, typer.Argument(help="The other system's list.", show_default=False)]
Mapped = Annotated[Path | None, typer.Option("--map", help="What its columns and values mean (TOML).")]
Go = Annotated[bool, typer.Option("--go", help="Take it over; without, it is only said what would happen.")]
Contacts = Annotated[bool, typer.Option("--with-contacts", help="Take over who reported as well.")]
Refused = Annotated[
    Path | None, typer.Option("--refused", help="Where refused rows go. Default: beside the file, .refused.csv.")
]


@import_cli.callback()
def importing() -> None:
    """Take over another system's reports."""


@import_cli.command("csv")
def import_csv(
    file: File,
    map: Mapped = None,  # noqa: A002  # its name in the shell
    columns: Annotated[bool, typer.Option("--columns", help="Propose a mapping for this file and stop.")] = False,
    go: Go = False,
    with_contacts: Contacts = False,
    refused: Refused = None,
    lang: Language = "vi",
) -> None:
    """A list as CSV, read by a mapping file (docs/import.md)."""
    if columns:
        out.print(_with(lambda pool, rules: _proposed(pool, rules, file, lang)), end="", markup=False, highlight=False)
        return
    if map is None:
        raise fail([t("importing.map_wanted", lang, file=file.name)])
    mapped = partial(_listed, file, map, "csv", with_contacts=with_contacts)
    _take(mapped, file, refused, lang, go=go)


@import_cli.command("fixmystreet")
def import_fixmystreet(
    file: File,
    map: Mapped = None,  # noqa: A002  # its name in the shell
    go: Go = False,
    with_contacts: Contacts = False,
    refused: Refused = None,
    lang: Language = "vi",
) -> None:
    """The list that FixMyStreet's dashboard exports; a mapping only says what differs."""
    mapped = partial(_listed, file, map, "fixmystreet", with_contacts=with_contacts)
    _take(mapped, file, refused, lang, go=go)


@import_cli.command("list")
def import_list() -> None:
    """What has been taken over so far, the newest first."""
    from app.importing import service
    from app.importing.model import OUTCOMES

    table = Shown("run", "source", "from", "by", "begun", "ended", "rows", *OUTCOMES)
    for run in _with(lambda pool, _: service.runs(pool)):
        ended = f"{run.finished_at:%Y-%m-%d %H:%M}Z" if run.finished_at else "cut off"
        numbers = [str(getattr(run, name)) for name in ("rows_done", *OUTCOMES)]
        begun = f"{run.started_at:%Y-%m-%d %H:%M}Z"
        table.add_row(str(run.run_id), run.source, run.read_from, run.started_by, begun, ended, *numbers)
    out.print(table)


@import_cli.command("faults")
def import_faults(run: UUID, lang: Language = "vi") -> None:
    """Which rows a run refused or left as they were, and why."""
    from app.importing import service
    from app.importing.refused import said

    for fault in _with(lambda pool, _: service.faults_of(pool, run)):
        out.print(f"{'✗' if fault.refused else '–'} {fault.number or '?'}: {said(fault, lang)}", markup=False)


# ---------------------------------------------------------------- pieces


def _with(work: "Callable[[Pool, RuleSet], Awaitable[Any]]") -> Any:
    async def do(settings: Settings) -> Any:
        from app.db import connect_pool
        from app.routing import service as routing

        assert settings.database_url is not None
        async with await connect_pool(settings.database_url, 2) as pool:
            return await work(pool, await routing.active(pool))

    with prepared() as settings:
        return asyncio.run(do(settings))


async def _proposed(pool: "Pool", rules: "RuleSet", file: Path, lang: Lang) -> str:
    from app.importing import proposing, service
    from app.importing.table import Table

    return proposing.proposed(Table(file), *await service.known(pool, rules), lang)


def _listed(
    file: Path,
    map_file: Path | None,
    kind: "Kind",
    known: "Known",
    names: dict[str, str],
    *,
    with_contacts: bool,
) -> "Source":
    from app.errors import Invalid
    from app.importing import fixmystreet, mapping
    from app.importing.reading import Listed
    from app.importing.table import Table

    said: dict[str, Any] = {}
    if map_file is not None:
        try:
            said = mapping.read(map_file.read_text(encoding="utf-8"))
        except (OSError, UnicodeDecodeError):
            raise Invalid("importing.file_missing", file=str(map_file), said="UTF-8?") from None
    how = [said.get(name) if isinstance(said.get(name), str) else None for name in ("encoding", "separator")]
    table = Table(file, *how)
    if kind == "fixmystreet":
        said = mapping.joined(fixmystreet.base(table.heading), said)
    columns = mapping.understood(said, known)
    return Listed(table, columns, known, names, kind, with_contacts=with_contacts)


def _take(
    source_of: "Callable[[Known, dict[str, str]], Source]",
    file: Path,
    refused: Path | None,
    lang: Lang,
    *,
    go: bool,
) -> None:
    """Exit code 2 where rows are refused."""
    target = refused or file.with_name(f"{file.name}.refused.csv")
    with prepared(lang=lang) as settings, Progress(console=err, transient=True) as progress:
        task = progress.add_task("rows", total=None)
        work = _go if go else _check
        say = lambda done, total: progress.update(task, completed=done, total=total)  # noqa: E731  # a line of its own
        tally, lines = asyncio.run(work(settings, source_of, target, lang, say))
    for line in lines:
        out.print(line, markup=False, highlight=False)
    _print(tally, lang)
    if not go:
        out.print(t("importing.how_to_go", lang))
    if tally.outcomes["refused"]:
        raise typer.Exit(2)


_Done = tuple["Tally", list[str]]


async def _check(settings: Settings, source_of: Any, _: Path, lang: Lang, say: Any) -> _Done:
    from app.importing import service

    async with _opened(settings, source_of) as (pool, ground, source):
        return await service.check(pool, ground, source, say), [t("importing.would", lang)]


async def _go(settings: Settings, source_of: Any, target: Path, lang: Lang, say: Any) -> _Done:
    from app.importing import refused, service

    async with _opened(settings, source_of) as (pool, ground, source):
        run, tally = await service.run(pool, ground, source, getpass.getuser(), say)
        lines = [t("importing.taken", lang, run=run.run_id)]
        if count := refused.write(target, source, await service.faults_of(pool, run.run_id), lang):
            lines.append(t("importing.refused_file", lang, count=count, file=target))
        return tally, lines


@asynccontextmanager
async def _opened(settings: Settings, source_of: Any) -> "AsyncIterator[tuple[Pool, Ground, Source]]":
    from app.db import connect_pool
    from app.importing import service
    from app.places import service as places
    from app.reports.past import Ground
    from app.routing import service as routing
    from app.watchwords import service as watchwords
    from app.watchwords.model import NONE

    assert settings.database_url is not None
    async with await connect_pool(settings.database_url, 3) as pool:
        rules, now = await routing.active(pool), datetime.now(UTC)
        source = source_of(*await service.known(pool, rules))
        ground = Ground(
            rules=rules,
            gazetteer=await places.load(pool),
            secret_key=settings.secret_key,
            source=source.name,
            run_id=UUID(int=0),
            now=now,
            known_before=await service.known_before(pool, now),
            words=await watchwords.current(pool, NONE),
        )
        yield pool, ground, source


def _print(tally: "Tally", lang: Lang) -> None:
    from app.importing.model import OUTCOMES
    from app.importing.refused import said

    shown = Shown(show_header=False)
    for outcome in OUTCOMES:
        shown.add_row(t(f"importing.outcome_{outcome}", lang), f"{tally.outcomes[outcome]:,}")
    out.print(shown)
    counted = {"status": tally.statuses, "category": tally.categories, "agency": tally.agencies}
    for name, counts in counted.items():
        if counts:
            out.print(_counts(t(f"importing.by_{name}", lang), counts, lang))
    notes = [t(f"importing.{n}", lang, count=c) for n in ("unplaced", "late_deadlines") if (c := getattr(tally, n))]
    if tally.unmapped:
        notes.append(t("importing.unmapped", lang))
    for field, values in tally.unmapped.items():
        for value, count in values.most_common(_SHOWN):
            notes.append(f"  {field}: {count} × “{value}”")
    if tally.faults:
        count = tally.outcomes["refused"] + tally.outcomes["left_alone"]
        notes.append(t("importing.first_faults", lang, count=count))
        notes += [f"  {fault.number or '?'}: {said(fault, lang)}" for fault in tally.faults]
    for note in notes:
        out.print(note, markup=False, highlight=False)


def _counts(title: str, counts: "Counter[str]", lang: Lang) -> Shown:
    shown = Shown(title, "")
    shown.columns[1].justify = "right"
    for name, count in counts.most_common(_SHOWN):
        shown.add_row(name, f"{count:,}")
    if len(counts) > _SHOWN:
        shown.add_row(t("importing.others", lang, count=len(counts) - _SHOWN), "")
    return shown
