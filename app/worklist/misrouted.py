"""Rules that send wrongly: which rule's reports come back or are handed on, and who has them in the end."""

from datetime import datetime
from itertools import groupby

from app.accounts.model import Actor
from app.accounts.permissions import Permission, may
from app.db import Conn, Pool
from app.errors import Forbidden
from app.worklist import store_misrouted as store
from app.worklist.model import EndedUp, Misrouting, Missent

_LISTED = 200


def may_read(actor: Actor) -> bool:
    """Who looks after the rules, and who reads the figures of the whole province."""
    return may(actor, Permission.MANAGE_RULES) or (may(actor, Permission.READ_STATS) and actor.sees_all)


async def misrouted(pool: Pool, actor: Actor, since: datetime, until: datetime | None = None) -> list[Misrouting]:
    """Each rule that has decided reports since a moment (and before another), those with most wrong ones first. Raises
    Forbidden."""
    if not may_read(actor):
        raise Forbidden("accounts.not_allowed")
    async with pool.acquire() as conn:
        rows = await store.by_rule_and_end(conn, since, until)
    found = []
    for rule, group in groupby(rows, key=lambda row: row["rule"]):
        ends = list(group)
        decided = sum(row["reports"] for row in ends)
        ended_up = tuple(EndedUp(row["ended_up"], row["reports"]) for row in ends if row["ended_up"] is not None)
        wrong = sum(end.reports for end in ended_up)
        returned, transferred, reclassified = (
            sum(row[name] for row in ends) for name in ("returned", "transferred", "reclassified")
        )
        share = wrong / decided
        found.append(Misrouting(rule, decided, returned, transferred, wrong, reclassified, share, ended_up))
    return sorted(found, key=lambda one: (-one.wrong, -one.decided, one.rule_id))


async def of_rule(conn: Conn, actor: Actor, rule: str, since: datetime, until: datetime) -> tuple[list[Missent], int]:
    """The reports that a rule sent wrongly, the latest first, at most two hundred; and how many there are. Raises
    Forbidden."""
    if not may_read(actor):
        raise Forbidden("accounts.not_allowed")
    return await store.missent(conn, rule, since, until, _LISTED)
