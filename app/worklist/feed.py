"""What has changed, for programs that keep a copy of the reports: each changed report's present state, in the order of
the changes.

A place in the feed is a place in the order of transactions, as for every reader of the history, so that what a slow
writer commits late still comes. Whoever begins at a moment of which no mark is kept is given the reports there are,
by id, and then what has changed since that was begun.
"""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Literal
from uuid import UUID

import msgspec
from msgspec import Struct

from app import cursors
from app.accounts.model import Actor
from app.accounts.permissions import Permission, require
from app.db import Conn, Pool
from app.errors import Invalid
from app.history import service as history
from app.history.model import Event, Kind
from app.reports import publication
from app.reports import service as reports
from app.reports.model import PublicCopy, Report
from app.worklist import store_feed as store

MOST = 200
_BATCH, _ROUNDS = 1000, 5
"""A page looks at most at so many rows, so that it is quick for whoever sees few of them."""
_SKEW = timedelta(minutes=1)
"""How far the clocks of our machines may be apart."""
_NOBODY = UUID(int=0)

_HIDDEN = frozenset(
    {Kind.IDENTITY_VIEWED, Kind.REPORTER_BLOCKED, Kind.REPORTER_UNBLOCKED, Kind.NOTED, Kind.TAGGED}
    | {Kind.ATTACHED, Kind.DETACHED, Kind.WARNED, Kind.REMINDED, Kind.EXTENSION_ASKED, Kind.EXTENSION_REFUSED}
    | {Kind.FOLLOWED, Kind.UNFOLLOWED, Kind.VOICE_ADDED, Kind.FOLLOWER_RATED, Kind.MERGED_IN, Kind.UNMERGED_FROM}
    | {Kind.DIRECTED, Kind.DIRECTION_ANSWERED, Kind.DIRECTION_LIFTED, Kind.PROOF_CONFIRMED}
)
"""Events that change nothing of what the feed shows."""


class Place(Struct, frozen=True, array_like=True):
    """Where a reader stands. ``stock``: among the reports there are, those behind ``beyond`` come next, and ``xid`` is
    where the changes begin after that; ``live``: behind this event."""

    phase: Literal["stock", "live"]
    xid: int
    beyond: UUID = _NOBODY
    seq: int = 0
    since: int | None = None
    """Of the stock only what has changed since, in seconds of the epoch."""


class State(Struct, frozen=True):
    """A report as it is now. ``original``, ``whole``: codes of what it was merged into, and split off from;
    ``public``: its words as everybody may read them, None while they are not published."""

    report: Report
    original: str | None
    whole: str | None
    erased_at: datetime | None
    public: str | None


class Page(Struct, frozen=True):
    """``gone``: codes of reports that the reader saw before and sees no more. ``place``: where to go on; ``more``: at
    once, for there is more already. A page may be short, or empty, and there be more all the same."""

    states: list[State]
    gone: list[str]
    place: Place
    more: bool


def encode(place: Place) -> str:
    return cursors.written(place)


def decode(cursor: str) -> Place:
    """Raises Invalid."""
    try:
        place = cursors.read(cursor, Place)
    except ValueError:
        raise Invalid("worklist.cursor_wrong", field="cursor") from None
    if not (0 <= place.xid < 1 << 63 and 0 <= place.seq < 1 << 31 and abs(place.since or 0) < 1 << 35):
        raise Invalid("worklist.cursor_wrong", field="cursor")
    return place


async def begin(pool: Pool, since: datetime | None) -> Place:
    """Where whoever wants everything changed since a moment begins (None: everything). Some changes from shortly before
    it may come as well."""
    async with pool.acquire() as conn:
        marked = await store.mark_before(conn, since - _SKEW) if since is not None else None
        if marked is not None:
            return Place("live", marked)
        xid, _, _ = await history.newest(conn)
        seconds = int((since - _SKEW).timestamp()) if since is not None else None
        return Place("stock", xid, since=seconds)


async def mark(pool: Pool) -> None:
    """Keep where in the order of changes this moment is. For the worker, every few minutes."""
    async with pool.acquire() as conn:
        await store.mark(conn)


async def page(pool: Pool, actor: Actor, place: Place, limit: int = MOST) -> Page:
    """The next changed reports behind a place. With nothing new the place stays as it is.

    Raises Forbidden, and Invalid for a limit or place that cannot be: one of another database among them.
    """
    require(actor, Permission.READ_REPORT)
    if not 1 <= limit <= MOST:
        raise Invalid("worklist.limit_wrong", field="limit", most=MOST)
    async with pool.acquire() as conn:
        if await store.is_ahead(conn, place.xid):
            raise Invalid("worklist.cursor_ahead", field="cursor")
        if place.phase == "stock":
            found, after, more = await _stock(conn, actor, place, limit)
            gone: list[str] = []
        else:
            found, lost, after, more = await _live(conn, actor, place, limit)
            gone = await _gone(conn, actor, lost, found)
        states = await _states(conn, actor, found)
    if not states and not gone and not more:
        after = place
    return Page(states, gone, after, more)


