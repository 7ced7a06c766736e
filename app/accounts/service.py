"""Staff accounts: making and ending them, signing in, programs' keys; and the agencies as everybody asks for them.

Only sha256 digests of session tokens and keys are stored. Every act, and every attempt to sign in, is an account event.
"""

import secrets
from collections.abc import Collection, Sequence
from datetime import UTC, datetime
from uuid import UUID

from uuid_utils.compat import uuid7

from app.accounts import passwords, store, store_access, store_factors, store_tokens
from app.accounts.entry import sign_in as sign_in
from app.accounts.keys import USERNAME, digest, event, username_of
from app.accounts.model import Actor, Agency, ApiToken, EventKind, Role, Session, Staff
from app.accounts.passwords import HASHER
from app.accounts.people import AGENCY_ID, LONGEST_NAME, NO_LIMITS, Limits, Wanted, add, uniqueness
from app.accounts.permissions import Permission, may, require, require_own
from app.accounts.store_access import IDLE as IDLE
from app.db import Conn, Pool, transaction
from app.errors import Conflict, Forbidden, Invalid, NotFound, Problem, Unauthenticated
from app.i18n import DEFAULT, Lang
from app.i18n.text import nfc

SCOPES = frozenset({"read", "write", "feed", "open311"})
"""``feed``: figures and the feed of reports alone, which ``read`` has as well. ``open311``: sending by it alone."""


# ---------------------------------------------------------------- people


async def create_staff(
    pool: Pool,
    username: str,
    full_name: str,
    agency_id: str,
    role: Role,
    password: str | None,
    by: Actor,
    *,
    email: str = "",
    limits: Limits = NO_LIMITS,
    temporary: bool = False,
    sealed: bool = False,
) -> tuple[UUID, str]:
    """Add a member of staff: (id, password). Without a password a readable one is made; it is shown this once, and has
    to be changed at the first sign-in to the pages when it is ``temporary``. A ``sealed`` account has none, so that
    nobody signs in to it before its password is reset.

    Raises Forbidden, Invalid (every bad field at once), Conflict when the user name or e-mail address is taken.
    """
    require(by, Permission.MANAGE_ACCOUNTS)
    wanted = Wanted(username, full_name, agency_id, role, email, limits).cleaned()
    problems = wanted.problems()
    if password is not None and (weak := passwords.weakness(password, f"{wanted.username} {wanted.full_name}")):
        problems.append(weak)
    if problems:
        raise Invalid.many(problems)
    chosen = "" if sealed else password or passwords.generate()
    staff = wanted.staff(uuid7(), temporary=temporary)
    password_hash = passwords.NONE if sealed else await HASHER.hash(chosen)
    with uniqueness(wanted):
        async with transaction(pool) as conn:
            await add(conn, staff, password_hash, by)
    return staff.staff_id, chosen


async def _known(conn: Conn, staff_id: UUID) -> Staff:
    staff = await store.staff_of_id(conn, staff_id)
    if staff is None:
        raise NotFound("accounts.no_such_staff")
    return staff


async def reset_password(
    pool: Pool, staff_id: UUID, password: str | None, by: Actor, *, temporary: bool = False, factor: bool = False
) -> str:
    """Set a new password, made here when None is given; sessions end, a lock is lifted, programs' keys live on.
    ``factor``: take a lost second factor away as well.

    Raises Forbidden, NotFound, Invalid.
    """
    require(by, Permission.MANAGE_ACCOUNTS)
    async with pool.acquire() as conn:
        staff = await _known(conn, staff_id)
    if password is not None and (weak := passwords.weakness(password, f"{staff.username} {staff.full_name}")):
        raise Invalid.many([weak])
    chosen = password or passwords.generate()
    password_hash = await HASHER.hash(chosen)
    async with transaction(pool) as conn:
        # One statement after the other: a sign-in holds the staff row until its session can be seen here.
        await store.set_password(conn, staff_id, password_hash, temporary=temporary)
        await store_access.end_sessions(conn, staff_id)
        await store_access.unlock(conn, digest(staff.username))
        await store.record(conn, event(EventKind.PASSWORD_RESET, by, staff_id))
        if factor and await store_factors.remove(conn, staff_id):
            await store.record(conn, event(EventKind.FACTOR_RESET, by, staff_id))
    return chosen


