"""What every page says about itself: who may open it. The guard reads it, the menu follows it, and a test walks all
routes with every role."""

from typing import Any, Literal

from msgspec import Struct

from app.accounts.model import Actor, Role
from app.accounts.permissions import Permission, may


class Who(Struct, frozen=True):
    """``anyone``: also without an account. ``staff``: whoever is signed in, with ``permission`` where one is named, or
    with ``everywhere`` for the whole province; ``entering``: also while the password that somebody else gave them is
    still to be changed."""

    kind: Literal["anyone", "staff"]
    permission: Permission | None = None
    everywhere: Permission | None = None
    entering: bool = False

    def includes(self, actor: Actor) -> bool:
        return (
            self.permission is None
            or may(actor, self.permission)
            or (self.everywhere is not None and actor.sees_all and may(actor, self.everywhere))
        )

    @property
    def roles(self) -> frozenset[Role]:
        """The roles that are let in; for anyone, all of them."""
        return frozenset(role for role in Role if self.includes(Actor("staff", role=role)))


ANYONE = Who("anyone")
SIGNED_IN = Who("staff")
ENTERING = Who("staff", entering=True)
QUEUE = Who("staff", Permission.READ_QUEUE)
RULES = Who("staff", Permission.MANAGE_RULES)
RULE_FIGURES = Who("staff", Permission.MANAGE_RULES, everywhere=Permission.READ_STATS)
"""Who looks after the rules, and who reads the whole province's figures: coordinators and leaders. As for the API."""
CASES = Who("staff", Permission.READ_REPORT)
"""Cases; which of them, ``Actor.may_see`` says."""
DESK = Who("staff", Permission.KEEP_DESK)
LOOKS = Who("staff", Permission.MANAGE_ACCOUNTS, everywhere=Permission.KEEP_DESK)
"""Who watches over looks at reporters' identities: coordinators, and whoever looks after accounts."""
SYSTEM = Who("staff", Permission.MANAGE_SYSTEM)
WORDS = Who("staff", Permission.MANAGE_WORDS)
WALL = Who("staff", Permission.MANAGE_WALL)
ACCOUNTS = Who("staff", Permission.MANAGE_ACCOUNTS)
TEMPLATES = Who("staff", Permission.MANAGE_TEMPLATES)
STATS = Who("staff", Permission.READ_STATS)
"""Figures; whose, ``app.stats.rights`` says."""
LEADERS = Who("staff", Permission.GIVE_DIRECTIONS)


def page(who: Who, *, status: int = 200, uploads: bool = False, quiet: bool = False) -> dict[str, Any]:
    """Keyword arguments for a Litestar route decorator. ``uploads``: its form takes photos and files, and the handler
    closes it. ``quiet``: open pages ask for it by themselves now and then, which keeps no session alive."""
    return {"opt": {"page": who, "uploads": uploads, "quiet": quiet}, "status_code": status}