async def _stock(conn: Conn, actor: Actor, place: Place, limit: int) -> tuple[list[UUID], Place, bool]:
    since = datetime.fromtimestamp(place.since, UTC) if place.since is not None else None
    found: list[UUID] = []
    batch = limit if actor.sees_all and since is None else _BATCH
    for _ in range(_ROUNDS):
        rows = await store.stock(conn, actor, since, place.beyond, batch)
        for row in rows:
            if row.mine and len(found) == limit:
                return found, place, True
            found += [row.report_id] if row.mine else []
            place = msgspec.structs.replace(place, beyond=row.report_id)
        if len(rows) < batch:
            return found, Place("live", place.xid), True
        if len(found) == limit:
            break
    return found, place, True


async def _live(conn: Conn, actor: Actor, place: Place, limit: int) -> tuple[list[UUID], dict[UUID, int], Place, bool]:
    """Also reports that may have been lost sight of, each with its first event that was read."""
    found: dict[UUID, None] = {}
    lost: dict[UUID, int] = {}
    for _ in range(_ROUNDS):
        rows = await store.changes(conn, actor, (place.xid, place.beyond, place.seq), list(_HIDDEN), _BATCH)
        for row in rows:
            if row.shown and row.mine and row.report_id not in found:
                if len(found) == limit:
                    return list(found), lost, place, True
                found[row.report_id] = None
            elif row.shown and row.once:
                lost.setdefault(row.report_id, row.seq)
            place = Place("live", row.xid, row.report_id, row.seq)
        if len(rows) < _BATCH:
            return list(found), lost, place, False
    return list(found), lost, place, True


async def _states(conn: Conn, actor: Actor, report_ids: Sequence[UUID]) -> list[State]:
    """In this order; what went out of the reader's sight meanwhile comes as that change."""
    known = {report.report_id: report for report in await reports.by_ids(conn, report_ids) if actor.may_see(report)}
    related = {other for report in known.values() for other in (report.duplicate_of, report.part_of) if other}
    codes = await store.codes(conn, sorted(related)) if related else {}
    erased = await store.erased_at(conn, list(known)) if known else {}
    public = [report.report_id for report in known.values() if publication.is_public(report)]
    edited = await store.public_texts(conn, public) if public else {}
    states = []
    for report_id in report_ids:
        if (report := known.get(report_id)) is None:
            continue
        copy = PublicCopy({report_id: edited[report_id]} if report_id in edited else {})
        states.append(
            State(
                report,
                codes.get(report.duplicate_of) if report.duplicate_of else None,
                codes.get(report.part_of) if report.part_of else None,
                erased.get(report_id),
                publication.text_of(report, copy, report.lang) if publication.is_public(report) else None,
            )
        )
    return states


async def _gone(conn: Conn, actor: Actor, lost: dict[UUID, int], found: Iterable[UUID]) -> list[str]:
    """Codes of those that the reader could see just before, or between, the events that were read."""
    wanted = sorted(lost.keys() - set(found))
    if not wanted:
        return []
    lives = await history.of_reports(conn, wanted)
    seen = [one for one in wanted if _was_seen(actor, lives[one], lost[one])]
    return sorted((await store.codes(conn, seen)).values())


class _Whose(Struct):
    """What decides whose business a report is, as it was at some time."""

    agency_id: str = ""
    supervisor_id: str | None = None
    category: str = ""
    commune_code: str | None = None


def _was_seen(actor: Actor, events: Sequence[Event], first: int) -> bool:
    """Whether who does not see the report now could right before its ``first`` event, or at any time since."""
    whose = _Whose()
    for event in events:
        if event.seq >= first and actor.may_see(whose):
            return True
        data = event.data
        if event.kind in (Kind.ASSIGNED, Kind.TRANSFERRED):
            whose.agency_id = data["agency"]
        elif event.kind in (Kind.RETURNED, Kind.SPLIT, Kind.PART_REOPENED) or (
            event.kind in (Kind.REOPENED, Kind.UNMERGED) and "intake_due" in data
        ):
            whose.agency_id = ""  # on the coordinators' desk
        if event.kind == Kind.DISPUTED:
            whose.supervisor_id = data.get("supervisor")
        if event.kind in (Kind.SUBMITTED, Kind.ASSIGNED, Kind.TRANSFERRED, Kind.RECLASSIFIED):
            whose.category = data.get("category", whose.category)
            whose.commune_code = data.get("commune", whose.commune_code)
    return False
