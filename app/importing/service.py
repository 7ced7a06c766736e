"""Taking over another system's reports, row by row in batches, each batch one transaction.

Whoever runs it again over the same rows goes on where the last run was cut off. A number that is known already gives no
second report: what has changed about it since becomes new events, unless somebody here has worked on it. No job is
written, so nobody is told of anything.
"""

import hashlib
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from itertools import islice
from typing import get_args
from uuid import UUID

import asyncpg
import msgspec
from msgspec import Struct, field
from uuid_utils.compat import uuid7

from app.accounts import service as accounts
from app.db import Conn, Pool, transaction
from app.errors import Conflict, Invalid, Problem
from app.history import service as history
from app.history.model import Kind, from_elsewhere
from app.i18n.text import fold
from app.importing import store
from app.importing.mapping import Known
from app.importing.model import Fault, Outcome, Progress, Row, Run, Source, Tally, Unreadable
from app.importing.store import Mark
from app.reports import past as pasts
from app.reports import service as reports
from app.reports.past import ENDED, Ground, Life, Past
from app.routing.ruleset import RuleSet
from app.stats.periods import Kind as PeriodKind
from app.stats.periods import current

_BATCH = 500
_CODE_TRIES = 5
_RUNS_SHOWN = 50


_NO_WORK = frozenset(
    {Kind.WARNED, Kind.DEADLINE_RECOMPUTED, Kind.IDENTITY_VIEWED, Kind.NOTED, Kind.TAGGED, Kind.PUBLISHED}
)
"""What may have been done here to a report that goes on elsewhere."""


class Entry(Struct, frozen=True):
    """A row that could be read. ``hash``: of all that it tells but who reported."""

    row: Row
    past: Past
    hash: bytes


class Judged(Struct):
    """What one batch of rows comes to."""

    rows: int
    outcomes: Counter[Outcome] = field(default_factory=Counter)
    faults: list[Fault] = []


async def known(pool: Pool, rules: RuleSet) -> tuple[Known, dict[str, str]]:
    """What values may mean, and the names of the agencies."""
    async with pool.acquire() as conn:
        agencies = [agency for agency in await accounts.agencies(conn) if agency.active]
    return Known(rules, frozenset(agency.agency_id for agency in agencies)), {a.agency_id: a.name for a in agencies}


async def check(pool: Pool, ground: Ground, source: Source, progress: Progress) -> Tally:
    """What would become of all rows; writes nothing."""
    tally, total = Tally(), source.count()
    for batch in _batches(source.rows(), 0):
        judged, entries = _entries(source, batch, tally)
        async with pool.acquire() as conn:
            new = [one for one in entries if not _seen(tally, one, judged)]
            await _Round(conn, ground, source, tally, judged, write=False).judge(new)
        _add(tally, judged)
        progress(tally.rows, total)
    return tally


async def run(pool: Pool, ground: Ground, source: Source, by: str, progress: Progress) -> tuple[Run, Tally]:
    """Take all rows over that can be read, or go on with what was cut off; gives the run as it ended, and what became
    of the rows since it was begun or gone on with.

    Raises Conflict while somebody else is taking over from the same source.
    """
    async with store.alone(pool, source.name) as alone:
        if not alone:
            raise Conflict("importing.running", source=source.name)
        begun = await _begun(pool, source, by)
        ground = msgspec.structs.replace(ground, run_id=begun.run_id)
        tally, total = Tally(), source.count()
        progress(begun.rows_done, total)
        for batch in _batches(source.rows(), begun.rows_done):
            ground = msgspec.structs.replace(ground, now=datetime.now(UTC))
            _add(tally, await _taken(pool, ground, source, batch, tally))
            progress(begun.rows_done + tally.rows, total)
        async with pool.acquire() as conn:
            await store.finish(conn, begun.run_id, datetime.now(UTC))
            ended = next(one for one in await store.newest(conn, _RUNS_SHOWN) if one.run_id == begun.run_id)
    return ended, tally


