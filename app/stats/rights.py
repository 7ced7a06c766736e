"""Whose figures a member of staff may read. Every way to figures goes through here: pages, files, the API."""

from msgspec import structs

from app.accounts.model import Actor
from app.accounts.permissions import Permission, require
from app.errors import Forbidden
from app.stats.asked import Asked


def narrowed(actor: Actor, asked: Asked) -> Asked:
    """The question within the actor's rights: a lead's agencies are the own one and those below it, and limits of
    categories and communes hold for everybody. Raises Forbidden without the permission, or when others are asked for.
    """
    require(actor, Permission.READ_STATS)
    return structs.replace(
        asked,
        agencies=asked.agencies if actor.sees_all else _within(asked.agencies, actor.agencies, required=True),
        categories=_within(asked.categories, actor.categories),
        communes=_within(asked.communes, actor.communes),
    )


def _within(wanted: tuple[str, ...], allowed: frozenset[str], *, required: bool = False) -> tuple[str, ...]:
    """``required``: an empty limit allows nothing; otherwise everything."""
    if not allowed and not required:
        return wanted
    if not allowed or not set(wanted) <= allowed:
        raise Forbidden("stats.outside")
    return wanted or tuple(sorted(allowed))
