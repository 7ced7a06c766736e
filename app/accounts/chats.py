"""Members of staff in chats: linking one's own account by a one-time code, and an agency's group by its lead.

A link says only whose chat account it is. Whether that person may do something is asked at each act, so whoever is
disabled has lost everything at once.
"""

import hashlib
import secrets
from datetime import UTC, datetime, timedelta
from uuid import UUID

from msgspec import Struct

from app.accounts import store, store_access, store_chats
from app.accounts.model import SYSTEM, Actor, Entry, EventKind, Role, Staff
from app.accounts.store_chats import Chat, Group
from app.db import Conn, Pool, transaction
from app.errors import Conflict, Forbidden, Invalid, NotFound, TooMany
from app.i18n import Lang

__all__ = ["Chat", "Group", "Officer", "burn_code", "chats_of", "group", "link", "link_group", "make_code", "officer"]

CODE_LIVES = timedelta(minutes=10)
FREE_FAILURES = 5
PAUSE = timedelta(minutes=15)
_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_LOOKALIKES = str.maketrans("OIL", "011")
_LENGTH = 8
LINKS_GROUPS = frozenset({Role.LEAD, Role.COORDINATOR})


class Officer(Struct, frozen=True):
    """A member of staff as known by a chat account."""

    actor: Actor
    staff: Staff
    lang: Lang


def _digest(typed: str) -> bytes:
    """Of what people make of a code: small letters, O for 0, spaces and hyphens."""
    bare = "".join(c for c in typed.upper() if c.isascii() and c.isalnum()).translate(_LOOKALIKES)
    return hashlib.sha256(f"chat code {bare}".encode()).digest()


# ---------------------------------------------------------------- one's own account


async def make_code(pool: Pool, staff_id: UUID, by: Actor) -> tuple[str, datetime]:
    """A code that links one chat to the account, and until when; shown this once, an earlier one ends.

    For the account's own holder, or the operator at the command line: whoever has the code acts as that person.
    Raises Forbidden, NotFound, Conflict when the account is disabled.
    """
    if by.kind != "system" and by.id != staff_id:
        raise Forbidden("accounts.not_allowed")
    bare = "".join(secrets.choice(_ALPHABET) for _ in range(_LENGTH))
    until = datetime.now(UTC) + CODE_LIVES
    async with transaction(pool) as conn:
        if not await store_chats.put_code(conn, staff_id, _digest(bare), until):
            if await store.staff_of_id(conn, staff_id) is None:
                raise NotFound("accounts.no_such_staff")
            raise Conflict("accounts.staff_disabled")
        await store.record(conn, Entry(EventKind.CHAT_CODE_MADE, by, staff_id))
    return f"{bare[:4]}-{bare[4:]}", until