async def seen_until(pool: Pool, source: str, read_from: str) -> datetime | None:
    """Up to when another system's server has been asked, and all of that taken over; None: never."""
    async with pool.acquire() as conn:
        return await store.seen_until(conn, source, read_from)


async def runs(pool: Pool) -> list[Run]:
    """The newest first."""
    async with pool.acquire() as conn:
        return await store.newest(conn, _RUNS_SHOWN)


async def faults_of(pool: Pool, run_id: UUID) -> list[Fault]:
    async with pool.acquire() as conn:
        found = await store.faults(conn, run_id)
    return [Fault(row, line, number, column, Problem(key, params), refused) for
            row, line, number, column, key, params, refused in found]  # fmt: skip


async def known_before(pool: Pool, now: datetime) -> datetime:
    """What happened before this can be in no figure that was given out here: it is before the first period that was
    over by now and in which a report of our own was sent. With none, everything."""
    async with pool.acquire() as conn:
        first = await store.first_own(conn)
    return now if first is None else first_counted(first, now)


def first_counted(first: datetime, now: datetime) -> datetime:
    """The begin of the first of those periods, where the first report of our own was sent then."""
    kinds: tuple[PeriodKind, ...] = get_args(PeriodKind)
    periods = [current(kind, first) for kind in kinds if kind != "span"]
    return min([first, *(period.start for period in periods if period.end <= now)])


# ---------------------------------------------------------------- pieces


async def _begun(pool: Pool, source: Source, by: str) -> Run:
    async with pool.acquire() as conn:
        before = await store.unfinished(conn, source.name, source.sha256)
        if before is not None:
            return before
        new = Run(
            uuid7(), source.name, source.kind, source.read_from, source.sha256, by, datetime.now(UTC), None,
            0, 0, 0, 0, 0, 0, source.seen_until,
        )  # fmt: skip
        await store.begin(conn, new)
        return new


def _batches(rows: Iterator[Row], skip: int) -> Iterator[list[Row]]:
    rows = islice(rows, skip, None)
    while batch := list(islice(rows, _BATCH)):
        yield batch


async def _taken(pool: Pool, ground: Ground, source: Source, batch: Sequence[Row], tally: Tally) -> Judged:
    for _ in range(_CODE_TRIES):
        try:
            async with transaction(pool) as conn:
                judged, waiting = _entries(source, batch, tally)
                while waiting:
                    # A number that comes twice is written before it is looked at again.
                    first = {one.past.number: one for one in reversed(waiting)}
                    waiting = [one for one in waiting if first[one.past.number] is not one]
                    await _Round(conn, ground, source, tally, judged, write=True).judge(list(first.values()))
                if judged.faults:
                    await store.keep_faults(conn, ground.run_id, judged.faults)
                await store.move_on(conn, ground.run_id, judged.rows, judged.outcomes)
                return judged
        except asyncpg.UniqueViolationError as taken:
            if taken.constraint_name != "report_codes_pkey":
                raise
    raise RuntimeError("no free public codes found; the code space is exhausted")


def _entries(source: Source, batch: Sequence[Row], tally: Tally) -> tuple[Judged, list[Entry]]:
    judged, entries = Judged(len(batch)), []
    for row in batch:
        try:
            past = source.past(row)
        except Unreadable as error:
            _refuse(judged, tally, source, row, error.number, error.problem)
        else:
            told = msgspec.json.encode(msgspec.structs.replace(past, contact=None))
            entries.append(Entry(row, past, hashlib.sha256(told).digest()))
    return judged, entries


def _refuse(
    judged: Judged, tally: Tally, source: Source, row: Row, number: str, problem: Problem, *, refused: bool = True
) -> None:
    judged.outcomes["refused" if refused else "left_alone"] += 1
    judged.faults.append(Fault(row.n, row.line, number, source.column(problem.field or ""), problem, refused))
    if problem.key == "importing.value_unknown":
        tally.unmapped.setdefault(str(problem.field), Counter())[str(problem.params["value"])] += 1


