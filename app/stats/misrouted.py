"""Rules that send wrongly: which rule's reports come back or are handed on, and who has them in the end."""

from datetime import datetime
from itertools import groupby

from app.accounts.model import Actor
from app.accounts.permissions import Permission, may
from app.db import Conn, Pool
from app.errors import Forbidden
from app.stats import store, store_ways
from app.stats.life import DESK
from app.stats.model import EndedUp, Misrouting, Missent, slot_of

_LISTED = 200


def may_read(actor: Actor) -> bool:
    """Who looks after the rules, and who reads the figures of the whole province."""
    return may(actor, Permission.MANAGE_RULES) or (may(actor, Permission.READ_STATS) and actor.sees_all)


async def misrouted(
    pool: Pool, actor: Actor, desk: str, since: datetime, until: datetime | None = None
) -> list[Misrouting]:
    """Each rule that has decided reports since the half day of a moment (and up to that of another), those with most
    wrong ones first. ``desk``: who has what nobody has been found for. Raises Forbidden."""
    if not may_read(actor):
        raise Forbidden("accounts.not_allowed")
    async with pool.acquire() as conn:
        state = await store.state(conn)
        rows = await store_ways.by_rule_and_end(conn, state, slot_of(since), until)
    found = []
    for rule, group in groupby(rows, key=lambda row: row["rule"]):
        ends = list(group)
        decided = sum(row["reports"] for row in ends)
        ended_up = sorted(
            (
                EndedUp(desk if (agency := state.words.word(row["ended_up"])) == DESK else agency, row["reports"])
                for row in ends
                if row["ended_up"]
            ),
            key=lambda one: (-one.reports, one.agency_id),
        )
        wrong = sum(end.reports for end in ended_up)
        returned, transferred, reclassified = (
            sum(row[name] for row in ends) for name in ("returned", "transferred", "reclassified")
        )
        share = wrong / decided
        found.append(Misrouting(rule, decided, returned, transferred, wrong, reclassified, share, tuple(ended_up)))
    return sorted(found, key=lambda one: (-one.wrong, -one.decided, one.rule_id))


async def of_rule(conn: Conn, actor: Actor, rule: str, since: datetime, until: datetime) -> tuple[list[Missent], int]:
    """The reports that a rule sent wrongly, the latest first, at most two hundred; and how many there are. Raises
    Forbidden."""
    if not may_read(actor):
        raise Forbidden("accounts.not_allowed")
    return await store_ways.missent(conn, await store.state(conn), rule, since, until, _LISTED)
