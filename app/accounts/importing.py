"""Staff from a table (CSV): every mistake named by its line at once, then all of it in one transaction or nothing.

Taking the same table again changes nothing. Accounts that the table does not name are left alone: somebody who has gone
is disabled by hand or by the column ``active``.
"""

import csv
import io
from collections.abc import Collection, Mapping
from typing import Literal

import asyncpg
from msgspec import Struct, structs
from uuid_utils.compat import uuid7

from app.accounts import passwords, people, store, store_access, store_tokens
from app.accounts.keys import digest, event
from app.accounts.model import Actor, EventKind, Role, Staff
from app.accounts.passwords import HASHER
from app.accounts.people import Limits, Wanted
from app.accounts.permissions import Permission, require
from app.db import Conn, Pool, transaction
from app.errors import Conflict, Invalid, Problem
from app.i18n import LANGS, Lang, t
from app.i18n.text import fold, nfc

MOST_LINES = 2000
_LONGEST = 2 << 20
COLUMNS = ("username", "full_name", "agency", "role", "email", "categories", "communes", "active")
_NEEDED = COLUMNS[:4]
_ALSO_CALLED = {
    "ten dang nhap": "username",
    "ho ten": "full_name",
    "ho va ten": "full_name",
    "co quan": "agency",
    "ma co quan": "agency",
    "vai tro": "role",
    "thu dien tu": "email",
    "linh vuc": "categories",
    "xa phuong": "communes",
    "hoat dong": "active",
}
_YES, _NO = {"", "yes", "true", "1", "co"}, {"no", "false", "0", "khong"}


class Known(Struct, frozen=True):
    """What a table may name: open agencies, categories, communes by their codes."""

    agencies: Collection[str]
    categories: Collection[str]
    communes: Collection[str]

    def problems(self, agency_id: str, limits: Limits) -> list[Problem]:
        """What is named but does not exist; also for forms."""
        problems = []
        if not agency_id:
            problems.append(Problem("accounts.agency_missing", field="agency_id"))
        elif agency_id not in self.agencies:
            problems.append(Problem("accounts.agency_unknown", {"agency": agency_id[:63]}, "agency_id"))
        strange = [each for each in limits.categories if each not in self.categories]
        if strange:
            problems.append(Problem("accounts.category_unknown", {"category": strange[0][:63]}, "categories"))
        strange = [each for each in limits.communes if each not in self.communes]
        if strange:
            problems.append(Problem("accounts.commune_unknown", {"commune": strange[0][:63]}, "communes"))
        return problems


class LineProblem(Struct, frozen=True):
    """``line`` counts as spreadsheets do: the first is the heading."""

    line: int
    problem: Problem


class Unusable(Invalid):
    """The table has mistakes; ``lines`` has all of them."""

    def __init__(self, lines: list[LineProblem]) -> None:
        super().__init__(lines[0].problem.key)
        self.lines = lines
        self.problems = tuple(each.problem for each in lines)

    def told(self, lang: Lang) -> list[str]:
        """One sentence a mistake, with its line."""
        return [
            t("accounts.import_line", lang, line=each.line, said=t(each.problem.key, lang, **each.problem.params))
            for each in self.lines
        ]


class Row(Struct, frozen=True):
    """``silent``: columns that the table does not have; of these an account keeps what it has."""

    line: int
    wanted: Wanted
    active: bool
    silent: frozenset[str] = frozenset()


class Outcome(Struct, frozen=True):
    """What became, or would become, of a line. ``password``: of a new account, once."""

    line: int
    username: str
    full_name: str
    what: Literal["new", "changed", "same"]
    password: str | None = None

    def __repr__(self) -> str:
        return f"Outcome(line={self.line}, what={self.what!r})"


# ---------------------------------------------------------------- reading


def _roles() -> dict[str, Role]:
    """Roles by their ids and by their names in both languages."""
    named = {fold(t(f"api.role_{role.value}", lang)): role for role in Role for lang in LANGS}
    return named | {role.value: role for role in Role}


