"""What waits for a person, and what a person decides about it: sent again, known under a number, or left alone."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Literal
from uuid import UUID

from app.accounts.model import Actor, EventKind
from app.accounts.permissions import Permission, require
from app.db import Conn, Pool, transaction
from app.errors import Conflict, Invalid, NotFound
from app.escalation.model import Trouble
from app.partners import ledger, service, store
from app.partners.model import ALL_AGAIN, TEXT_MOST, WAITING, Push, Reason, Settled, State, why_not
from app.reports import service as reports

Decision = Literal["again", "leave"]
_SILENT = timedelta(hours=6)
"""A partner that has not answered for so long is somebody's business."""


async def troubles(conn: Conn) -> list[Trouble]:
    """What waits for an administrator, as ``app.escalation.incidents`` tells it."""
    here = "/console/partners"
    found = [
        Trouble(partner_id, f"partner_{reason}", f"{here}/{partner_id}?state=person", name)
        for partner_id, name, reason in await store.stuck(conn)
    ]
    long_ago = datetime.now(UTC) - _SILENT
    return found + [
        Trouble(one.partner_id, "partner_silent", f"{here}/{one.partner_id}", one.name)
        for one in await store.every(conn)
        if one.active and one.failing_since is not None and one.failing_since < long_ago
    ]


async def again(pool: Pool, actor: Actor, partner_id: UUID, report_id: UUID) -> None:
    """Send it once more: what was refused or given up, or, as a new request, what was opened again here. Raises
    Forbidden, NotFound, Conflict."""
    async with _deciding(pool, actor, partner_id, report_id, "again", ("person", "withheld")) as (conn, push):
        anew = push.number is not None
        await ledger.set_push(conn, push, Settled(state="waiting"), round_=push.round + anew)


async def send(pool: Pool, actor: Actor, partner_id: UUID, code: str) -> UUID:
    """Send a report that the partner did not get by itself, as one that its agency was given before; gives the report's
    id. Raises Forbidden, NotFound, Invalid."""
    require(actor, Permission.MANAGE_SYSTEM)
    report = await reports.find(pool, code)
    async with transaction(pool) as conn:
        seen = await service.locked(conn, partner_id)
        mapped = (await store.mapped(conn, [partner_id])).get(partner_id, {}).get(report.category)
        if reason := why_not(report, seen, mapped):
            raise Invalid(f"partners.decide_{reason}", field="code")
        await ledger.queue(conn, [(partner_id, report.report_id)])
        await service.record(conn, actor, EventKind.PARTNER_CHANGED, seen, decided="send", report=report.code)
    return report.report_id


async def numbered(pool: Pool, actor: Actor, partner_id: UUID, report_id: UUID, number: str) -> None:
    """The partner has it, under this number, as somebody found out. Raises Forbidden, NotFound, Conflict, Invalid."""
    require(actor, Permission.MANAGE_SYSTEM)
    number = number.strip()
    if not (number and number.isprintable() and len(number) <= TEXT_MOST):
        raise Invalid("partners.number_wrong", field="number")
    async with _deciding(pool, actor, partner_id, report_id, "number") as (conn, push):
        await ledger.set_push(conn, push, Settled(state="sent", number=number), round_=push.round)


async def leave(pool: Pool, actor: Actor, partner_id: UUID, report_id: UUID) -> None:
    """It is not sent; what the partner has under a number stays as it is there. Raises Forbidden, NotFound,
    Conflict."""
    async with _deciding(pool, actor, partner_id, report_id, "leave") as (conn, push):
        left = Settled(state="sent", number=push.number) if push.number else Settled(state="withheld", reason="left")
        await ledger.set_push(conn, push, left, round_=push.round)


async def decide_all(pool: Pool, actor: Actor, partner_id: UUID, reason: Reason, decision: Decision) -> int:
    """About everything that waits for one reason; gives how many. What may be there already is sent again one by one
    alone. Raises Forbidden, NotFound, Invalid."""
    require(actor, Permission.MANAGE_SYSTEM)
    if reason not in WAITING or (decision == "again" and reason not in ALL_AGAIN):
        raise Invalid("partners.one_by_one", field="decision")
    async with transaction(pool) as conn:
        seen = await service.locked(conn, partner_id)
        becomes = ("waiting", "") if decision == "again" else ("withheld", "left")
        count = await ledger.decide(conn, partner_id, reason, *becomes)
        said = {"decided": decision, "reason": reason, "reports": str(count)}
        await service.record(conn, actor, EventKind.PARTNER_CHANGED, seen, **said)
    return count


@asynccontextmanager
async def _deciding(
    pool: Pool,
    actor: Actor,
    partner_id: UUID,
    report_id: UUID,
    decision: str,
    states: Sequence[State] = ("person",),
) -> AsyncIterator[tuple[Conn, Push]]:
    """The push in one of these states, locked; who decided what is written down with what is done inside."""
    require(actor, Permission.MANAGE_SYSTEM)
    async with transaction(pool) as conn:
        push = await _push_of(conn, partner_id, report_id)
        if push.state not in states:
            raise Conflict("partners.not_waiting")
        yield conn, push
        seen = await service.locked(conn, partner_id)
        await service.record(conn, actor, EventKind.PARTNER_CHANGED, seen, decided=decision, report=push.code)


async def _push_of(conn: Conn, partner_id: UUID, report_id: UUID) -> Push:
    found = await ledger.push(conn, partner_id, report_id, lock=True)
    if found is None:
        raise NotFound("partners.push_gone")
    return found
