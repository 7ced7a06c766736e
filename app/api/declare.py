"""What every route says about itself: who may call it, what it takes, what it answers.

One declaration serves three readers: the guard that lets callers in, the OpenAPI document, and the test that walks all
routes and tries the wrong people.
"""

from typing import Any, Literal

from msgspec import Struct

from app.accounts.model import Role
from app.accounts.permissions import ALLOWED, Permission
from app.errors import AppError

PROBLEM = "application/problem+json"


class Who(Struct, frozen=True):
    """Who may call a route.

    ``reporter``: whoever has the report's tracking secret. ``house``: callers from the own network, see
    ``app.addresses``. ``staff``: signed in with one of ``roles``; ``by_hand``: in a browser, not through a
    program's key.
    """

    kind: Literal["anyone", "reporter", "house", "staff"]
    roles: frozenset[Role] = frozenset()
    by_hand: bool = False


ANYONE = Who("anyone")
REPORTER = Who("reporter")
HOUSE = Who("house")
ALL_STAFF = Who("staff", frozenset(Role))
CASE_STAFF = Who("staff", frozenset(Role) - {Role.ADMINISTRATOR})
COORDINATOR = Who("staff", frozenset({Role.COORDINATOR}))
RULE_READER = Who("staff", frozenset({Role.COORDINATOR, Role.LEADER, Role.ADMINISTRATOR}))
ACCOUNT_MANAGER = Who("staff", frozenset({Role.ADMINISTRATOR}), by_hand=True)

STATS_READER = Who("staff", frozenset(role for role in Role if Permission.READ_STATS in ALLOWED[role]))

Group = Literal["report", "follow", "look_up", "session", "case", "figures", "programs", "outward", "operations"]


class Header(Struct, frozen=True):
    """A header; what it means is ``calls.field_<name>`` in the catalogues, for those of answers
    ``calls.header_<name>``."""

    name: str
    example: str
    required: bool = False


IDEMPOTENCY_KEY = Header("Idempotency-Key", "0b8b4a52-5e0c-4c3e-9a51-0f2f6f0f7a11")
SECRET = Header("X-Tracking-Secret", "kQ3vJt8rYb1mZx5LwN0sPa7e")
ETAG = Header("If-None-Match", '"1f0c9a7be2"')
RANGE = Header("Range", "bytes=1048576-")


class Call(Struct, frozen=True, kw_only=True):
    """A route's declaration, kept in its ``opt``. Its name and what it does are ``calls.<function>``
    and ``calls.<function>_says`` in the catalogues; its fields' meanings ``calls.field_<name>``.

    ``query``, ``body``, ``answer``: struct types, None where there is none; a body with ``photos`` may come as
    multipart, with ``files`` it may bring other files too. ``takes``: media type of a body that is bytes. ``gives``:
    headers of the answer. ``raw``: media type of an answer that is no JSON, or those it may have. ``also``: other
    statuses with the same answer. ``example``: (body, answer). ``errors``: what may go wrong beyond what every route of
    this kind has in common. ``listed``: whether the description names it. ``scopes``: of a program's key, any of which
    does as well as ``read`` or ``write``.
    """

    who: Who
    group: Group
    status: int = 200
    also: tuple[int, ...] = ()
    query: type[Struct] | None = None
    headers: tuple[Header, ...] = ()
    body: Any = None
    photos: bool = False
    files: bool = False
    takes: str | None = None
    gives: tuple[Header, ...] = ()
    answer: Any = None
    raw: str | tuple[str, ...] = ()
    example: tuple[Any, Any] = (None, None)
    errors: tuple[AppError, ...] = ()
    listed: bool = True
    scopes: tuple[str, ...] = ()


def call(who: Who, group: Group, *, status: int = 200, **more: Any) -> dict[str, Any]:
    """Keyword arguments for a Litestar route decorator."""
    declared = Call(who=who, group=group, status=status, **more)
    return {"opt": {"call": declared}, "status_code": status}
