"""The way in: password, then the second factor where the account has one or its role must have one.

Whatever is guessed, password or code, counts against the name under one lock, and whether a name exists shows neither
in words nor in time.
"""

import secrets
from datetime import datetime
from math import ceil
from typing import Literal, NoReturn

import structlog
from msgspec import Struct, structs

from app.accounts import passwords, store, store_access, store_factors, totp
from app.accounts.keys import USERNAME, digest, event, username_of
from app.accounts.model import Actor, EventKind, Origin, Session, Staff
from app.accounts.passwords import HASHER
from app.accounts.store_access import Attempt, Second
from app.accounts.totp import NO_POLICY, Policy
from app.db import Conn, Pool, transaction
from app.errors import Forbidden, TooMany, Unauthenticated

log = structlog.get_logger(__name__)

_NOWHERE = Origin()


class Begun(Struct, frozen=True):
    """The password was right. ``needs``: a code of the second factor, or that one be set up first. ``token`` proves it
    for ten minutes."""

    token: str
    staff: Staff
    needs: Literal["code", "set_up"]

    def __repr__(self) -> str:
        return f"Begun(staff={self.staff.username!r}, needs={self.needs!r})"


def as_actor(staff: Staff) -> Actor:
    """Somebody acting on their own account; it says nothing about which reports they see."""
    return Actor("staff", staff.staff_id, staff.role, staff.agency_id)


def _locked(until: datetime, at: datetime) -> TooMany:
    seconds = ceil((until - at).total_seconds())
    return TooMany("accounts.locked", retry_after=seconds, minutes=ceil(seconds / 60))


async def _settled(conn: Conn, attempt: Attempt) -> bool:
    """Whether it is as the attempt says. Raises TooMany when the name is locked."""
    as_said, until = await store_access.settle(conn, attempt)
    if until is not None:
        raise _locked(until, attempt.at)
    return as_said


# ---------------------------------------------------------------- the password


async def _password(pool: Pool, username: str, password: str, at: datetime) -> tuple[Staff, Attempt, bool]:
    """Whose name and password these are: (who, the attempt so far, whether a second factor is in use).

    The same work, the same words and the same pauses after the fifth failure whether the name exists, is disabled or
    has another password. Raises Unauthenticated, TooMany.
    """
    name = username_of(username)
    key = digest(name)
    async with pool.acquire() as conn:
        found = await store_access.candidate(conn, name if USERNAME.fullmatch(name) else "", key)
    staff, stored = found.staff, found.password_hash
    attempt = Attempt(key, at, staff.staff_id if staff else None, "locked")
    if found.locked_until and found.locked_until > at:
        async with pool.acquire() as conn:
            await _settled(conn, attempt)
        raise _locked(found.locked_until, at)
    right = await HASHER.verify(stored, password)
    if not (right and stored and staff and staff.active):
        reason = "unknown_username" if staff is None else "wrong_password" if staff.active else "disabled"
        await _refuse(pool, structs.replace(attempt, refusal=reason), "accounts.sign_in_wrong")
    if passwords.outdated(stored):
        fresh = await HASHER.hash(password)
        async with pool.acquire() as conn:
            stored = fresh if await store.renew_hash(conn, staff.staff_id, stored, fresh) else stored
    # "overtaken": locked, disabled or given another password while the hash was being checked
    return staff, structs.replace(attempt, refusal="overtaken", checked=stored), found.has_factor


async def _refuse(pool: Pool, attempt: Attempt, key: str, field: str | None = None) -> NoReturn:
    async with pool.acquire() as conn:
        await _settled(conn, structs.replace(attempt, verdict="wrong"))
    raise Unauthenticated(key, field=field)


async def _open(conn: Conn, staff: Staff, attempt: Attempt, second: Second, origin: Origin) -> Session:
    """Raises Unauthenticated when somebody was faster, TooMany."""
    token, csrf = secrets.token_urlsafe(32), secrets.token_urlsafe(32)
    opening = structs.replace(
        attempt, verdict="right", opens=(digest(token), csrf), second=second, origin=origin, refusal="overtaken"
    )
    if not await _settled(conn, opening):
        raise Unauthenticated("accounts.sign_in_wrong")
    return Session(token, csrf, staff, attempt.at + store_access.ABSOLUTE)


async def _ask(pool: Pool, staff: Staff, attempt: Attempt, needs: Literal["code", "set_up"]) -> Begun:
    token = secrets.token_urlsafe(32)
    async with pool.acquire() as conn:
        if not await _settled(conn, structs.replace(attempt, verdict="asked", begins=digest(token))):
            raise Unauthenticated("accounts.sign_in_wrong")
    return Begun(token, staff, needs)


async def begin(
    pool: Pool, policy: Policy, username: str, password: str, at: datetime, origin: Origin = _NOWHERE
) -> Session | Begun:
    """Open a session, or say what is still missing. Raises Unauthenticated, TooMany."""
    staff, attempt, has_factor = await _password(pool, username, password, at)
    return await _onward(pool, policy, staff, attempt, has_factor, origin)


async def _onward(
    pool: Pool, policy: Policy, staff: Staff, attempt: Attempt, has_factor: bool, origin: Origin
) -> Session | Begun:
    if has_factor:
        return await _ask(pool, staff, attempt, "code")
    if staff.role in policy.required:
        return await _ask(pool, staff, attempt, "set_up")
    async with pool.acquire() as conn:
        return await _open(conn, staff, attempt, Second(), origin)


