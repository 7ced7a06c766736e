"""``phananh import``: another system's reports."""

import asyncio
import getpass
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager, closing
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypeVar
from uuid import UUID

import typer
from msgspec import Struct
from rich.progress import Progress, TaskID
from rich.table import Table as Shown

from app.cli.common import Language, err, fail, out, prepared
from app.i18n import Lang, t
from app.settings import Settings

if TYPE_CHECKING:
    from app.db import Pool
    from app.importing.mapping import Known
    from app.importing.model import Kind, Source, Tally
    from app.importing.table import Table
    from app.reports.past import Ground

import_cli = typer.Typer(no_args_is_help=True, help="Take over another system's reports.")
_T = TypeVar("_T")
_SHOWN = 30
_HOW = ("encoding", "separator")
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
        typer.echo(done_here(partial(_proposed, file, lang)), nl=False)  # not broken into lines as for a screen
        return
    if map is None:
        raise fail([t("importing.map_wanted", lang, file=file.name)])
    take(partial(_listed, file, map, "csv", with_contacts=with_contacts), refused, lang, go=go)


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
    take(partial(_listed, file, map, "fixmystreet", with_contacts=with_contacts), refused, lang, go=go)


@import_cli.command("list")
def import_list() -> None:
    """What has been taken over so far, the newest first."""
    from app.importing import service
    from app.importing.model import OUTCOMES

    table = Shown("run", "source", "from", "by", "begun", "ended", "rows", *OUTCOMES)
    for run in done_here(lambda here: service.runs(here.pool)):
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

    for fault in done_here(lambda here: service.faults_of(here.pool, run)):
        out.print(f"{'✗' if fault.refused else '–'} {fault.number or '?'}: {said(fault, lang)}", markup=False)


# ---------------------------------------------------------------- pieces


class Here(Struct, frozen=True):
    """What whoever opens a source may need to know of us. ``names``: of the agencies."""

    settings: Settings
    pool: "Pool"
    known: "Known"
    names: dict[str, str]


def done_here(work: Callable[[Here], Awaitable[_T]], lang: Lang = "en") -> _T:
    async def do(settings: Settings) -> _T:
        from app.db import connect_pool
        from app.importing import service
        from app.routing import service as routing

        assert settings.database_url is not None
        async with await connect_pool(settings.database_url, 2) as pool:
            return await work(Here(settings, pool, *await service.known(pool, await routing.active(pool))))

    with prepared(lang=lang) as settings:
        return asyncio.run(do(settings))


async def _proposed(file: Path, lang: Lang, here: Here) -> str:
    from app.importing import proposing
    from app.importing.table import Table

    return proposing.proposed(Table(file), here.known, here.names, lang)


def mapped(map_file: Path | None) -> dict[str, Any]:
    """What a mapping file says. Raises Invalid."""
    from app.errors import Invalid
    from app.importing import mapping

    if map_file is None:
        return {}
    try:
        return mapping.read(map_file.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError):
        raise Invalid("importing.file_missing", file=str(map_file), said="UTF-8?") from None


def table_of(file: Path, said: Mapping[str, Any]) -> "Table":
    """Raises Invalid."""
    from app.importing.table import Table

    return Table(file, *(said.get(name) if isinstance(said.get(name), str) else None for name in _HOW))


async def _listed(
    file: Path, map_file: Path | None, kind: "Kind", here: Here, _: "Watch", *, with_contacts: bool
) -> "Source":
    from app.importing import fixmystreet, mapping
    from app.importing.reading import Listed

    said = mapped(map_file)
    table = table_of(file, said)
    if kind == "fixmystreet":
        said = mapping.joined(fixmystreet.base(table.heading), said)
    columns = mapping.understood(said, here.known)
    return Listed(table, columns, here.known, here.names, kind, with_contacts=with_contacts)


def take(source_of: "SourceOf", refused: Path | None, lang: Lang, *, go: bool) -> None:
    """Exit code 2 where rows are refused. ``refused``: where those go, if not where they usually do."""
    with prepared(lang=lang) as settings, Progress(console=err, transient=True) as progress:
        lines, tally = asyncio.run(_taken(settings, source_of, refused, lang, Watch(progress), go=go))
    for line in lines:
        out.print(line, markup=False, highlight=False)
    _print(tally, lang)
    if not go:
        out.print(t("importing.how_to_go", lang))
    if tally.outcomes["refused"]:
        raise typer.Exit(2)


class Watch:
    """How far it has come, for somebody who looks on."""

    def __init__(self, progress: Progress) -> None:
        self._progress, self._tasks = progress, dict[str, TaskID]()

    def __call__(self, done: float, total: float, what: str = "rows", beside: str = "") -> None:
        if what not in self._tasks:
            self._tasks[what] = self._progress.add_task(what)
        self._progress.update(self._tasks[what], completed=done, total=total, description=f"{what} {beside}".strip())


SourceOf = Callable[[Here, Watch], Awaitable["Source"]]


async def _taken(
    settings: Settings, source_of: SourceOf, target: Path | None, lang: Lang, watch: Watch, *, go: bool
) -> "tuple[list[str], Tally]":
    from app.importing import refused, service

    async with _opened(settings, source_of, watch) as (pool, ground, source):
        notes = [t(problem.key, lang, **problem.params) for problem in source.notes(taken=go)]
        if not go:
            tally = await service.check(pool, ground, source, watch)
            return [*notes, t("importing.would", lang)], tally
        run, tally = await service.run(pool, ground, source, getpass.getuser(), watch)
        lines = [*notes, t("importing.taken", lang, run=run.run_id)]
        target = target or source.refused_to
        if count := refused.write(target, source, await service.faults_of(pool, run.run_id), lang):
            lines.append(t("importing.refused_file", lang, count=count, file=target))
        source.forget()
        return lines, tally


@asynccontextmanager
async def _opened(
    settings: Settings, source_of: SourceOf, watch: Watch
) -> "AsyncIterator[tuple[Pool, Ground, Source]]":
    from app.db import connect_pool
    from app.importing import service
    from app.places import service as places
    from app.reports.past import Ground
    from app.routing import service as routing
    from app.watchwords import service as watchwords
    from app.watchwords.model import NONE

    assert settings.database_url is not None
    async with await connect_pool(settings.database_url, 3) as pool:
        rules = await routing.active(pool)
        source = await source_of(Here(settings, pool, *await service.known(pool, rules)), watch)
        now = datetime.now(UTC)
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
        with closing(source):
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
