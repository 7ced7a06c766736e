"""What somebody does with their own account: sessions, password. Account managers end other people's sessions too."""

from datetime import datetime
from uuid import UUID

from app.accounts import passwords, store, store_sessions
from app.accounts.entry import as_actor, confirm_password
from app.accounts.keys import digest, event
from app.accounts.model import Actor, EventKind, OpenSession, Staff
from app.accounts.passwords import HASHER
from app.accounts.permissions import require_own
from app.db import Pool, transaction
from app.errors import Conflict, Invalid, NotFound


async def sessions(pool: Pool, staff_id: UUID, by: Actor, at: datetime, *, token: str = "") -> list[OpenSession]:
    """Live sessions, the one with ``token`` first. Raises Forbidden."""
    require_own(by, staff_id)
    async with pool.acquire() as conn:
        return await store_sessions.sessions(conn, staff_id, digest(token), at)


async def end_session(pool: Pool, staff_id: UUID, session_id: UUID, by: Actor) -> None:
    """End one session. Raises Forbidden, NotFound when it is over already or is somebody else's."""
    require_own(by, staff_id)
    async with transaction(pool) as conn:
        if not await store_sessions.end(conn, staff_id, session_id):
            raise NotFound("accounts.no_such_session")
        await store.record(conn, event(EventKind.SESSION_ENDED, by, staff_id))


async def end_other_sessions(pool: Pool, staff: Staff, token: str) -> int:
    """End all but the one with ``token``; how many ended."""
    async with transaction(pool) as conn:
        ended = await store_sessions.end_others(conn, staff.staff_id, digest(token))
        if ended:
            entry = event(EventKind.SIGNED_OUT_EVERYWHERE, as_actor(staff), staff.staff_id, sessions_ended=ended)
            await store.record(conn, entry)
    return ended


async def change_password(pool: Pool, staff: Staff, old: str, new: str, token: str, at: datetime) -> None:
    """One's own password; all other sessions end. Raises Unauthenticated, TooMany, Invalid, Conflict."""
    if weak := passwords.weakness(new, f"{staff.username} {staff.full_name}"):
        raise Invalid(weak.key, field="new", **weak.params)
    attempt = await confirm_password(pool, staff, old, at)
    if new == old:
        raise Invalid("accounts.password_same", field="new")
    fresh = await HASHER.hash(new)
    async with transaction(pool) as conn:
        if not await store.renew_hash(conn, staff.staff_id, attempt.checked or "", fresh):
            raise Conflict("accounts.password_changed_meanwhile")
        await store.set_password(conn, staff.staff_id, fresh, temporary=False)
        await store_sessions.end_others(conn, staff.staff_id, digest(token))
        await store.record(conn, event(EventKind.PASSWORD_CHANGED, as_actor(staff), staff.staff_id))
