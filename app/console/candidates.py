"""Rules files that were handed in, kept by the hash of their bytes, and what a check says of them."""

import asyncio
import hashlib
import re
from collections import Counter, OrderedDict
from collections.abc import Sequence
from datetime import datetime

from msgspec import Struct

from app.accounts import service as accounts
from app.db import Pool
from app.errors import NotFound
from app.places.gazetteer import Gazetteer
from app.routing.check import Findings, check
from app.routing.diff import Difference, differences
from app.routing.files import FILE_NAME
from app.routing.problems import RuleProblem, RulesError
from app.routing.ruleset import RuleSet
from app.wiring import Parts, load_candidate

_SHOWN = 5
_REMEMBERED = 4
_LINE_MOST = 120
_HASH = re.compile(r"[0-9a-f]{64}")
_MARK = re.compile(r"^#:::: file (\S.*?) ::::$", re.MULTILINE)
_INCLUDES = re.compile(r"^include\s*:", re.MULTILINE)


class Kept(Struct, frozen=True):
    hash: str
    name: str
    by: str
    at: datetime


class Candidate(Struct, frozen=True):
    kept: Kept
    source: bytes


class Noted(Struct, frozen=True):
    """A mistake or a warning with the line it is about. ``before``, ``at``, ``after``: that line, parted where the
    mistake begins."""

    problem: RuleProblem
    before: str
    at: str
    after: str


class Checked(Struct, frozen=True):
    """``rules`` None: there are ``mistakes`` and nothing else can be said. ``against``: the version in force that
    ``changes`` start from."""

    against: str
    rules: RuleSet | None
    mistakes: tuple[Noted, ...] = ()
    warnings: tuple[Noted, ...] = ()
    findings: Findings = Findings((), ())
    changes: tuple[Difference, ...] = ()


# ---------------------------------------------------------------- keeping


async def keep(pool: Pool, source: bytes, name: str, by: str) -> str:
    """Keep these bytes for a month or more and give their hash. The same bytes again are the same candidate."""
    async with pool.acquire() as conn:
        await conn.execute("DELETE FROM rule_candidates WHERE kept_at < now() - interval '90 days'")
        kept = await conn.fetchval(
            """
            INSERT INTO rule_candidates (hash, source, name, kept_by) VALUES ($1, $2, $3, $4)
            ON CONFLICT (hash) DO UPDATE SET name = excluded.name, kept_by = excluded.kept_by, kept_at = now()
            RETURNING hash
            """,
            hashlib.sha256(source).hexdigest(),
            source,
            name,
            by,
        )
    return str(kept)


async def candidate(pool: Pool, wanted: str) -> Candidate:
    """Raises NotFound."""
    async with pool.acquire() as conn:
        row = (
            await conn.fetchrow("SELECT * FROM rule_candidates WHERE hash = $1", wanted)
            if _HASH.fullmatch(wanted)
            else None
        )
    if row is None:
        raise NotFound("console.candidate_gone")
    return Candidate(Kept(row["hash"], row["name"], row["kept_by"], row["kept_at"]), row["source"])


async def recent(pool: Pool) -> list[Kept]:
    """The last few, newest first."""
    async with pool.acquire() as conn:
        rows = await conn.fetch(
            "SELECT hash, name, kept_by, kept_at FROM rule_candidates ORDER BY kept_at DESC LIMIT $1", _SHOWN
        )
    return [Kept(*row.values()) for row in rows]


def with_includes(data: bytes, active: str) -> bytes:
    """A main file alone, together with the files it includes as they are in the rules in force."""
    try:
        text = data.decode("utf-8-sig").replace("\r\n", "\n")
    except UnicodeDecodeError:
        return data
    held = _MARK.search(active)
    if held is None or _MARK.search(text) or not _INCLUDES.search(text):
        return data
    return f"{text.rstrip()}\n{active[held.start() :]}".encode()


# ---------------------------------------------------------------- checking


class Checks:
    """The last few candidates looked at, so that a page with a progress bar does not check its file again and again."""

    def __init__(self) -> None:
        self._known: OrderedDict[tuple[str, str, str], Checked] = OrderedDict()

    async def of(self, parts: Parts, found: Candidate, active: RuleSet, *, fresh: bool = False) -> Checked:
        """``fresh``: look again, whatever is known."""
        key = (found.kept.hash, found.kept.name, active.version)
        if fresh or key not in self._known:
            self._known[key] = await _checked(parts, found, active)
        self._known.move_to_end(key)
        if len(self._known) > _REMEMBERED:
            self._known.popitem(last=False)
        return self._known[key]


async def _checked(parts: Parts, found: Candidate, active: RuleSet) -> Checked:
    """Everything there is to say about a candidate."""
    async with parts.pool.acquire() as conn:
        officers = Counter(person.agency_id for person in await accounts.all_staff(conn) if person.active)
    return await asyncio.to_thread(_check, parts.gazetteer, found, active, officers)


def _check(gazetteer: Gazetteer, found: Candidate, active: RuleSet, officers: Counter[str]) -> Checked:
    try:
        rules = load_candidate(found.source, gazetteer, found.kept.name)
    except RulesError as error:
        return Checked(active.version, None, _noted(found, error.problems))
    findings = check(rules, officers)
    changes = tuple(differences(active.source, rules.source))
    return Checked(active.version, rules, (), _noted(found, findings.warnings), findings, changes)


def _noted(found: Candidate, problems: Sequence[RuleProblem]) -> tuple[Noted, ...]:
    lines = {name: text.split("\n") for name, text in _files(found).items()}
    return tuple(_with_line(problem, lines.get(problem.file, [])) for problem in problems)


def _with_line(problem: RuleProblem, lines: Sequence[str]) -> Noted:
    line = lines[problem.line - 1] if problem.line <= len(lines) else ""
    column = problem.column - 1
    start = max(0, column - _LINE_MOST // 2)
    word = re.match(r"\S+", line[column:])
    end = column + (len(word[0]) if word else 1)
    before = ("…" if start else "") + line[start:column]
    return Noted(problem, before, line[column:end][:_LINE_MOST], line[end : end + _LINE_MOST])


def _files(found: Candidate) -> dict[str, str]:
    """The main file and those after it, by the names that problems give."""
    text = found.source.decode("utf-8-sig", "replace").replace("\r\n", "\n").replace("\r", "\n")
    main, *others = _MARK.split(text)
    held = {name: part.removeprefix("\n") for name, part in zip(others[::2], others[1::2], strict=True)}
    return {found.kept.name: main, **held}


def file_name(given: str) -> str:
    """What messages call an uploaded file: its last part, readable."""
    name = re.split(r"[/\\]", given)[-1].strip()
    return name[:80] if name.isprintable() and name else FILE_NAME
