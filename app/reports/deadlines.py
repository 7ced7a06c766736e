"""Deadlines reckoned again after the rules have changed: calendar, limits, holidays, closures."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from msgspec import structs

from app.db import Pool
from app.history import service as history
from app.history.model import Event, Fact, Kind, chain
from app.reports import store, store_parts
from app.reports.clock import clock_of
from app.reports.judging import facts_of, limits_for
from app.reports.model import Report, Status
from app.reports.workflow import OPEN
from app.routing.limits import parse_limit
from app.routing.ruleset import RuleSet

_BATCH = 200
_RACES = 10
_NO_AGENCY_YET = frozenset({Status.SUBMITTED, Status.RECEIVED})


async def recompute(pool: Pool, rules: RuleSet, at: datetime | None = None) -> int:
    """Every open report's deadline by these rules; each that changes is one small transaction. Gives their number.

    Done again it changes nothing more, so it may be cut off and repeated. Nobody is told; the history says why.
    """
    at = at or datetime.now(UTC)
    async with pool.acquire() as conn:
        waiting = await store.open_ids(conn)
    changed = 0
    for first in range(0, len(waiting), _BATCH):
        left: Sequence[UUID] = waiting[first : first + _BATCH]
        for _ in range(_RACES):
            done, left = await _batch(pool, rules, left, at)
            changed += done
            if not left:
                break
    return changed + await _wholes(pool, rules, at)


async def _wholes(pool: Pool, rules: RuleSet, at: datetime) -> int:
    """Reports that wait for their parts have the latest deadline of these. Gives the number put off."""
    async with pool.acquire() as conn:
        behind = await store_parts.behind_their_parts(conn)
    changed = 0
    for report, due in behind:
        data = {"why": "part", "rule_set": rules.version, "due": due.isoformat(), "due_was": report.due_at.isoformat()}
        last, fact = (report.last_seq, report.last_hash), Fact(Kind.DEADLINE_RECOMPUTED, data)
        chained = chain(report.report_id, last, [fact], at=at, actor=("system", None))
        after = structs.replace(report, due_at=due, updated_at=at)
        async with pool.acquire() as conn:
            # Whoever was faster was a part or a coordinator; the next reckoning, or the next part, sets it right.
            changed += await store.update(conn, store.Rewrite(seen=report, report=after, events=chained))
    return changed


async def _batch(pool: Pool, rules: RuleSet, ids: Sequence[UUID], at: datetime) -> tuple[int, list[UUID]]:
    """The number changed, and the reports that somebody else was changing meanwhile."""
    # One snapshot, so that each row and its history belong together.
    async with pool.acquire() as conn, conn.transaction(isolation="repeatable_read", readonly=True):
        reports = await store.by_ids(conn, ids)
        events = await history.of_reports(conn, ids)
        with_photo = await store.with_photo(conn, ids)
    changed, raced = 0, []
    for report in reports:
        found = recomputed(rules, report, events[report.report_id], has_photo=report.report_id in with_photo)
        if found is None:
            continue
        after, fact = found
        last = (report.last_seq, report.last_hash)
        chained = chain(report.report_id, last, [fact], at=at, actor=("system", None))
        rewrite = store.Rewrite(seen=report, report=structs.replace(after, updated_at=at), events=chained)
        async with pool.acquire() as conn:
            if await store.update(conn, rewrite):
                changed += 1
            else:
                raced.append(report.report_id)
    return changed, raced


def recomputed(
    rules: RuleSet, report: Report, events: Sequence[Event], *, has_photo: bool = False
) -> tuple[Report, Fact] | None:
    """The report with its deadlines by these rules, and the fact that says what changed and why; None: nothing did."""
    # A report that waits for its parts has the latest of their deadlines.
    if report.status not in OPEN or report.open_parts:
        return None
    clock = clock_of(events)
    limits = limits_for(rules, report, report.urgency, has_photo=has_photo)
    limit, first_limit = limits.handling, limits.first_answer
    due, intake_due, first_due = clock.due(rules.calendar, limit), report.intake_due_at, report.first_answer_due_at
    if report.first_answered_at is None:
        first_due = clock.first_answer_due(rules.calendar, first_limit)
    if report.status in _NO_AGENCY_YET:
        category = report.category if report.category in rules.categories else None
        intake_due = rules.decide(facts_of(report, at=clock.intake, category=category, has_photo=has_photo)).intake_due
    same_limit = limit == parse_limit(report.handling)
    was = (report.due_at, report.intake_due_at, report.first_answer_due_at)
    if same_limit and (due, intake_due, first_due) == was:
        return None
    data: dict[str, Any] = {"why": "calendar", "rule_set": rules.version}
    if due != report.due_at:
        data |= {"due": due.isoformat(), "due_was": report.due_at.isoformat()}
    if intake_due != report.intake_due_at:
        data |= {"intake_due": intake_due.isoformat(), "intake_due_was": report.intake_due_at.isoformat()}
    if first_due != report.first_answer_due_at:
        data |= {"first_answer_due": _iso(first_due), "first_answer_due_was": _iso(report.first_answer_due_at)}
        data |= {"first_answer": str(first_limit) if first_limit else None}
        if data["first_answer"] != clock.first_limit:
            data |= {"why": "limit"}
    if not same_limit:
        data |= {"why": "limit", "handling": str(limit), "handling_was": report.handling}
    after = structs.replace(
        report, due_at=due, intake_due_at=intake_due, first_answer_due_at=first_due, handling=str(limit)
    )
    return after, Fact(Kind.DEADLINE_RECOMPUTED, data)


def _iso(moment: datetime | None) -> str | None:
    return moment.isoformat() if moment else None