async def disable(pool: Pool, staff_id: UUID, by: Actor) -> None:
    """Shut somebody out at once: sessions and programs' keys end for good. Again is no error.

    Raises Forbidden, NotFound, Conflict for the own account: somebody must be left to open it again.
    """
    require(by, Permission.MANAGE_ACCOUNTS)
    if staff_id == by.id:
        raise Conflict("accounts.not_yourself")
    async with transaction(pool) as conn:
        if await store.switch(conn, staff_id, active=False):
            sessions = await store_access.end_sessions(conn, staff_id)
            keys = await store_tokens.revoke_tokens(conn, staff_id)
            entry = event(EventKind.STAFF_DISABLED, by, staff_id, sessions_ended=sessions, tokens_revoked=keys)
            await store.record(conn, entry)
        else:
            await _known(conn, staff_id)


async def enable(pool: Pool, staff_id: UUID, by: Actor) -> None:
    """Let somebody sign in again; nothing that was ended comes back. Again is no error. Raises Forbidden, NotFound."""
    require(by, Permission.MANAGE_ACCOUNTS)
    async with transaction(pool) as conn:
        if await store.switch(conn, staff_id, active=True):
            staff = await _known(conn, staff_id)
            await store_access.unlock(conn, digest(staff.username))
            await store.record(conn, event(EventKind.STAFF_ENABLED, by, staff_id))
        else:
            await _known(conn, staff_id)


async def find_staff(conn: Conn, username: str) -> Staff:
    """Raises NotFound."""
    name = username_of(username)
    staff = await store.staff_of_username(conn, name) if USERNAME.fullmatch(name) else None
    if staff is None:
        raise NotFound("accounts.no_such_staff")
    return staff


async def staff_of(pool: Pool, staff_id: UUID) -> Staff | None:
    async with pool.acquire() as conn:
        return await store.staff_of_id(conn, staff_id)


async def actor_of(conn: Conn, staff_id: UUID) -> Actor | None:
    """The person as they may act now; None when the account is closed."""
    return await store_access.actor_of_staff(conn, staff_id)


async def staff_known(conn: Conn, staff_id: UUID) -> Staff | None:
    return await store.staff_of_id(conn, staff_id)


async def all_staff(conn: Conn) -> list[Staff]:
    """Every account, by user name."""
    return await store.all_staff(conn)


async def staff_names(conn: Conn, ids: Collection[UUID]) -> dict[UUID, str]:
    """Full names by id; unknown ids are left out."""
    return await store.names(conn, list(ids)) if ids else {}


async def usernames(conn: Conn, ids: Collection[UUID]) -> dict[UUID, str]:
    """User names by id; unknown ids are left out."""
    return await store.usernames(conn, list(ids)) if ids else {}


# ---------------------------------------------------------------- signing in


async def session(pool: Pool, token: str, at: datetime, *, quiet: bool = False) -> tuple[Actor, Session] | None:
    """Who makes this request, or None when the session is over (8 h idle, 24 h in all, signed out, disabled).
    ``quiet``: a page asks by itself, which is no sign that somebody is there."""
    async with pool.acquire() as conn:
        return await store_access.session(conn, token, digest(token), at, quiet=quiet)


async def sign_out(pool: Pool, token: str) -> None:
    """End one session. A session that is over already is no error."""
    async with transaction(pool) as conn:
        staff = await store_access.end_session(conn, digest(token))
        if staff is not None:
            by = Actor("staff", staff.staff_id, staff.role, staff.agency_id)
            await store.record(conn, event(EventKind.SIGNED_OUT, by, staff.staff_id))


async def sign_out_everywhere(pool: Pool, staff_id: UUID, by: Actor) -> int:
    """End all sessions of one's own, or of anybody for an account manager; how many ended. Raises Forbidden."""
    require_own(by, staff_id)
    async with transaction(pool) as conn:
        ended = await store_access.end_sessions(conn, staff_id)
        if ended:
            await store.record(conn, event(EventKind.SIGNED_OUT_EVERYWHERE, by, staff_id, sessions_ended=ended))
    return ended


async def sweep(pool: Pool, at: datetime) -> None:
    """Remove sessions that are over and failures older than a day. For the worker, once an hour or so."""
    async with pool.acquire() as conn:
        await store_access.sweep(conn, at)


# ---------------------------------------------------------------- programs' keys