def _seen(tally: Tally, one: Entry, judged: Judged) -> bool:
    before = tally.seen.setdefault(one.past.number, one.hash)
    if before is one.hash:
        return False
    judged.outcomes["same" if before == one.hash else "advanced"] += 1
    return True


def _add(tally: Tally, judged: Judged) -> None:
    tally.outcomes.update(judged.outcomes)
    wrong = sorted(judged.faults, key=lambda fault: fault.row)
    tally.faults += wrong[: max(0, tally.most_faults - len(tally.faults))]


class _Round:
    """Rows of which no two are about the same report."""

    def __init__(
        self, conn: Conn, ground: Ground, source: Source, tally: Tally, judged: Judged, *, write: bool
    ) -> None:
        self._conn, self._ground, self._source = conn, ground, source
        self._tally, self._judged, self._write = tally, judged, write
        self._marks: list[tuple[str, str, Mark]] = []

    async def judge(self, entries: Sequence[Entry]) -> None:
        if not entries:
            return
        marks = await store.marks(self._conn, self._source.name, [one.past.number for one in entries])
        new = [one for one in entries if one.past.number not in marks]
        changed = [one for one in entries if (m := marks.get(one.past.number)) and m.row_hash != one.hash]
        self._judged.outcomes["same"] += len(entries) - len(new) - len(changed)
        await self._begin(new)
        if changed:
            await self._go_on(changed, marks)
        if self._write and self._marks:
            await store.mark(self._conn, self._ground.run_id, self._source.name, self._marks)

    async def _begin(self, entries: Iterable[Entry]) -> None:
        lives = []
        for one in entries:
            try:
                life = pasts.begin(self._ground, one.past)
            except Invalid as error:
                self._refuse(one, error)
                continue
            lives.append(life)
            self._mark(one, life)
            self._count(one.past, life)
            self._judged.outcomes["fresh"] += 1
        if self._write and lives:
            await pasts.write(self._conn, lives)

    async def _go_on(self, entries: Sequence[Entry], marks: dict[str, Mark]) -> None:
        ids = [marks[one.past.number].report_id for one in entries]
        found = {report.report_id: report for report in await reports.by_ids(self._conn, ids)}
        events = await history.of_reports(self._conn, ids)
        for one in entries:
            mark = marks[one.past.number]
            report, past_events = found[mark.report_id], events[mark.report_id]
            if any(e.seq > mark.last_seq and e.kind not in _NO_WORK and not from_elsewhere(e) for e in past_events):
                self._leave(one, "importing.worked_on")
                continue
            try:
                life = pasts.go_on(self._ground, one.past, report, past_events)
            except Invalid as error:
                self._refuse(one, error, refused=error.key != "importing.went_back")
                continue
            if life is None:
                self._leave(one, "importing.words_only")
            elif self._write and not await pasts.write_on(self._conn, life):
                self._leave(one, "importing.worked_on")
            else:
                self._mark(one, life)
                self._count(one.past, life)
                self._judged.outcomes["advanced"] += 1

    def _refuse(self, one: Entry, error: Invalid, *, refused: bool = True) -> None:
        problem = error.problems[0]
        _refuse(self._judged, self._tally, self._source, one.row, one.past.number, problem, refused=refused)

    def _leave(self, one: Entry, key: str) -> None:
        self._refuse(one, Invalid(key), refused=False)

    def _mark(self, one: Entry, life: Life) -> None:
        mark = Mark(life.report.report_id, one.hash, life.report.last_seq)
        self._marks.append((life.number, fold(life.number), mark))

    def _count(self, past: Past, life: Life) -> None:
        tally, report = self._tally, life.report
        tally.categories[report.category] += 1
        tally.agencies[report.agency_id] += 1
        tally.statuses[str(report.status)] += 1
        tally.unplaced += report.commune_code is None
        tally.late_deadlines += past.due is not None and past.stage not in ENDED and past.due <= self._ground.now
