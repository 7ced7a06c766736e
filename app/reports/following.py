"""Following somebody else's report: one more voice, with words and photos of one's own, told of every change, and a
word on the result.

A follower is a citizen known by a chat: whoever cannot be told cannot follow. The history says that somebody followed;
who, only the event's actor does, which no member of staff is shown. Following leaves the report's version alone: an
officer who has the case open is not made to read it again because a neighbour joined.
"""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from uuid import UUID

import msgspec
from msgspec import Struct
from uuid_utils.compat import uuid7

from app.db import Conn, Pool, transaction
from app.errors import Conflict, Forbidden, Invalid, Problem
from app.history.model import Fact, Kind, chain, digest
from app.i18n.text import nfc
from app.reports import store, store_following
from app.reports.model import PHOTOS_MAX, TEXT_MAX, Form, Message, Rating, Report, Status
from app.reports.service import get
from app.reports.workflow import ENDED

_RACES = 10
OVER = ENDED - {Status.DUPLICATE}
"""Nothing more comes of these. Of a duplicate, its original's news does."""


class Following(Struct, frozen=True):
    """How somebody stands to a report. ``follows``: this very one; ``hears``: of it at all, as reporter or follower of
    it or of one that was merged into it; ``may_rate``: as a follower, and has not yet. ``voices``: people behind it."""

    follows: bool
    hears: bool
    may_rate: bool
    voices: int


class _Raced(Exception):
    """Somebody changed the report between our reading and our writing; nothing was written."""


Step = Callable[[Conn, Report], Awaitable[tuple[list[Fact], list[Message], list[store.PhotoClaim]]]]


async def follow(
    pool: Pool,
    report: Report,
    citizen_id: UUID,
    form: Form = Form(),  # noqa: B008  # frozen
    at: datetime | None = None,
) -> Report:
    """Add a voice to a public report, with the form's words and photos, which staff alone will see.

    Repeating it adds nothing; words by their ``client_key``, photos by their bytes. Raises Forbidden for a private
    report, Conflict for one of the person's own or one that is over, Invalid for too much.
    """
    at = at or datetime.now(UTC)
    form = msgspec.structs.replace(form, text=nfc(form.text))
    _check(form)

    async def join(conn: Conn, seen: Report) -> tuple[list[Fact], list[Message], list[store.PhotoClaim]]:
        if seen.visibility == "private":
            raise Forbidden("reports.private")
        if await store.citizen_of(conn, seen.report_id) == citizen_id:
            raise Conflict("reports.follow_own", code=seen.code)
        words, photos = await _unheard(conn, seen, citizen_id, form, at)
        follows = await store_following.follows(conn, seen.report_id, citizen_id)
        if seen.status in OVER and not follows:
            raise Conflict("reports.follow_over", code=seen.code, status=seen.status)
        # Everything has been read; from here on the transaction writes (see ``app.history.service.read_since``).
        facts = []
        if not follows and await store_following.add(conn, seen.report_id, citizen_id, at):
            facts.append(Fact(Kind.FOLLOWED))
        if words or photos:
            said = {"message_id": str(words[0].message_id), "digest": digest(words[0].body)} if words else {}
            shown = {"photos": [photo.sha256.hex() for photo in photos]} if photos else {}
            facts.append(Fact(Kind.VOICE_ADDED, said | shown))
        return facts, words, photos

    return await _write(pool, report.report_id, citizen_id, join, at)


async def unfollow(pool: Pool, report: Report, citizen_id: UUID, at: datetime | None = None) -> Report:
    """Hear no more of it; what was added stays. Repeating it changes nothing."""
    at = at or datetime.now(UTC)

    async def leave(conn: Conn, seen: Report) -> tuple[list[Fact], list[Message], list[store.PhotoClaim]]:
        left = await store_following.remove(conn, seen.report_id, citizen_id)
        return [Fact(Kind.UNFOLLOWED)] if left else [], [], []

    return await _write(pool, report.report_id, citizen_id, leave, at)