async def create_token(
    pool: Pool, staff_id: UUID, name: str, scopes: Collection[str], expires_at: datetime | None, by: Actor
) -> str:
    """A key that lets a program act for this account within ``scopes``; shown this once.

    Raises Forbidden, NotFound, Invalid, Conflict when the account is disabled.
    """
    require(by, Permission.MANAGE_ACCOUNTS)
    name, now = nfc(name), datetime.now(UTC)
    problems = []
    if not 1 <= len(name) <= LONGEST_NAME:
        problems.append(Problem("accounts.token_name_bad", {"maximum": LONGEST_NAME}, "name"))
    if not scopes or not SCOPES.issuperset(scopes):
        problems.append(Problem("accounts.token_scopes_bad", field="scopes"))
    if expires_at is not None and expires_at <= now:
        problems.append(Problem("accounts.token_expiry_past", field="expires_at"))
    if problems:
        raise Invalid.many(problems)
    text = f"pa_{secrets.token_urlsafe(32)}"
    token = ApiToken(uuid7(), name, tuple(sorted(set(scopes))), now, None, expires_at, None)
    async with transaction(pool) as conn:
        if not await store_tokens.insert_token(conn, staff_id, token, digest(text)):
            await _known(conn, staff_id)
            raise Conflict("accounts.staff_disabled")
        data = {"token_id": str(token.token_id), "name": name, "scopes": token.scopes}
        await store.record(conn, event(EventKind.TOKEN_CREATED, by, staff_id, **data))
    return text


async def actor_of_token(pool: Pool, token: str, need_scope: str, at: datetime) -> Actor:
    """Whom a program acts for. Raises Unauthenticated (unknown, expired, revoked, disabled), Forbidden (scope)."""
    return (await holder_of_token(pool, token, (need_scope,), at))[0]


async def holder_of_token(pool: Pool, token: str, scopes: Sequence[str], at: datetime) -> tuple[Actor, frozenset[str]]:
    """The same, and all scopes of the key; one of ``scopes`` is enough, the first is named where none is there."""
    async with pool.acquire() as conn:
        found = await store_tokens.actor_of_token(conn, digest(token), at)
    if found is None:
        raise Unauthenticated("accounts.token_bad")
    if found[1].isdisjoint(scopes):
        raise Forbidden("accounts.token_scope_missing", scope=scopes[0])
    return found


async def list_tokens(pool: Pool, staff_id: UUID, by: Actor) -> list[ApiToken]:
    """An account's keys, newest first: one's own, or anybody's for an account manager. Raises Forbidden."""
    require_own(by, staff_id)
    async with pool.acquire() as conn:
        return await store_tokens.tokens(conn, staff_id)


async def revoke_token(pool: Pool, token_id: UUID, by: Actor) -> None:
    """End a key at once. Again is no error. Raises NotFound when it does not exist or is not the caller's business."""
    async with transaction(pool) as conn:
        owner = await store_tokens.owner_of_token(conn, token_id)
        if owner is None or not (may(by, Permission.MANAGE_ACCOUNTS) or (by.kind == "staff" and by.id == owner)):
            raise NotFound("accounts.no_such_token")
        if await store_tokens.revoke_token(conn, token_id):
            await store.record(conn, event(EventKind.TOKEN_REVOKED, by, owner, token_id=str(token_id)))


# ---------------------------------------------------------------- agencies


async def agency(conn: Conn, agency_id: str) -> Agency | None:
    return await store.agency(conn, agency_id) if AGENCY_ID.fullmatch(agency_id) else None


async def agencies(conn: Conn) -> list[Agency]:
    """All of them, closed ones included, in order of their ids."""
    return await store.agencies(conn)


async def agency_names(conn: Conn, ids: Collection[str], lang: Lang = DEFAULT) -> dict[str, str]:
    """Names by id, in Vietnamese where there is no English one; unknown ids are left out."""
    found = await store.agencies_of_ids(conn, list(ids)) if ids else []
    return {a.agency_id: (a.name_en if lang == "en" else "") or a.name for a in found}


async def parent_agency(conn: Conn, agency_id: str) -> str | None:
    """The agency above, or None at the top of the tree."""
    found = await agency(conn, agency_id)
    return found.parent_id if found else None


async def coordinating_agency(conn: Conn) -> str:
    """The operations centre, where what nobody else answers for goes. Raises NotFound when none is open."""
    centre = await store.coordinating_agency(conn)
    if centre is None:
        raise NotFound("accounts.no_operations_centre")
    return centre
