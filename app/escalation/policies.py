"""Agencies' own rules of whom to warn: read as they hold, set, and given up in favour of those from above."""

from datetime import UTC, datetime

import msgspec
from msgspec import Struct

from app.accounts import oversight
from app.accounts import service as accounts
from app.accounts.model import Actor, Agency, EventKind, Role
from app.accounts.permissions import Permission, require
from app.db import Conn, Pool, transaction
from app.errors import Forbidden, Invalid, NotFound, Problem
from app.escalation import store
from app.escalation.model import PEOPLE_MOST, STEPS, Policy
from app.escalation.service import policy_of

_EVERY_AGENCY = frozenset({Role.COORDINATOR, Role.ADMINISTRATOR})


class Held(Struct, frozen=True):
    """An agency and whose rules hold for it: its own, those of one above (by id), None for the usual ones."""

    agency: Agency
    whose: str | None


def _check(by: Actor, agency_id: str) -> None:
    """Coordinators and administrators for every agency, leads for theirs. Raises Forbidden."""
    require(by, Permission.MANAGE_ESCALATION)
    if by.kind == "staff" and by.role not in _EVERY_AGENCY and agency_id not in by.agencies:
        raise Forbidden("accounts.not_allowed")


async def overview(conn: Conn, by: Actor) -> list[Held]:
    """The agencies that are this person's to set rules for, by name. Raises Forbidden."""
    require(by, Permission.MANAGE_ESCALATION)
    agencies = {one.agency_id: one for one in await accounts.agencies(conn)}
    own = set(await store.with_policy(conn))

    def whose(agency_id: str | None) -> str | None:
        seen: set[str] = set()
        while agency_id is not None and agency_id not in own and agency_id not in seen:
            seen.add(agency_id)
            agency_id = agencies[agency_id].parent_id
        return agency_id if agency_id in own else None

    theirs = [one for one in agencies.values() if one.active]
    if by.role not in _EVERY_AGENCY:
        theirs = [one for one in theirs if one.agency_id in by.agencies]
    return [Held(one, whose(one.agency_id)) for one in sorted(theirs, key=lambda one: one.name)]


async def holding(conn: Conn, agency_id: str, by: Actor) -> tuple[Agency, Policy, str | None]:
    """The agency, the rules that hold for it, and whose they are. Raises Forbidden, NotFound."""
    _check(by, agency_id)
    agency = await accounts.agency(conn, agency_id)
    if agency is None:
        raise NotFound("accounts.agency_unknown", agency=agency_id[:63])
    return agency, *await policy_of(conn, agency_id)


async def set_policy(pool: Pool, agency_id: str, policy: Policy, by: Actor) -> None:
    """These rules hold from now on, for agencies below without any as well. Raises Forbidden, NotFound, Invalid."""
    problems = []
    if any((step.clock, step.level) not in STEPS or not step.to for step in policy.steps):
        problems.append(Problem("escalation.steps_wrong", field="steps"))
    if len(policy.people) > PEOPLE_MOST:
        problems.append(Problem("escalation.people_many", {"most": PEOPLE_MOST}, "people"))
    if policy.quiet is not None and policy.quiet[0] == policy.quiet[1]:
        problems.append(Problem("escalation.quiet_wrong", field="quiet"))
    async with transaction(pool) as conn:
        await holding(conn, agency_id, by)
        if problems:
            raise Invalid.many(problems)
        await store.set_policy(conn, agency_id, msgspec.to_builtins(policy), datetime.now(UTC), by.id)
        await oversight.note(conn, EventKind.ESCALATION_CHANGED, by, agency=agency_id)


async def give_up(pool: Pool, agency_id: str, by: Actor) -> None:
    """The rules from above hold again. Again is no error. Raises Forbidden, NotFound."""
    async with transaction(pool) as conn:
        await holding(conn, agency_id, by)
        if await store.drop_policy(conn, agency_id):
            await oversight.note(conn, EventKind.ESCALATION_GIVEN_UP, by, agency=agency_id)