async def rate(pool: Pool, report: Report, citizen_id: UUID, rating: Rating, at: datetime | None = None) -> Report:
    """A follower's word on the result: of this report, or of the one it was merged into. It closes nothing and is
    counted apart from the reporter's. Gives the report that answers for it.

    Raises Forbidden for whoever does not follow, or reported it and so rates as its reporter; Conflict without a
    result.
    """
    at = at or datetime.now(UTC)
    async with pool.acquire() as conn:
        while report.duplicate_of is not None:
            report = await get(conn, report.duplicate_of)

    async def judge(conn: Conn, seen: Report) -> tuple[list[Fact], list[Message], list[store.PhotoClaim]]:
        reported, follows = await store_following.stands_behind(conn, seen.report_id, citizen_id)
        if reported or not follows:
            raise Forbidden("reports.not_follower", code=seen.code)
        if seen.status not in (Status.RESOLVED, Status.CLOSED):
            raise Conflict("reports.act_not_now", act="rate", status=seen.status)
        if await store_following.rating_of(conn, seen.report_id, citizen_id) == rating:
            return [], [], []
        await store_following.rate(conn, seen.report_id, citizen_id, rating, at)
        return [Fact(Kind.FOLLOWER_RATED, {"rating": rating})], [], []

    return await _write(pool, report.report_id, citizen_id, judge, at)


async def following(conn: Conn, report: Report, citizen_id: UUID) -> Following:
    """How this person stands to the report."""
    report_id = report.report_id
    reported, follows = await store_following.stands_behind(conn, report_id, citizen_id)
    resolved = report.status in (Status.RESOLVED, Status.CLOSED)
    asks = resolved and follows and not reported
    return Following(
        follows=await store_following.follows(conn, report_id, citizen_id),
        hears=reported or follows,
        may_rate=asks and await store_following.rating_of(conn, report_id, citizen_id) is None,
        voices=await store_following.voices(conn, report_id),
    )


async def voices(conn: Conn, report: Report) -> int:
    """How many people stand behind it: its reporter, followers, and those of merged reports, each once."""
    return await store_following.voices(conn, report.report_id)


async def standing(conn: Conn, report: Report) -> tuple[int, dict[Rating, int]]:
    """How many people stand behind it, and what followers think of the result that stands now."""
    return await store_following.standing(conn, report.report_id)


def _check(form: Form) -> None:
    problems = []
    if len(form.text) > TEXT_MAX:
        problems.append(Problem("reports.text_long", {"most": TEXT_MAX, "length": len(form.text)}, "text"))
    if len(form.photos) > PHOTOS_MAX:
        problems.append(Problem("reports.photos_many", {"most": PHOTOS_MAX}, "photos"))
    if problems:
        raise Invalid.many(problems)


async def _unheard(
    conn: Conn, report: Report, citizen_id: UUID, form: Form, at: datetime
) -> tuple[list[Message], list[store.PhotoClaim]]:
    """What of the form is new to the report."""
    said = bool(form.client_key) and await store.has_message_key(conn, report.report_id, form.client_key or "")
    words = []
    if form.text and not said:
        body = Message(uuid7(), at, "voice", "citizen", citizen_id, "staff", form.text, form.client_key)
        words.append(body)
    known = {picture.sha256 for picture in await store.pictures_of(conn, report.report_id)} if form.photos else set()
    fresh = dict.fromkeys(photo.sha256 for photo in form.photos if photo.sha256 not in known)
    return words, [store.PhotoClaim(uuid7(), bytes.fromhex(sha256), "info") for sha256 in fresh]


async def _write(pool: Pool, report_id: UUID, citizen_id: UUID, step: Step, at: datetime) -> Report:
    """One transaction: the step's own rows and the report's history, or nothing. Again when somebody was faster."""
    for _ in range(_RACES):
        try:
            async with transaction(pool) as conn:
                seen = await get(conn, report_id)
                facts, messages, photos = await step(conn, seen)
                if not facts:
                    return seen
                last = (seen.last_seq, seen.last_hash)
                events = chain(seen.report_id, last, facts, at=at, actor=("citizen", citizen_id))
                rewrite = store.Rewrite(
                    seen=seen, report=seen, events=events, messages=messages, photos=photos, by="follower", quiet=True
                )
                if not await store.update(conn, rewrite):
                    raise _Raced
                return msgspec.structs.replace(seen, last_seq=events[-1].seq, last_hash=events[-1].hash)
        except _Raced:
            continue
    raise Conflict("reports.changed_meanwhile", version=0)