async def link(pool: Pool, channel: str, user_id: str, code: str, lang: Lang) -> Officer:
    """Link a chat account to the account that the code was made for; it may have been another's before.

    Raises TooMany after five wrong codes, for a quarter of an hour, and Invalid for a code that is wrong, used or old.
    """
    hashed = _digest(code)
    async with transaction(pool) as conn:
        left = await store_chats.pause_left(conn, channel, user_id, FREE_FAILURES, PAUSE)
        staff_id = None if left else await store_chats.link(conn, channel, user_id, hashed, lang)
        again = staff_id is None and not left and await store_chats.linked_by(conn, channel, user_id, hashed)
        if staff_id is not None:
            entry = Entry(EventKind.CHAT_LINKED, Actor("staff", staff_id), staff_id, {"channel": channel})
            await store.record(conn, entry)
        elif not left and not again:
            await store_chats.failed(conn, channel, user_id, PAUSE)
            await store.record(conn, Entry(EventKind.CHAT_CODE_REFUSED, SYSTEM, None, {"channel": channel}))
        found = await store_access.actor_of_chat(conn, channel, user_id) if staff_id or again else None
    if left:
        raise TooMany("accounts.chat_code_pause", retry_after=left, minutes=-(-left // 60))
    if found is None:
        raise Invalid("accounts.chat_code_wrong")
    return Officer(*found)


async def burn_code(pool: Pool, code: str) -> None:
    """A code that others have seen opens nothing any more."""
    async with pool.acquire() as conn:
        await store_chats.burn(conn, _digest(code))


async def officer(conn: Conn, channel: str, user_id: str) -> Officer | None:
    """Whose chat account this is; None for everybody else, and for accounts that were disabled."""
    found = await store_access.actor_of_chat(conn, channel, user_id)
    return Officer(*found) if found else None


async def chats_of(conn: Conn, staff_id: UUID) -> list[Chat]:
    """The chats linked to an account, oldest first."""
    return await store_chats.of_staff(conn, staff_id)


async def unlink(pool: Pool, channel: str, user_id: str, by: Actor) -> bool:
    """End a link: one's own. Whether there was one. Raises NotFound when it is another's."""
    async with transaction(pool) as conn:
        owner = await store_chats.owner(conn, channel, user_id)
        if owner is None:
            return False
        if by.kind != "system" and by.id != owner:
            raise NotFound("accounts.no_such_chat")
        await store_chats.unlink(conn, channel, user_id)
        await store.record(conn, Entry(EventKind.CHAT_UNLINKED, by, owner, {"channel": channel}))
    return True


async def unreachable(conn: Conn, channel: str, user_id: str) -> None:
    """Remember that messages no longer arrive there, be it a person or a group."""
    await store_chats.unreachable(conn, channel, user_id)


async def reachable(conn: Conn, channel: str, user_id: str) -> None:
    """Somebody spoke to us there, or let us in again: messages arrive."""
    await store_chats.reachable(conn, channel, user_id)


# ---------------------------------------------------------------- groups


async def group(conn: Conn, channel: str, chat_id: str) -> Group | None:
    """What is known of a group; None: the bot has never heard of it."""
    return await store_chats.group(conn, channel, chat_id)


async def link_group(pool: Pool, who: Officer, channel: str, chat_id: str, title: str) -> str | None:
    """Make a group the agency's: its id where it was not so before; a group the agency had before is let go.

    Raises Forbidden for anybody but a lead or coordinator, Conflict while the group is another agency's.
    """
    if who.actor.role not in LINKS_GROUPS:
        raise Forbidden("accounts.group_not_yours")
    agency_id = who.staff.agency_id
    async with transaction(pool) as conn:
        known = await store_chats.group(conn, channel, chat_id)
        if known and known.agency_id == agency_id:
            return None
        if known and known.agency_id:
            raise Conflict("accounts.group_taken")
        old = await store_chats.link_group(conn, channel, chat_id, title, agency_id, who.staff.staff_id)
        data = {"channel": channel, "chat": chat_id, "agency": agency_id, "instead_of": old}
        await store.record(conn, Entry(EventKind.GROUP_LINKED, who.actor, None, data))
    return agency_id


async def unlink_group(pool: Pool, by: Actor, channel: str, chat_id: str) -> bool:
    """End it: by a lead or coordinator of the agency, or because the bot was removed. Whether it was linked.

    Raises Forbidden.
    """
    async with transaction(pool) as conn:
        known = await store_chats.group(conn, channel, chat_id)
        if known is None or known.agency_id is None:
            return False
        ours = by.role in LINKS_GROUPS and known.agency_id in by.agencies
        if by.kind != "system" and not ours:
            raise Forbidden("accounts.group_not_yours")
        await store_chats.unlink_group(conn, channel, chat_id)
        data = {"channel": channel, "chat": chat_id, "agency": known.agency_id}
        await store.record(conn, Entry(EventKind.GROUP_UNLINKED, by, None, data))
    return True


async def meet_group(conn: Conn, channel: str, chat_id: str, title: str) -> bool:
    """Remember a group; whether it is new to us, and so is to be told what we are for."""
    return await store_chats.meet(conn, channel, chat_id, title)


async def leave_group(pool: Pool, channel: str, chat_id: str) -> None:
    """The bot was removed: the link ends, and should it come back it is a stranger."""
    await unlink_group(pool, SYSTEM, channel, chat_id)
    async with pool.acquire() as conn:
        await store_chats.forget_group(conn, channel, chat_id)


async def move_group(conn: Conn, channel: str, old: str, new: str) -> None:
    """The channel gave a group another number; the link goes with it. In the caller's transaction."""
    await store_chats.move(conn, channel, old, new)


async def sweep(conn: Conn) -> None:
    """Remove codes and attempts that no longer matter."""
    await store_chats.sweep(conn, PAUSE)
