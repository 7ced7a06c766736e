"""Following an area by mail or chat: asking, confirming, looking after one's choices, ending.

An address is used for nothing before its mailbox has confirmed (double opt-in), and whoever asks is answered the same
whether it is known or not. When somebody ends it, all that is known of them is deleted.
"""

import hashlib
from datetime import UTC, datetime, timedelta
from email.errors import MessageError
from email.headerregistry import Address
from uuid import UUID

from uuid_utils.compat import uuid7

from app.db import Conn, Pool, transaction
from app.errors import Conflict, Invalid, NotFound
from app.i18n import t
from app.jobs import Job, enqueue
from app.subscriptions import store, tokens
from app.subscriptions.model import AREAS_MOST, Area, Follower, Rhythm, Wish
from app.subscriptions.store import Counted, Request

LIFETIME = timedelta(hours=48)
"""So long a wish waits to be confirmed; then the address is forgotten."""
MAILS_A_DAY = 3
"""Unconfirmed mails to one mailbox: nobody floods a stranger's."""
_DAY = timedelta(days=1)
_LEDGER_KEPT = timedelta(days=90)
_ADDRESS_MOST = 254
_PLACES_SHOWN = 10


def address_of(typed: str) -> str:
    """An e-mail address that can be written to. Raises Invalid."""
    try:
        parsed = Address(addr_spec=typed)
    except (MessageError, ValueError, IndexError):
        raise Invalid("follow.address_wrong", field="email") from None
    good = len(typed) <= _ADDRESS_MOST and parsed.username and "." in parsed.domain and typed.isascii()
    if not good or any(c.isspace() or not c.isprintable() for c in typed):
        raise Invalid("follow.address_wrong", field="email")
    return f"{parsed.username}@{parsed.domain.lower()}"


async def ask(pool: Pool, secret: bytes, typed: str, wish: Wish, key: str, at: datetime | None = None) -> UUID:
    """Have a confirmation sent; ``key`` names the form, so that one sent twice is one wish. Gives the wish's id, and
    says nothing of whether the address follows already, nor of whether a mail goes out. Raises Invalid for what is no
    address."""
    address, at = address_of(typed), at or datetime.now(UTC)
    digest = hashlib.sha256(f"{key}\n{address.lower()}".encode()).digest()
    request_id = UUID(bytes=digest[:16])
    async with transaction(pool) as conn:
        box = tokens.mailbox(secret, address)
        if await store.ask(conn, request_id, address, box, wish, at, MAILS_A_DAY, _DAY):
            await enqueue(conn, [Job("confirm_follow", {"request_id": str(request_id)})])
    return request_id


async def asked(conn: Conn, secret: bytes, token: str, at: datetime | None = None) -> Request:
    """What a confirmation's link is about. Raises NotFound for one that was used, has ended or is not ours."""
    request_id = tokens.read(secret, "confirm", token)
    since = (at or datetime.now(UTC)) - LIFETIME
    found = await store.request(conn, request_id, since) if request_id else None
    if found is None:
        raise NotFound("follow.confirm_gone")
    return found


async def confirm(pool: Pool, secret: bytes, token: str, at: datetime | None = None) -> UUID:
    """Follow from now on; gives who. Works once. Raises NotFound, and Conflict for one area too many."""
    at = at or datetime.now(UTC)
    request_id = tokens.read(secret, "confirm", token)
    async with transaction(pool) as conn:
        found = await store.take_request(conn, request_id, at - LIFETIME) if request_id else None
        if found is None:
            raise NotFound("follow.confirm_gone")
        return await _follow(conn, found.address, None, found.wish, at)


async def follow_by_chat(pool: Pool, citizen_id: UUID, wish: Wish, at: datetime | None = None) -> Follower:
    """A person in a chat needs no mail to prove that the chat is theirs. Raises Conflict for one area too many."""
    async with transaction(pool) as conn:
        follower_id = await _follow(conn, None, citizen_id, wish, at or datetime.now(UTC))
        found = await store.get(conn, follower_id)
    assert found is not None
    return found


async def _follow(conn: Conn, address: str | None, citizen_id: UUID | None, wish: Wish, at: datetime) -> UUID:
    follower_id = await store.follow(conn, uuid7(), address, citizen_id, wish, at)
    await _add(conn, follower_id, wish.area)
    return follower_id


async def _add(conn: Conn, follower_id: UUID, area: Area) -> None:
    if not await store.add_area(conn, follower_id, area, AREAS_MOST):
        raise Conflict("follow.areas_many", most=AREAS_MOST)


# ---------------------------------------------------------------- looking after one's choices


async def managed(conn: Conn, secret: bytes, token: str) -> Follower:
    """Whose choices a link looks after. Raises NotFound when they have ended it, or it is not ours."""
    follower_id = tokens.read(secret, "manage", token)
    found = await store.get(conn, follower_id) if follower_id else None
    if found is None:
        raise NotFound("follow.manage_gone")
    return found


async def add(pool: Pool, follower_id: UUID, area: Area) -> None:
    """Raises Conflict for one area too many, NotFound when they have ended it meanwhile."""
    async with transaction(pool) as conn:
        if await store.get(conn, follower_id) is None:
            raise NotFound("follow.manage_gone")
        await _add(conn, follower_id, area)


async def drop(pool: Pool, follower_id: UUID, area: Area) -> bool:
    """Whether anything is followed after that: who drops the last area has ended it."""
    async with transaction(pool) as conn:
        return await store.drop_area(conn, follower_id, area)


async def set_rhythm(pool: Pool, follower_id: UUID, rhythm: Rhythm) -> None:
    async with pool.acquire() as conn:
        await store.set_rhythm(conn, follower_id, rhythm)


async def end(pool: Pool, follower_id: UUID) -> bool:
    """False: it had ended before."""
    async with pool.acquire() as conn:
        return await store.end(conn, follower_id)


def consent(lang: str) -> str:
    """The words that are agreed to, as they are shown and kept."""
    return t("follow.consent", "en" if lang == "en" else "vi")


async def of_citizen(conn: Conn, citizen_id: UUID) -> Follower | None:
    return await store.of_citizen(conn, citizen_id)


async def counted(conn: Conn) -> Counted:
    """Numbers alone: nobody is shown who follows."""
    return await store.counted(conn, _PLACES_SHOWN)


async def sweep(pool: Pool, at: datetime | None = None) -> int:
    """Forget addresses that nobody confirmed; gives how many wishes."""
    at = at or datetime.now(UTC)
    async with pool.acquire() as conn:
        return await store.sweep(conn, at - LIFETIME, at - _LEDGER_KEPT)
