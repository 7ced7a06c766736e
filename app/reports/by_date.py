"""What becomes of reports because time has passed: the system's own acts."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from uuid import UUID

from app.accounts.model import SYSTEM
from app.db import Pool
from app.errors import Conflict
from app.reports import service, store_by_date
from app.reports.workflow import Act
from app.routing.ruleset import RuleSet

_ANSWER_DAYS = 5
"""A pause ends by itself after so many working days."""
_CLOSE_AFTER = timedelta(days=7)
"""A resolved report closes by itself after this."""


async def close_silent(pool: Pool, rules: RuleSet, at: datetime | None = None, limit: int = 500) -> int:
    """Close what was resolved seven days ago and nobody objected to. Gives the number closed."""
    at = at or datetime.now(UTC)
    async with pool.acquire() as conn:
        ids = await store_by_date.resolved_before(conn, at - _CLOSE_AFTER, limit)
    return await _system_acts(pool, rules, ids, Act.CLOSE, at)


async def resume_unanswered(pool: Pool, rules: RuleSet, at: datetime | None = None, limit: int = 500) -> int:
    """Start the clock again where the citizen has not answered within five working days. Gives the number."""
    at = at or datetime.now(UTC)
    async with pool.acquire() as conn:
        waiting = await store_by_date.awaiting(conn, at, limit)
    late = [i for i, since in waiting if rules.calendar.add_working_days(since, _ANSWER_DAYS) <= at]
    return await _system_acts(pool, rules, late, Act.RESUME, at)


async def _system_acts(pool: Pool, rules: RuleSet, ids: Sequence[UUID], act: Act, at: datetime) -> int:
    done = 0
    for report_id in ids:
        async with pool.acquire() as conn:
            report = await service.get(conn, report_id)
        try:
            await service.perform(pool, rules, SYSTEM, report, act, at=at)
            done += 1
        except Conflict:
            # Somebody acted on it since the list was read; it is no longer ours to end.
            continue
    return done
