"""Warning in time: once a minute the worker looks which reports are due, and what became due is written down.

``report_watches`` says when to look at each open report next. Nothing is written there when a report comes in or
changes: the watch finds out by itself what has happened since it last looked, in the order of transactions; and when a
worker starts, and every hour, by comparing it with all that is open. So it costs the intake nothing, and whatever
changes a deadline need not know of it.
"""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from uuid import UUID

from app.db import Pool, transaction
from app.history import service as history
from app.history.model import Event, chain
from app.reports import store, store_watching
from app.reports.intake import tell_job
from app.reports.model import Report
from app.reports.warning import Reached, plan
from app.reports.workflow import OPEN
from app.routing.ruleset import RuleSet

_BATCH = 500
_COMPARE_EVERY = timedelta(hours=1)


class Watch:
    """One worker's. What it remembers between two looks is no more than how far it has read."""

    def __init__(self) -> None:
        self._read_to: int | None = None
        self._compared_at: datetime | None = None

    async def look(self, pool: Pool, rules: RuleSet, at: datetime | None = None) -> int:
        """Warn of all that has become due; gives the number of reports warned of. However often it is called, and by
        however many workers, each level is warned of once."""
        at = at or datetime.now(UTC)
        long_ago = self._compared_at is None or at - self._compared_at >= _COMPARE_EVERY
        # Read before the work: what is committed meanwhile is found the next time.
        async with pool.acquire() as conn:
            read_to = await store_watching.horizon(conn)
            if long_ago or self._read_to is None or self._read_to > read_to:
                changed = await store_watching.out_of_step(conn)
                self._compared_at = at
            else:
                changed = await store_watching.changed_since(conn, self._read_to)
        warned = await _look_at_all(pool, rules, changed, at)
        async with pool.acquire() as conn:
            due = await store_watching.due(conn, at)
        warned += await _look_at_all(pool, rules, due, at)
        self._read_to = read_to
        return warned


async def _look_at_all(pool: Pool, rules: RuleSet, ids: Sequence[UUID], at: datetime) -> int:
    return sum([await _look_at(pool, rules, ids[first : first + _BATCH], at) for first in range(0, len(ids), _BATCH)])


async def _look_at(pool: Pool, rules: RuleSet, ids: Sequence[UUID], at: datetime) -> int:
    """One batch: warn of what is due, and note when to look next. A report that somebody changes meanwhile is left for
    the next look, a minute later."""
    # One snapshot, so that each row and its history belong together.
    async with pool.acquire() as conn, conn.transaction(isolation="repeatable_read", readonly=True):
        reports = await store.by_ids(conn, ids)
        events = await history.of_reports(conn, ids)
    warned, quiet, over = 0, [], []
    for report in reports:
        if report.status not in OPEN:
            over.append(report.report_id)
            continue
        now, next_at = plan(rules.calendar, report, events[report.report_id], at)
        if now:
            warned += await _warn(pool, report, now, next_at, at)
        else:
            quiet.append((report.report_id, report.last_seq, next_at))
    async with pool.acquire() as conn:
        await store_watching.note(conn, quiet, over)
    return warned


async def _warn(
    pool: Pool, report: Report, warnings: Sequence[Reached], next_at: datetime | None, at: datetime
) -> bool:
    """The facts, and the jobs that tell of them; the report's version stays as it is, so that nobody who has it open is
    made to read it again. Whether it was us."""
    facts = [warning.fact for warning in warnings]
    last = (report.last_seq, report.last_hash)
    events: list[Event] = chain(report.report_id, last, facts, at=at, actor=("system", None))
    jobs = [tell_job(report.report_id, events[0].seq, events[-1].seq)]
    rewrite = store.Rewrite(seen=report, report=report, events=events, jobs=jobs, quiet=True)
    async with transaction(pool) as conn:
        done = await store.update(conn, rewrite)
        if done:
            await store_watching.note(conn, [(report.report_id, events[-1].seq, next_at)], [])
    return done
