"""What every page says about itself: who may open it. The guard reads it, the menu follows it, and a test walks all
routes with every role."""

from typing import Any, Literal

from msgspec import Struct

from app.accounts.model import Actor, Role
from app.accounts.permissions import Permission, may


class Who(Struct, frozen=True):
    """``anyone``: also without an account. ``staff``: whoever is signed in, with ``permission`` where one is named;
    ``entering``: also while the password that somebody else gave them is still to be changed."""

    kind: Literal["anyone", "staff"]
    permission: Permission | None = None
    entering: bool = False

    def includes(self, actor: Actor) -> bool:
        return self.permission is None or may(actor, self.permission)

    @property
    def roles(self) -> frozenset[Role]:
        """The roles that are let in; for anyone, all of them."""
        return frozenset(role for role in Role if self.includes(Actor("staff", role=role)))


ANYONE = Who("anyone")
SIGNED_IN = Who("staff")
ENTERING = Who("staff", entering=True)
RULES = Who("staff", Permission.MANAGE_RULES)
ACCOUNTS = Who("staff", Permission.MANAGE_ACCOUNTS)


def page(who: Who, *, status: int = 200) -> dict[str, Any]:
    """Keyword arguments for a Litestar route decorator."""
    return {"opt": {"page": who}, "status_code": status}