def _table(data: bytes) -> tuple[list[str], list[tuple[int, list[str]]]]:
    """Heading and lines. Spreadsheets in Vietnam separate by semicolons and begin with a byte-order mark."""
    if len(data) > _LONGEST:
        raise Unusable([LineProblem(1, Problem("accounts.import_long", {"most": MOST_LINES}))])
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise Unusable([LineProblem(1, Problem("accounts.import_not_utf8"))]) from None
    first = text.partition("\n")[0]
    separator = max(",;\t", key=first.count)
    try:
        reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
        head = next(reader, [])
        lines = [(reader.line_num, cells) for cells in reader if any(cell.strip() for cell in cells)]
    except csv.Error:
        raise Unusable([LineProblem(reader.line_num, Problem("accounts.import_broken"))]) from None
    if not lines:
        raise Unusable([LineProblem(1, Problem("accounts.import_empty"))])
    if len(lines) > MOST_LINES:
        raise Unusable([LineProblem(MOST_LINES + 2, Problem("accounts.import_long", {"most": MOST_LINES}))])
    names = [fold(name).replace("_", " ") for name in head]
    known = {column.replace("_", " "): column for column in COLUMNS} | _ALSO_CALLED
    columns = [known.get(name, "") for name in names]
    problems = [
        LineProblem(1, Problem("accounts.import_column_strange", {"column": nfc(title)[:40]}))
        for title, column in zip(head, columns, strict=True)
        if not column
    ]
    for column in COLUMNS:
        if columns.count(column) > 1:
            problems.append(LineProblem(1, Problem("accounts.import_column_twice", {"column": column})))
        if column in _NEEDED and column not in columns:
            problems.append(LineProblem(1, Problem("accounts.import_column_missing", {"column": column})))
    if problems:
        raise Unusable(problems)
    return columns, lines


def _list(text: str) -> tuple[str, ...]:
    return tuple(word for word in text.replace(",", " ").replace(";", " ").replace("|", " ").split() if word)


def read(data: bytes, known: Known) -> list[Row]:
    """The table's lines, checked. Raises Unusable."""
    columns, lines = _table(data)
    roles, seen = _roles(), {"username": dict[str, int](), "email": dict[str, int]()}
    rows, problems = [], []
    for line, cells in lines:
        if len(cells) > len(columns):
            problems.append(LineProblem(line, Problem("accounts.import_cells", {"most": len(columns)})))
            continue
        cell = dict(zip(columns, (nfc(each) for each in cells), strict=False))
        row, wrong = _row(line, cell, columns, roles, known)
        wrong += _twice(row, seen)
        rows.append(row)
        problems += [LineProblem(line, problem) for problem in wrong]
    if problems:
        raise Unusable(problems)
    return rows


def _row(
    line: int, cell: Mapping[str, str], columns: Collection[str], roles: Mapping[str, Role], known: Known
) -> tuple[Row, list[Problem]]:
    role, active = roles.get(fold(cell.get("role", ""))), fold(cell.get("active", ""))
    limits = Limits(_list(cell.get("categories", "")), _list(cell.get("communes", "")))
    wanted = Wanted(
        cell.get("username", ""),
        cell.get("full_name", ""),
        cell.get("agency", ""),
        role or Role.OFFICER,
        cell.get("email", ""),
        limits,
    ).cleaned()
    problems = [*wanted.problems(), *known.problems(wanted.agency_id, wanted.limits)]
    if role is None:
        problems.append(Problem("accounts.role_unknown", {"role": cell.get("role", "")[:40]}, "role"))
    if active not in _YES | _NO:
        problems.append(Problem("accounts.import_yes_no", {"typed": cell["active"][:40]}, "active"))
    silent = frozenset(COLUMNS) - frozenset(columns)
    return Row(line, wanted, active not in _NO, silent), problems


def _twice(row: Row, seen: dict[str, dict[str, int]]) -> list[Problem]:
    problems = []
    for name, lines in seen.items():
        value = getattr(row.wanted, name)
        if value and lines.setdefault(value, row.line) != row.line:
            problems.append(Problem("accounts.import_twice", {"value": value, "line": lines[value]}, name))
    return problems


# ---------------------------------------------------------------- taking


async def preview(pool: Pool, data: bytes, known: Known, by: Actor) -> list[Outcome]:
    """What taking the table would do; writes nothing. Raises Forbidden, Unusable."""
    require(by, Permission.MANAGE_ACCOUNTS)
    rows = read(data, known)
    async with pool.acquire() as conn:
        before = await _before(conn, rows, by)
    return [_outcome(row, before.get(row.wanted.username)) for row in rows]


