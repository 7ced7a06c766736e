"""Reminding a reporter, once each: of a question nobody has answered, of a result nobody has rated.

A reminder is a fact of the history and told like any other, so it happens once however often this is run.
"""

from datetime import UTC, datetime, timedelta

from app.accounts.model import SYSTEM
from app.db import Pool
from app.errors import Conflict
from app.reports import service, store_by_date
from app.reports.model import Status
from app.reports.workflow import Act
from app.routing.ruleset import RuleSet

QUESTION_AFTER = 3
"""Working days after the question: two are left before the clock runs on without an answer."""
RATING_AFTER = timedelta(days=3)
"""After the result: four are left in which it may be disputed."""


async def remind(pool: Pool, rules: RuleSet, at: datetime | None = None, limit: int = 500) -> int:
    """Remind everybody whose time has come and who can be reached in a chat. Gives the number of reminders."""
    at = at or datetime.now(UTC)
    async with pool.acquire() as conn:
        waiting = await store_by_date.unreminded(conn, at, at - RATING_AFTER, limit)
    done = 0
    for report_id, status, since in waiting:
        if status is Status.AWAITING_INFO and rules.calendar.add_working_days(since, QUESTION_AFTER) > at:
            continue
        async with pool.acquire() as conn:
            report = await service.get(conn, report_id)
        if report.status is not status or report.rating is not None:
            continue
        try:
            await service.perform(pool, rules, SYSTEM, report, Act.REMIND, at=at)
            done += 1
        except Conflict:
            # Answered, or reminded by another worker, since the list was read.
            continue
    return done
