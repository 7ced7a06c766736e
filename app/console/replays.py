"""Past reports decided by a candidate: one job at a time in the background of this process, seen from any page."""

import asyncio
import csv
import io
import zlib
from collections import OrderedDict
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Literal

import structlog
from msgspec import Struct

from app.console.words import Teller, when
from app.db import Pool
from app.errors import Conflict
from app.reports.replay import Changed, Outcome, replay
from app.routing.ruleset import RuleSet

log = structlog.get_logger(__name__)

_KEPT = 4
_LISTED = 100


class Job(Struct, kw_only=True):
    """One replay. ``packed``: every changed report as CSV, compressed; ``listed``: the first of them."""

    against: str
    days: int
    began: datetime
    packed: list[bytes] = []
    state: Literal["running", "done", "failed"] = "running"
    done: int = 0
    total: int = 0
    outcome: Outcome | None = None
    listed: list[Changed] = []

    @property
    def percent(self) -> int:
        return 100 * self.done // self.total if self.total else 0

    def csv(self) -> Iterator[bytes]:
        unpacking = zlib.decompressobj()
        for piece in self.packed:
            yield unpacking.decompress(piece)
        yield unpacking.flush()


class _Packer(io.TextIOBase):
    """Takes text and keeps it compressed: a million rows are ten megabytes."""

    def __init__(self, packed: list[bytes]) -> None:
        self._packed = packed
        self._packing = zlib.compressobj()

    def write(self, text: str) -> int:
        self._keep(self._packing.compress(text.encode()))
        return len(text)

    def finish(self) -> None:
        self._keep(self._packing.flush())

    def _keep(self, piece: bytes) -> None:
        if piece:
            self._packed.append(piece)


class Columns(Struct, frozen=True):
    """How changed reports are written down: headings, and the two rule sets' own words."""

    headings: tuple[str, ...]
    now: Teller
    then: Teller

    def row(self, one: Changed) -> tuple[str, ...]:
        sides = ((self.now, one.now), (self.then, one.then))
        answers = [
            (teller.agency(answer.agency_id), teller.urgency(answer.urgency), when(answer.due), answer.rule_id)
            for teller, answer in sides
        ]
        category = self.now.category(one.category)
        return one.code, when(one.submitted_at), category, one.commune_name, *answers[0], *answers[1]


class Replays:
    """By the candidate's hash. What a restart ends can simply be started again: nothing is written to the database."""

    def __init__(self) -> None:
        self._jobs: OrderedDict[str, Job] = OrderedDict()
        self._task: asyncio.Task[None] | None = None

    def of(self, candidate: str, against: str) -> Job | None:
        """The candidate's last replay, if it was against the rules in force."""
        job = self._jobs.get(candidate)
        return job if job and job.against == against else None

    def start(self, candidate: str, pool: Pool, now: RuleSet, then: RuleSet, days: int, columns: Columns) -> None:
        """Raises Conflict while another one runs."""
        if self._task and not self._task.done():
            raise Conflict("console.replay_busy")
        job = Job(against=now.version, days=days, began=datetime.now(UTC))
        self._jobs.pop(candidate, None)
        self._jobs[candidate] = job
        if len(self._jobs) > _KEPT:
            self._jobs.popitem(last=False)
        self._task = asyncio.create_task(_run(job, pool, now, then, columns))


async def _run(job: Job, pool: Pool, now: RuleSet, then: RuleSet, columns: Columns) -> None:
    def progress(done: int, total: int) -> None:
        job.done, job.total = done, total

    packer = _Packer(job.packed)
    writer = csv.writer(packer)

    def changed(some: Sequence[Changed]) -> None:
        job.listed += some[: _LISTED - len(job.listed)]
        writer.writerows(map(columns.row, some))

    # With a mark at the beginning, or spreadsheets take Vietnamese for something else.
    packer.write("\ufeff")
    writer.writerow(columns.headings)
    try:
        since = job.began - timedelta(days=job.days)
        job.outcome = await replay(pool, now, then, since=since, progress=progress, changed=changed)
        packer.finish()
        job.state = "done"
    except Exception:
        job.state = "failed"
        log.exception("replay failed")
