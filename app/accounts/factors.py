"""A member of staff's own second factor: set up, replaced, removed, its recovery codes; and resets by others."""

from datetime import datetime
from uuid import UUID

from msgspec import Struct

from app.accounts import store, store_factors, totp
from app.accounts.entry import as_actor, confirm_password, put_to_use
from app.accounts.keys import event
from app.accounts.model import Actor, EventKind, Staff
from app.accounts.permissions import Permission, require
from app.accounts.totp import Policy
from app.db import Pool, transaction
from app.errors import Conflict, Forbidden, Unauthenticated


class State(Struct, frozen=True):
    """Since when it is in use (None: not), how many recovery codes are left, whether the role must have one."""

    since: datetime | None
    codes_left: int
    required: bool


class Proposal(Struct, frozen=True):
    """A secret to be put into an authenticator app: by typing it, or as the address that a QR code holds."""

    secret: str
    address: str

    def __repr__(self) -> str:
        return "Proposal(...)"


async def state(pool: Pool, policy: Policy, staff: Staff) -> State:
    async with pool.acquire() as conn:
        factor = await store_factors.factor(conn, staff.staff_id)
    return State(factor.since, factor.codes_left, staff.role in policy.required)


async def proposal(pool: Pool, policy: Policy, staff: Staff) -> Proposal | None:
    """The secret that waits for its first code, if there is one."""
    async with pool.acquire() as conn:
        factor = await store_factors.factor(conn, staff.staff_id)
    secret = policy.unseal(staff.staff_id, factor.pending)
    return Proposal(secret, totp.address_of(secret, staff.username)) if secret else None


async def propose(pool: Pool, policy: Policy, staff: Staff) -> Proposal:
    """A new secret. One that is in use stays so until the new one's first code."""
    secret = totp.new_secret()
    async with pool.acquire() as conn:
        await store_factors.propose(conn, staff.staff_id, policy.seal(staff.staff_id, secret))
    return Proposal(secret, totp.address_of(secret, staff.username))


async def proposed(pool: Pool, policy: Policy, staff: Staff) -> Proposal:
    """The secret that waits, or a new one: a page that is loaded again shows the same."""
    return await proposal(pool, policy, staff) or await propose(pool, policy, staff)


async def start(pool: Pool, policy: Policy, staff: Staff, password: str, at: datetime) -> Proposal:
    """Propose a secret to the signed-in person after asking for the password. Raises Unauthenticated, TooMany."""
    await confirm_password(pool, staff, password, at)
    return await propose(pool, policy, staff)


async def confirm(pool: Pool, policy: Policy, staff: Staff, code: str, at: datetime) -> list[str]:
    """The first code of the proposed secret brings it into use; gives the recovery codes, shown this once.

    No guessing here: whoever sees the form has the secret in front of them. Raises Unauthenticated.
    """
    async with pool.acquire() as conn:
        factor = await store_factors.factor(conn, staff.staff_id)
    step = totp.step_of(policy.unseal(staff.staff_id, factor.pending), code, at, 0)
    if step is None or factor.pending is None:
        raise Unauthenticated("accounts.code_wrong", field="one_time_code")
    async with transaction(pool) as conn:
        return await put_to_use(conn, staff, factor.pending, step, at)


async def renew_codes(pool: Pool, staff: Staff, password: str, at: datetime) -> list[str]:
    """New recovery codes instead of the old ones. Raises Unauthenticated, TooMany, Conflict without a factor."""
    await confirm_password(pool, staff, password, at)
    codes = totp.new_recovery_codes()
    async with transaction(pool) as conn:
        if (await store_factors.factor(conn, staff.staff_id)).secret is None:
            raise Conflict("accounts.no_factor")
        await store_factors.replace_codes(conn, staff.staff_id, [totp.recovery_hash(code) for code in codes])
        await store.record(conn, event(EventKind.RECOVERY_CODES_MADE, as_actor(staff), staff.staff_id))
    return codes


async def remove(pool: Pool, policy: Policy, staff: Staff, password: str, at: datetime) -> None:
    """Go without. Raises Unauthenticated, TooMany, Forbidden when the role must have one."""
    if staff.role in policy.required:
        raise Forbidden("accounts.factor_required")
    await confirm_password(pool, staff, password, at)
    async with transaction(pool) as conn:
        if await store_factors.remove(conn, staff.staff_id):
            await store.record(conn, event(EventKind.FACTOR_REMOVED, as_actor(staff), staff.staff_id))


async def reset(pool: Pool, staff_id: UUID, by: Actor) -> bool:
    """Take somebody's lost factor away, by an account manager; whether there was one. Raises Forbidden."""
    require(by, Permission.MANAGE_ACCOUNTS)
    async with transaction(pool) as conn:
        was_there = await store_factors.remove(conn, staff_id)
        if was_there:
            await store.record(conn, event(EventKind.FACTOR_RESET, by, staff_id))
    return was_there
