"""What the calls about partners and about webhooks share."""

from uuid import UUID

from app.accounts import service as accounts
from app.accounts.model import Role
from app.accounts.permissions import ALLOWED, Permission
from app.api.context import Req, context, staff
from app.api.declare import Who
from app.errors import NotFound

SYSTEM_KEEPER = Who("staff", frozenset(role for role in Role if Permission.MANAGE_SYSTEM in ALLOWED[role]))


def id_of(said: str, gone: str) -> UUID:
    try:
        return UUID(said)
    except ValueError:
        raise NotFound(gone) from None


async def signature(request: Req) -> str:
    """The caller in words, for records that outlive the account."""
    who = staff(request)
    async with context(request).parts.pool.acquire() as conn:
        known = await accounts.staff_known(conn, who.id) if who.id else None
    return f"{known.full_name} ({known.username})" if known else ""
