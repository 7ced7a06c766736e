"""History against a candidate: how every past report would be decided, had these rules been in force then.

Both rule sets decide each report afresh as it came in, so what people changed afterwards does not blur what the
candidate changes. Deciding happens in processes of its own: the caller's event loop only reads and adds up.
"""

import asyncio
import multiprocessing
from collections import Counter, deque
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from msgspec import Struct, structs

from app.db import Pool
from app.i18n.text import fold
from app.reports import store_replay as store
from app.routing.model import COMMUNE_KINDS, Facts
from app.routing.ruleset import Choice, RuleSet, load

_BATCH = 4000
_WORKERS = 2
_BEGINNING = datetime(1970, 1, 1, tzinfo=UTC)

Progress = Callable[[int, int], None]
"""Called with the number done and the number in all."""


class Answer(Struct, frozen=True):
    """What a rule set says of a report."""

    agency_id: str
    rule_id: str
    urgency: str
    due: datetime


class Changed(Struct, frozen=True):
    """A report that the candidate decides otherwise."""

    code: str
    submitted_at: datetime
    category: str
    commune_name: str
    now: Answer
    then: Answer


class Load(Struct, frozen=True):
    """An agency's reports by the rules in force and by the candidate; ``gained`` and ``lost`` on the way."""

    agency_id: str
    now: int
    then: int
    gained: int
    lost: int


class Transfer(Struct, frozen=True):
    """So many reports would go from one agency to another."""

    now: str
    then: str
    reports: int


class Outcome(Struct, frozen=True):
    """``changed`` counts reports with any difference; the three after it may overlap. ``loads``: agencies that gain or
    lose, the most first."""

    now: str
    then: str
    reports: int
    changed: int
    agency: int
    urgency: int
    deadline: int
    loads: tuple[Load, ...]
    transfers: tuple[Transfer, ...]


class _Tally:
    def __init__(self) -> None:
        self.reports = self.changed = self.agency = self.urgency = self.deadline = 0
        self.ways: Counter[tuple[str, str]] = Counter()

    def add(self, ways: Counter[tuple[str, str]], changed: Sequence[Changed]) -> None:
        self.reports += ways.total()
        self.ways.update(ways)
        self.changed += len(changed)
        for one in changed:
            self.agency += one.now.agency_id != one.then.agency_id
            self.urgency += one.now.urgency != one.then.urgency
            self.deadline += one.now.due != one.then.due

    def outcome(self, now: str, then: str) -> Outcome:
        transfers = [Transfer(*way, number) for way, number in self.ways.most_common() if way[0] != way[1]]
        agencies = {agency for transfer in transfers for agency in (transfer.now, transfer.then)}
        loads = [self._load(agency) for agency in agencies]
        loads.sort(key=lambda load: (-abs(load.then - load.now), load.agency_id))
        counts = (self.reports, self.changed, self.agency, self.urgency, self.deadline)
        return Outcome(now, then, *counts, tuple(loads), tuple(transfers))

    def _load(self, agency: str) -> Load:
        now = sum(number for (was, _), number in self.ways.items() if was == agency)
        then = sum(number for (_, will), number in self.ways.items() if will == agency)
        kept = self.ways[agency, agency]
        return Load(agency, now, then, then - kept, now - kept)


async def replay(
    pool: Pool,
    now: RuleSet,
    then: RuleSet,
    *,
    since: datetime = _BEGINNING,
    progress: Progress | None = None,
    changed: Callable[[Sequence[Changed]], None] | None = None,
) -> Outcome:
    """Decide every report since a moment by both rule sets. ``changed`` is given those that differ, oldest first."""
    tally = _Tally()
    context = multiprocessing.get_context("spawn")
    loop = asyncio.get_running_loop()
    under_way: deque[asyncio.Future[tuple[Counter[tuple[str, str]], list[Changed]]]] = deque()
    async with pool.acquire() as conn:
        total = await store.count_since(conn, since)
        with ProcessPoolExecutor(_WORKERS, context, _begin, (now.source, then.source)) as deciding:
            beyond: store.Cursor = (since, UUID(int=0))
            more = True
            while more or under_way:
                if more:
                    rows = await store.past(conn, beyond, _BATCH)
                    more = len(rows) == _BATCH
                    if rows:
                        beyond = (rows[-1]["submitted_at"], rows[-1]["report_id"])
                        batch = [tuple(row.values()) for row in rows]
                        under_way.append(loop.run_in_executor(deciding, _decide, batch))
                if under_way and (not more or len(under_way) > 2 * _WORKERS):
                    ways, differing = await under_way.popleft()
                    tally.add(ways, differing)
                    if changed and differing:
                        changed(differing)
                    if progress:
                        progress(tally.reports, total)
    return tally.outcome(now.version, then.version)


# ---------------------------------------------------------------- in the deciding processes

_sides: list[RuleSet] = []


def _begin(*sources: str) -> None:
    _sides[:] = [load(source, proven=True) for source in sources]


def _decide(rows: Sequence[tuple[Any, ...]]) -> tuple[Counter[tuple[str, str]], list[Changed]]:
    ways: Counter[tuple[str, str]] = Counter()
    changed = []
    left, right = _sides
    same_calendar = left.calendar.week == right.calendar.week
    for row in rows:
        facts = _facts(row)
        now, then = _choice(left, facts), _choice(right, facts)
        ways[now.agency_id, then.agency_id] += 1
        same = now.agency_id == then.agency_id and now.urgency == then.urgency
        # Where limit and calendar are the same, so is the deadline: most need not be reckoned.
        if same and same_calendar and now.handling == then.handling:
            continue
        answers = _answer(left, now, facts), _answer(right, then, facts)
        if not same or answers[0].due != answers[1].due:
            changed.append(Changed(row[2], row[0], row[3], row[9], *answers))
    return ways, changed


def _choice(rules: RuleSet, facts: Facts) -> Choice:
    if facts.category not in rules.categories:
        # One that this rule set does not know counts as none.
        facts = structs.replace(facts, category=None)
    return rules.choose(facts)


def _answer(rules: RuleSet, choice: Choice, facts: Facts) -> Answer:
    due = rules.calendar.due(facts.at, choice.handling)
    return Answer(choice.agency_id, choice.rule.rule_id, choice.urgency, due)


def _facts(row: tuple[Any, ...]) -> Facts:
    (at, _, _, category, body, channel, lat, lon, commune_code, commune_name, province_code, answers, reporter_kind,
     has_photo) = row  # fmt: skip
    lowered = commune_name.lower()
    return Facts(
        at=at,
        category=category,
        commune_code=commune_code,
        commune_name=commune_name,
        commune_kind=next((kind for kind in COMMUNE_KINDS if lowered.startswith(f"{kind} ")), None),
        province_code=province_code,
        text_folded=fold(body),
        channel=channel,
        has_photo=has_photo,
        lat=lat,
        lon=lon,
        answers=answers or {},
        reporter_kind=reporter_kind,
    )
