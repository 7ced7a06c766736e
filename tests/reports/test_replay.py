"""History against a candidate: real reports, decided afresh by both rule sets."""

from collections.abc import Sequence
from datetime import timedelta

import pytest_asyncio

from app.db import Pool
from app.reports.model import Place
from app.reports.replay import Changed, Load, Outcome, Transfer, replay
from app.reports.workflow import Act
from app.routing.ruleset import RuleSet, load
from tests import small_world as world

RULES = world.RULES


def candidate(*changes: tuple[str, str]) -> RuleSet:
    source = RULES.source
    for old, new in changes:
        assert old in source
        source = source.replace(old, new)
    return load(source)


@pytest_asyncio.fixture(scope="module")
async def past(pool: Pool) -> Pool:
    """Three potholes, two lights and a noise, an hour apart; one of them has been handed on since."""
    await world.settle(pool)
    for number, category in enumerate(("pothole", "pothole", "street-light", "noise", "street-light", "pothole")):
        await world.file(pool, world.MONDAY + timedelta(hours=number), category=category)
    filed = await world.file(pool, world.MONDAY + timedelta(days=1), category="pothole", place=Place(address="Lý Bôn"))
    await world.do(pool, world.LEAD, filed.report, Act.TRANSFER, agency_id="police", text="Không thuộc thẩm quyền.")
    return pool


async def run(pool: Pool, then: RuleSet, **options: object) -> tuple[Outcome, list[Changed]]:
    found: list[Changed] = []

    def keep(changed: Sequence[Changed]) -> None:
        found.extend(changed)

    return await replay(pool, RULES, then, changed=keep, **options), found  # type: ignore[arg-type]  # since alone


async def test_the_same_rules_change_nothing(past: Pool) -> None:
    outcome, found = await run(past, candidate(("name: Sở Xây dựng", "name: Sở Giao thông")))
    assert (outcome.reports, outcome.changed, outcome.loads, outcome.transfers, found) == (7, 0, (), (), [])


async def test_who_gains_and_who_loses_is_counted(past: Pool) -> None:
    outcome, found = await run(
        past,
        candidate(
            ("{category: street-light}, then: {agency: power}", "{category: street-light}, then: {agency: roads}")
        ),
    )
    assert (outcome.changed, outcome.agency, outcome.urgency, outcome.deadline) == (2, 2, 0, 0)
    assert outcome.loads == (Load("power", 2, 0, 0, 2), Load("roads", 4, 6, 2, 0))
    assert outcome.transfers == (Transfer("power", "roads", 2),)
    assert [(one.now.agency_id, one.then.agency_id, one.category) for one in found] == [
        ("power", "roads", "street-light")
    ] * 2


async def test_urgency_and_deadline_are_counted_apart(past: Pool) -> None:
    outcome, found = await run(past, candidate(("handling: {normal: 3 working days}", "urgency: complex")))
    assert (outcome.changed, outcome.agency, outcome.urgency, outcome.deadline) == (4, 0, 4, 4)
    assert outcome.transfers == ()
    first = found[0]
    assert (first.now.urgency, first.then.urgency, first.now.rule_id) == ("normal", "complex", "streets")
    assert first.then.due == RULES.calendar.add_working_days(first.submitted_at, 15)
    assert [one.submitted_at for one in found] == sorted(one.submitted_at for one in found)


async def test_what_people_decided_since_does_not_count(past: Pool) -> None:
    outcome, _ = await run(
        past, candidate(("{group: streets}, then: {agency: roads}", "{group: streets}, then: {agency: police}"))
    )
    assert outcome.transfers == (Transfer("roads", "police", 4),)


async def test_a_category_that_the_candidate_does_not_know_falls_to_its_last_resort(past: Pool) -> None:
    noise = RULES.source[RULES.source.index("      noise:") : RULES.source.index("      litter:")]
    rule = RULES.source[RULES.source.index("  - {id: noise") : RULES.source.index("  - {id: litter")]
    outcome, found = await run(past, candidate((noise, ""), (rule, "")))
    assert outcome.transfers == (Transfer("police", "ioc", 1),)
    assert (found[0].category, found[0].then.rule_id) == ("noise", "fallback")


async def test_only_reports_since_a_moment_are_looked_at_and_progress_is_told(past: Pool) -> None:
    told: list[tuple[int, int]] = []
    outcome, _ = await run(
        past, RULES, since=world.MONDAY + timedelta(hours=4), progress=lambda done, of: told.append((done, of))
    )
    assert outcome.reports == 3
    assert told[-1] == (3, 3)


async def test_without_history_there_is_nothing_to_say(past: Pool) -> None:
    outcome, _ = await run(past, RULES, since=world.MONDAY + timedelta(days=30))
    assert (outcome.reports, outcome.changed) == (0, 0)
