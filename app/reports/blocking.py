"""Coordinators block and unblock the person behind a report, without learning who it is.

A blocked person's new reports from a chat are refused aloud, with the reason and where to turn; their draft stays, and
so do their rights in what they have already sent.
"""

from datetime import UTC, datetime
from uuid import UUID

from msgspec import Struct

from app.accounts import citizens
from app.accounts import store as accounts
from app.accounts.model import Actor, Entry, EventKind, Role
from app.db import Conn, Pool
from app.errors import Conflict, Forbidden
from app.history.model import Kind
from app.i18n.text import nfc
from app.reports import service, store
from app.reports.model import Report
from app.routing.ruleset import RuleSet


class Block(Struct, frozen=True):
    """How it stands with a report's reporter. ``in_chat``: only somebody who writes in a chat can be blocked."""

    in_chat: bool
    since: datetime | None = None
    reason: str | None = None


async def state(pool: Pool, actor: Actor, report: Report) -> Block:
    """Whether the reporter is blocked. Coordinators only: it would tell others that two reports are one person's."""
    if actor.role is not Role.COORDINATOR:
        raise Forbidden("reports.identity_confidential")
    async with pool.acquire() as conn:
        citizen_id = await store.citizen_of(conn, report.report_id)
        found = await citizens.blocked(conn, citizen_id) if citizen_id else None
    return Block(citizen_id is not None, *(found or ()))


async def block(
    pool: Pool, rules: RuleSet, actor: Actor, report: Report, reason: str, at: datetime | None = None
) -> Block:
    """Refuse the reporter's further reports from now on; the person is told ``reason``, so it is written for them.

    Raises Forbidden, Invalid for a reason too short or long, Conflict when nobody is there to block or it is so.
    """
    at = at or datetime.now(UTC)

    async def write(conn: Conn, report_id: UUID) -> None:
        person = await _person(conn, report_id)
        assert actor.id is not None
        if not await citizens.block(conn, person, report_id, actor.id, nfc(reason), at):
            raise Conflict("reports.blocked_already")
        await _record(conn, EventKind.CITIZEN_BLOCKED, actor, report)

    await service.about_reporter(pool, rules, actor, report, Kind.REPORTER_BLOCKED, reason, write, at)
    return Block(True, at, nfc(reason))


async def unblock(
    pool: Pool, rules: RuleSet, actor: Actor, report: Report, reason: str, at: datetime | None = None
) -> Block:
    """Take the reporter's further reports again. Raises like ``block``."""
    at = at or datetime.now(UTC)

    async def write(conn: Conn, report_id: UUID) -> None:
        person = await _person(conn, report_id)
        assert actor.id is not None
        if not await citizens.unblock(conn, person, actor.id, at):
            raise Conflict("reports.not_blocked")
        await _record(conn, EventKind.CITIZEN_UNBLOCKED, actor, report)

    await service.about_reporter(pool, rules, actor, report, Kind.REPORTER_UNBLOCKED, reason, write, at)
    return Block(True)


async def _person(conn: Conn, report_id: UUID) -> UUID:
    person = await store.citizen_of(conn, report_id)
    if person is None:
        raise Conflict("reports.no_chat")
    return person


async def _record(conn: Conn, kind: EventKind, actor: Actor, report: Report) -> None:
    await accounts.record(conn, Entry(kind, actor, None, {"report": report.code}))
