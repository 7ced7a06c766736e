"""Who somebody is at an identity provider: linked at the first single sign-on, let go of by an account manager."""

from datetime import datetime
from uuid import UUID

from msgspec import Struct

from app.accounts import store, store_identities
from app.accounts.keys import USERNAME, event, username_of
from app.accounts.model import Actor, EventKind, Staff
from app.accounts.permissions import require_own
from app.db import Pool, transaction


class Identity(Struct, frozen=True):
    issuer: str
    subject: str
    linked_at: datetime


async def of_staff(pool: Pool, staff_id: UUID, by: Actor) -> list[Identity]:
    """Raises Forbidden."""
    require_own(by, staff_id)
    async with pool.acquire() as conn:
        return [Identity(*row) for row in await store_identities.of_staff(conn, staff_id)]


async def unlink(pool: Pool, staff_id: UUID, by: Actor) -> int:
    """Let go of all; how many there were. Raises Forbidden."""
    require_own(by, staff_id)
    async with transaction(pool) as conn:
        issuers = await store_identities.unlink(conn, staff_id)
        for issuer in issuers:
            await store.record(conn, event(EventKind.IDENTITY_UNLINKED, by, staff_id, issuer=issuer))
    return len(issuers)


async def staff_behind(pool: Pool, issuer: str, subject: str, *, username: str, email: str) -> Staff | None:
    """Whose account it is: the one linked with this identity; else the one with this user name or, failing that, this
    e-mail address, which is linked by this. An account that is linked with another identity of the same provider is
    nobody else's. Never makes an account. ``username`` and ``email``: "" unless the provider vouches for them.
    """
    async with transaction(pool) as conn:
        linked = await store_identities.staff_of_identity(conn, issuer, subject)
        if linked is not None:
            return linked if linked.active else None
        name = username_of(username)
        staff = await store.staff_of_username(conn, name, lock=True) if USERNAME.fullmatch(name) else None
        if staff is None and email:
            staff = await store_identities.staff_of_email(conn, email.lower())
        if staff is None or not staff.active:
            return None
        if not await store_identities.link(conn, issuer, subject, staff.staff_id):
            return None
        by = Actor("staff", staff.staff_id, staff.role, staff.agency_id)
        await store.record(conn, event(EventKind.IDENTITY_LINKED, by, staff.staff_id, issuer=issuer))
        return staff