async def take(pool: Pool, data: bytes, known: Known, by: Actor) -> list[Outcome]:
    """Take the table, all of it or nothing. Raises Forbidden, Unusable, Conflict when somebody changed an account at
    the same time."""
    require(by, Permission.MANAGE_ACCOUNTS)
    rows = read(data, known)
    async with pool.acquire() as conn:
        before = await _before(conn, rows, by)
    # One hash after the other, before the transaction: a long table must not keep other people from signing in.
    fresh = {}
    for row in rows:
        if row.wanted.username not in before:
            password = passwords.generate()
            fresh[row.wanted.username] = (password, await HASHER.hash(password))
    try:
        async with transaction(pool) as conn:
            return [await _take(conn, row, fresh.get(row.wanted.username), by) for row in rows]
    except asyncpg.UniqueViolationError:
        raise Conflict("accounts.import_overtaken") from None


async def _before(conn: Conn, rows: list[Row], by: Actor) -> dict[str, Staff]:
    """Accounts of the table's user names. Raises Unusable for what only the database can tell."""
    everybody = await store.all_staff(conn)
    names = {row.wanted.username for row in rows}
    # Who has an address after the table is taken: whoever it names keeps none that it gives to another.
    owner = {each.email: each.username for each in everybody if each.email and each.username not in names}
    problems = [
        LineProblem(row.line, Problem("accounts.email_taken", {"email": row.wanted.email}, "email"))
        for row in rows
        if row.wanted.email and owner.get(row.wanted.email, row.wanted.username) != row.wanted.username
    ]
    for row in rows:
        mine = next((each for each in everybody if each.username == row.wanted.username), None)
        if mine is not None and mine.staff_id == by.id:
            if not row.active and "active" not in row.silent:
                problems.append(LineProblem(row.line, Problem("accounts.not_yourself", field="active")))
            if mine.role is not row.wanted.role:
                problems.append(LineProblem(row.line, Problem("accounts.not_your_role", field="role")))
    if problems:
        raise Unusable(sorted(problems, key=lambda each: each.line))
    return {each.username: each for each in everybody if each.username in names}


def _after(row: Row, before: Staff) -> Staff:
    after = structs.replace(row.wanted.staff(before.staff_id, temporary=before.password_temporary), active=row.active)
    kept = {name: getattr(before, name) for name in row.silent}
    return structs.replace(after, **kept)


def _outcome(row: Row, before: Staff | None, password: str | None = None) -> Outcome:
    what: Literal["new", "changed", "same"] = "new"
    if before is not None:
        what = "same" if _after(row, before) == before else "changed"
    return Outcome(row.line, row.wanted.username, row.wanted.full_name, what, password)


async def _take(conn: Conn, row: Row, fresh: tuple[str, str] | None, by: Actor) -> Outcome:
    before = await store.staff_of_username(conn, row.wanted.username, lock=True)
    if before is None:
        if fresh is None:  # was there a moment ago
            raise Conflict("accounts.import_overtaken")
        password, password_hash = fresh
        staff = row.wanted.staff(uuid7(), temporary=True)
        await people.add(conn, staff, password_hash, by)
        if not row.active:
            await _switch(conn, staff, active=False, by=by)
        return _outcome(row, None, password)
    after = _after(row, before)
    await people.change(conn, before, after, by)
    if before.active is not after.active:
        await _switch(conn, before, active=after.active, by=by)
    return _outcome(row, before)


async def _switch(conn: Conn, staff: Staff, *, active: bool, by: Actor) -> None:
    await store.switch(conn, staff.staff_id, active)
    if active:
        await store_access.unlock(conn, digest(staff.username))
        await store.record(conn, event(EventKind.STAFF_ENABLED, by, staff.staff_id))
        return
    sessions = await store_access.end_sessions(conn, staff.staff_id)
    keys = await store_tokens.revoke_tokens(conn, staff.staff_id)
    entry = event(EventKind.STAFF_DISABLED, by, staff.staff_id, sessions_ended=sessions, tokens_revoked=keys)
    await store.record(conn, entry)
