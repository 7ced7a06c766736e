"""A person's rights over their data.

Shown, it is all that is held. Erased, who they are goes, what was reported stays, and the history says what happened:
contacts, chat identities, drafts and voice go; so do the words they added to reports that are finished. What a report
says is needed for handling and by the archives, so it stays, with telephone numbers, addresses and names taken out. The
``data_erased`` event states the digests of the words as they are now, so the chain still proves the rest.
"""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from uuid import UUID

import msgspec
from msgspec import Struct

from app.accounts import data_requests
from app.accounts import store as accounts
from app.accounts.data_requests import DataRequest
from app.accounts.model import Actor, Entry, EventKind
from app.accounts.permissions import Permission, require
from app.db import Conn, Pool, transaction
from app.errors import NotFound
from app.history.model import Event, Fact, Kind, chain, digest
from app.reports import codes, store, store_publication, store_rights
from app.reports.intake import search_text
from app.reports.masking import mask
from app.reports.model import TEXT_MAX, Report
from app.reports.store_rights import Holdings
from app.routing.limits import Limit
from app.routing.ruleset import RuleSet

_LIMITS = {"erase": Limit(20, "days"), "view": Limit(10, "days")}
_SOON = timedelta(days=5)


class Waiting(Struct, frozen=True):
    """A request with its legal deadline; ``reports`` is how many the person has sent."""

    request: DataRequest
    due: datetime
    reports: int


class Erased(Struct, frozen=True):
    """What an erasure did. ``citizen_id`` None: the reporter was known by no chat."""

    citizen_id: UUID | None
    codes: tuple[str, ...]


async def show(pool: Pool, citizen_id: UUID) -> Holdings:
    """What is held about a person, shown to that person alone; that they asked is kept."""
    async with transaction(pool) as conn:
        await data_requests.viewed(conn, citizen_id)
        return await store_rights.holdings(conn, citizen_id)


async def waiting(pool: Pool, rules: RuleSet) -> list[Waiting]:
    """Everybody who waits for something they have a right to, soonest deadline first."""
    async with pool.acquire() as conn:
        asked = await data_requests.waiting(conn)
        counts = await store_rights.report_counts(conn, [request.citizen_id for request in asked])
    found = [
        Waiting(request, rules.calendar.due(request.requested_at, _LIMITS[request.kind]), counts[request.citizen_id])
        for request in asked
    ]
    return sorted(found, key=lambda each: each.due)


async def due_soon(pool: Pool, rules: RuleSet, at: datetime | None = None) -> list[UUID]:
    """Those whose data must be erased within five days, or should have been."""
    at = at or datetime.now(UTC)
    return [
        each.request.citizen_id
        for each in await waiting(pool, rules)
        if each.request.kind == "erase" and each.due - at < _SOON
    ]


async def erase(pool: Pool, who: UUID | str, by: Actor, at: datetime | None = None) -> Erased:
    """Erase a citizen, or whoever sent the report with this code. Administrators only; all or nothing; safe to repeat.

    Raises Forbidden, and NotFound when there is no such person or report.
    """
    require(by, Permission.MANAGE_ACCOUNTS)
    at = at or datetime.now(UTC)
    async with transaction(pool) as conn:
        citizen_id, only = await _whom(conn, who)
        # Locked in the order of their ids, as every other writer of several reports does.
        ids = await store_rights.lock_reports(conn, citizen_id, only)
        erased = [await _erase_report(conn, await _read(conn, each), by, at) for each in ids]
        if citizen_id is not None:
            await data_requests.forget(conn, citizen_id)
        data = {"citizen": str(citizen_id) if citizen_id else None, "reports": len(erased)}
        await accounts.record(conn, Entry(EventKind.CITIZEN_ERASED, by, None, data))
    return Erased(citizen_id, tuple(erased))


async def _whom(conn: Conn, who: UUID | str) -> tuple[UUID | None, UUID | None]:
    """The citizen, or else the one report whose reporter no chat knows."""
    if isinstance(who, UUID):
        if not await store_rights.is_citizen(conn, who):
            raise NotFound("accounts.no_such_citizen")
        return who, None
    code = codes.read_code(who)
    report = await store.by_code(conn, code) if code else None
    if report is None:
        raise NotFound("reports.code_unknown", code=who[:40])
    citizen_id = await store.citizen_of(conn, report.report_id)
    return citizen_id, None if citizen_id else report.report_id


async def _read(conn: Conn, report_id: UUID) -> Report:
    report = await store.by_id(conn, report_id)
    assert report is not None
    return report


def _masked(text: str, report: Report) -> str:
    # What was taken out is named, and names may be longer than what they stand for.
    return mask(text, report.lang)[:TEXT_MAX]


async def _erase_report(conn: Conn, report: Report, by: Actor, at: datetime) -> str:
    finished = report.resolved_at is not None or report.ended_at is not None
    said = [m for m in await store.messages_of(conn, report.report_id) if m.author_kind == "citizen"]
    kept = {} if finished else {message.message_id: _masked(message.body, report) for message in said}
    body = _masked(report.body, report)
    words = {str(message_id): digest(text) for message_id, text in {**kept, report.report_id: body}.items()}
    fact = Fact(Kind.DATA_ERASED, {"words": words, "messages": len(said) - len(kept)})
    after = msgspec.structs.replace(report, body=body, updated_at=at)
    events: Sequence[Event] = chain(
        report.report_id, (report.last_seq, report.last_hash), [fact], at=at, actor=(by.kind, by.id)
    )
    await store_publication.restate(conn, report.report_id, lambda words: _masked(words, report))
    await store_rights.erase(conn, after, search_text(after), events, kept)
    return report.code
