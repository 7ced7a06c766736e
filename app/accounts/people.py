"""A member of staff as somebody wants them to be: checked, added, changed."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from uuid import UUID

import asyncpg
from msgspec import Struct, structs

from app.accounts import store, store_access
from app.accounts.keys import USERNAME, event, username_of
from app.accounts.model import Actor, EventKind, Role, Staff
from app.accounts.permissions import Permission, require
from app.db import Conn, Pool, transaction
from app.errors import Conflict, Invalid, NotFound, Problem
from app.i18n.text import nfc

AGENCY_ID = re.compile(r"[a-z0-9][a-z0-9-]{1,62}")
LONGEST_NAME = 100
_EMAIL = re.compile(r"[^@\s]{1,64}@[^@\s]+\.[^@\s]+")
_LONGEST_EMAIL = 200


class Limits(Struct, frozen=True):
    """The categories and communes that somebody sees; empty: all of their agencies'."""

    categories: tuple[str, ...] = ()
    communes: tuple[str, ...] = ()


NO_LIMITS = Limits()


class Wanted(Struct, frozen=True):
    """What is typed into a form or a line of an import."""

    username: str
    full_name: str
    agency_id: str
    role: Role
    email: str = ""
    limits: Limits = NO_LIMITS

    def cleaned(self) -> "Wanted":
        limits = Limits(*(tuple(sorted(set(each))) for each in (self.limits.categories, self.limits.communes)))
        return structs.replace(
            self,
            username=username_of(self.username),
            full_name=nfc(self.full_name),
            email=nfc(self.email).lower(),
            limits=limits,
        )

    def problems(self) -> list[Problem]:
        """What is wrong with the words themselves."""
        problems = []
        if not USERNAME.fullmatch(self.username):
            problems.append(Problem("accounts.username_bad", field="username"))
        if not 1 <= len(self.full_name) <= LONGEST_NAME:
            problems.append(Problem("accounts.full_name_bad", {"maximum": LONGEST_NAME}, "full_name"))
        if self.email and (len(self.email) > _LONGEST_EMAIL or not _EMAIL.fullmatch(self.email)):
            problems.append(Problem("accounts.email_bad", field="email"))
        return problems

    def staff(self, staff_id: UUID, *, temporary: bool = False) -> Staff:
        return Staff(
            staff_id,
            self.username,
            self.full_name,
            self.role,
            self.agency_id,
            True,
            self.email,
            self.limits.categories,
            self.limits.communes,
            temporary,
        )


@contextmanager
def uniqueness(wanted: Wanted) -> Iterator[None]:
    """User names and e-mail addresses belong to one account. Raises Conflict."""
    try:
        yield
    except asyncpg.UniqueViolationError as error:
        if error.constraint_name == "staff_email":
            raise Conflict("accounts.email_taken", field="email", email=wanted.email) from None
        raise Conflict("accounts.username_taken", field="username", username=wanted.username) from None


def _facts(staff: Staff) -> dict[str, object]:
    """What the record keeps of an account; e-mail addresses are personal and stay out of what is kept for ever."""
    return {
        "role": staff.role,
        "agency": staff.agency_id,
        "categories": list(staff.categories),
        "communes": list(staff.communes),
    }


async def add(conn: Conn, staff: Staff, password_hash: str, by: Actor) -> None:
    """Inside the caller's transaction. Raises Invalid for an unknown agency, asyncpg.UniqueViolationError."""
    if not (AGENCY_ID.fullmatch(staff.agency_id) and await store.insert_staff(conn, staff, password_hash)):
        raise Invalid("accounts.agency_unknown", field="agency_id", agency=staff.agency_id[:63])
    data = {name: value for name, value in _facts(staff).items() if value}
    await store.record(conn, event(EventKind.STAFF_CREATED, by, staff.staff_id, username=staff.username, **data))


async def change(conn: Conn, before: Staff, after: Staff, by: Actor) -> bool:
    """Inside the caller's transaction; whether anything was different.

    Sessions end when role or agency change: what is on somebody's screen was made for another person's rights. Raises
    Invalid for an unknown agency, Conflict when an administrator would take the role from themselves.
    """
    told = {"full_name", "email"}
    changed = {name for name in told if getattr(before, name) != getattr(after, name)}
    then, now = _facts(before), _facts(after)
    facts = {name: [then[name], now[name]] for name in now if then[name] != now[name]}
    if not changed and not facts:
        return False
    if before.staff_id == by.id and before.role is not after.role:
        raise Conflict("accounts.not_your_role", field="role")
    if not (AGENCY_ID.fullmatch(after.agency_id) and await store.update_staff(conn, before, after)):
        raise Invalid("accounts.agency_unknown", field="agency_id", agency=after.agency_id[:63])
    if {"role", "agency"} & set(facts):
        await store_access.end_sessions(conn, before.staff_id)
    data = {"fields": sorted(changed), **facts}
    await store.record(conn, event(EventKind.STAFF_CHANGED, by, before.staff_id, **data))
    return True


async def update_staff(pool: Pool, staff_id: UUID, wanted: Wanted, by: Actor) -> bool:
    """Name, e-mail, agency, role and limits become those that are wanted; the user name stays. Again is no error.

    Raises Forbidden, NotFound, Invalid (every bad field at once), Conflict.
    """
    require(by, Permission.MANAGE_ACCOUNTS)
    wanted = wanted.cleaned()
    if problems := [problem for problem in wanted.problems() if problem.field != "username"]:
        raise Invalid.many(problems)
    with uniqueness(wanted):
        async with transaction(pool) as conn:
            before = await store.staff_of_id(conn, staff_id, lock=True)
            if before is None:
                raise NotFound("accounts.no_such_staff")
            after = structs.replace(
                wanted.staff(staff_id, temporary=before.password_temporary),
                username=before.username,
                active=before.active,
            )
            return await change(conn, before, after, by)