async def arrive(
    pool: Pool, policy: Policy, staff: Staff, at: datetime, *, strong: bool, origin: Origin = _NOWHERE
) -> Session | Begun:
    """Somebody whom an identity provider has vouched for. ``strong``: it has seen a second factor, and its word is
    taken for that. Raises Unauthenticated, TooMany."""
    attempt = Attempt(digest(staff.username), at, staff.staff_id, "overtaken")
    async with pool.acquire() as conn:
        if strong:
            return await _open(conn, staff, attempt, Second(provider=True), origin)
        has_factor = (await store_factors.factor(conn, staff.staff_id)).secret is not None
    return await _onward(pool, policy, staff, attempt, has_factor, origin)


async def sign_in(
    pool: Pool,
    username: str,
    password: str,
    at: datetime,
    *,
    code: str = "",
    policy: Policy = NO_POLICY,
    origin: Origin = _NOWHERE,
) -> Session:
    """Password and code at once, for programs that ask for both.

    Raises Unauthenticated (``accounts.code_needed``: the password was right, ask for the code), Forbidden when a second
    factor must be set up first, TooMany.
    """
    staff, attempt, has_factor = await _password(pool, username, password, at)
    if has_factor and code:
        second = await _second(pool, policy, staff, code, attempt)
        async with pool.acquire() as conn:
            return await _open(conn, staff, attempt, second, origin)
    if has_factor or staff.role in policy.required:
        async with pool.acquire() as conn:
            await _settled(conn, structs.replace(attempt, verdict="asked"))
        if has_factor:
            raise Unauthenticated("accounts.code_needed", field="one_time_code")
        raise Forbidden("accounts.set_up_first")
    async with pool.acquire() as conn:
        return await _open(conn, staff, attempt, Second(), origin)


# ---------------------------------------------------------------- the second factor


async def _second(pool: Pool, policy: Policy, staff: Staff, code: str, attempt: Attempt) -> Second:
    """What was typed as the second factor. Raises Unauthenticated for anything else, which counts; TooMany."""
    async with pool.acquire() as conn:
        factor = await store_factors.factor(conn, staff.staff_id)
    secret = policy.unseal(staff.staff_id, factor.secret)
    if factor.secret is not None and secret is None:
        log.error("a second factor cannot be read with this secret key", staff_id=str(staff.staff_id))
    step = totp.step_of(secret, code, attempt.at, factor.last_step)
    recovery = None if step is not None else totp.is_recovery_code(code, factor.codes)
    if step is None and recovery is None:
        await _refuse(pool, structs.replace(attempt, refusal="wrong_code"), "accounts.code_wrong", "one_time_code")
    return Second(step, recovery)


async def waiting(pool: Pool, token: str, at: datetime) -> tuple[Begun, Attempt] | None:
    """The sign-in that waits for its second factor; None when it is over."""
    async with pool.acquire() as conn:
        found = await store_access.begun(conn, digest(token), at)
    if found is None:
        return None
    staff, checked, has_factor = found
    attempt = Attempt(digest(staff.username), at, staff.staff_id, "overtaken", checked=checked, ends=digest(token))
    return Begun(token, staff, "code" if has_factor else "set_up"), attempt


async def _waiting(pool: Pool, token: str, at: datetime, needs: str) -> tuple[Staff, Attempt]:
    found = await waiting(pool, token, at)
    if found is None or found[0].needs != needs:
        raise Unauthenticated("accounts.sign_in_over")
    return found[0].staff, found[1]


async def finish(pool: Pool, policy: Policy, token: str, code: str, at: datetime, origin: Origin = _NOWHERE) -> Session:
    """The second half of a sign-in. Raises Unauthenticated (``accounts.sign_in_over``: begin anew), TooMany."""
    staff, attempt = await _waiting(pool, token, at, "code")
    second = await _second(pool, policy, staff, code, attempt)
    async with pool.acquire() as conn:
        return await _open(conn, staff, attempt, second, origin)


async def finish_set_up(
    pool: Pool, policy: Policy, token: str, code: str, at: datetime, origin: Origin = _NOWHERE
) -> tuple[Session, list[str]]:
    """Set up the second factor that the role must have, and open the session: (session, recovery codes).

    Raises Unauthenticated, TooMany.
    """
    staff, attempt = await _waiting(pool, token, at, "set_up")
    async with pool.acquire() as conn:
        factor = await store_factors.factor(conn, staff.staff_id)
    step = totp.step_of(policy.unseal(staff.staff_id, factor.pending), code, at, factor.last_step)
    if step is None or factor.pending is None:
        await _refuse(pool, structs.replace(attempt, refusal="wrong_code"), "accounts.code_wrong", "one_time_code")
    async with transaction(pool) as conn:
        codes = await put_to_use(conn, staff, factor.pending, step - 1, at)
        session = await _open(conn, staff, attempt, Second(step), origin)
    return session, codes


async def put_to_use(conn: Conn, staff: Staff, pending: bytes, last_step: int, at: datetime) -> list[str]:
    """Confirm the proposed secret inside the caller's transaction; gives new recovery codes. Raises Unauthenticated
    when another secret has been proposed meanwhile."""
    if not await store_factors.confirm(conn, staff.staff_id, pending, last_step, at):
        raise Unauthenticated("accounts.code_wrong", field="one_time_code")
    codes = totp.new_recovery_codes()
    await store_factors.replace_codes(conn, staff.staff_id, [totp.recovery_hash(code) for code in codes])
    await store.record(conn, event(EventKind.FACTOR_SET, as_actor(staff), staff.staff_id))
    return codes


async def confirm_password(pool: Pool, staff: Staff, password: str, at: datetime) -> Attempt:
    """Ask the signed-in person once more, before something that an unwatched browser must not do; wrong answers count
    like wrong sign-ins. Raises Unauthenticated, TooMany."""
    try:
        _, attempt, _ = await _password(pool, staff.username, password, at)
    except Unauthenticated:
        raise Unauthenticated("accounts.password_wrong", field="password") from None
    return attempt
