"""Answers to a category's extra questions: taken in, decided by, kept, replayed."""

import pytest

from app.db import Pool
from app.errors import Conflict, Invalid
from app.history import service as history
from app.reports import service
from app.reports.intake import check, file_report
from app.reports.judging import facts_of
from app.reports.model import Filed, Report
from app.reports.replay import replay
from app.reports.workflow import Act
from app.routing.ruleset import RuleSet, load
from tests import small_world as world

QUESTION = """\
        questions:
          depth:
            name: Ổ gà sâu không?
            name_en: Is it deep?
            answers: {deep: {name: Sâu, name_en: Deep}, flat: {name: Cạn, name_en: Flat}}
"""
DEEP = """\
  - {id: deep, when: {category: pothole, answers: {depth: deep}}, then: {agency: police, urgency: urgent}, why: Sâu.}
"""


def rules() -> RuleSet:
    source = world.RULES.source
    for after, more in (("handling: {normal: 3 working days}\n", QUESTION), ("rules:\n", DEEP)):
        assert after in source
        source = source.replace(after, after + more)
    return load(source)


RULES = rules()


async def file(pool: Pool, key: str | None = None, **answers: str) -> Filed:
    new = world.new(answers=answers, key=("test", key) if key else None)
    return await file_report(pool, RULES, world.GAZETTEER, world.KEY, new, world.MONDAY)


def refused(**changes: object) -> list[tuple[str | None, str]]:
    with pytest.raises(Invalid) as error:
        check(RULES, world.GAZETTEER, world.new(**changes))
    return [(problem.field, problem.key) for problem in error.value.problems]


async def read(pool: Pool, report: Report) -> Report:
    async with pool.acquire() as conn:
        return await service.get(conn, report.report_id)


async def test_an_answer_decides_and_is_kept_with_the_report_and_in_its_history(settled: Pool) -> None:
    deep, flat = (await file(settled, depth="deep")).report, (await file(settled, depth="flat")).report
    assert (deep.agency_id, deep.urgency, deep.rule_id) == ("police", "urgent", "deep")
    assert (flat.agency_id, flat.urgency, flat.rule_id) == ("roads", "normal", "streets")
    assert (await read(settled, deep)).answers == {"depth": "deep"}
    async with settled.acquire() as conn:
        submitted = (await history.of_report(conn, deep.report_id))[0]
    assert submitted.data["answers"] == {"depth": "deep"}


def test_what_is_no_question_or_no_answer_of_the_category_is_told_by_its_field() -> None:
    assert refused(answers={"width": "deep", "depth": "medium"}) == [
        ("answers.width", "reports.question_unknown"),
        ("answers.depth", "reports.answer_unknown"),
    ]
    assert refused(answers={"depth": "deep"}, category="noise") == [("answers.depth", "reports.question_unknown")]


def test_without_a_chosen_category_there_is_nothing_to_answer() -> None:
    assert refused(answers={"depth": "deep"}, category=None) == [("answers", "reports.answers_without_category")]


def test_a_flood_of_answers_is_answered_with_few_words() -> None:
    assert len(refused(answers={f"question-{number}": "yes" for number in range(5000)})) == 10


async def test_other_answers_under_the_same_key_are_another_request(settled: Pool) -> None:
    first = await file(settled, "key", depth="deep")
    assert (await file(settled, "key", depth="deep")).report.report_id == first.report.report_id
    with pytest.raises(Conflict):
        await file(settled, "key", depth="flat")


async def test_under_another_category_the_answers_are_kept_and_not_looked_at(settled: Pool) -> None:
    report = (await file(settled, depth="deep")).report
    report = await world.do(settled, world.COORDINATOR, report, Act.RECLASSIFY, category="noise")
    assert (await read(settled, report)).answers == {"depth": "deep"}
    anything = load(RULES.source.replace("category: pothole, answers", "answers"))
    facts = facts_of(report, at=world.MONDAY, category="noise")
    assert facts.answers == {"depth": "deep"}
    assert anything.decide(facts).rule_id == "noise"


async def test_a_replay_sees_the_answers(settled: Pool) -> None:
    await file(settled, depth="deep")
    outcome = await replay(settled, world.RULES, RULES)
    assert ("roads", "police") in {(way.now, way.then) for way in outcome.transfers}


async def test_as_whom_somebody_writes_decides_and_is_kept(settled: Pool) -> None:
    by_kind = load(world.RULES.source.replace(
        "rules:\n", "rules:\n  - {id: firms, when: {reporter: business}, then: {agency: police}, why: Doanh nghiệp.}\n"
    ))  # fmt: skip
    filed = await file_report(
        settled, by_kind, world.GAZETTEER, world.KEY, world.new(reporter_kind="business"), world.MONDAY
    )
    assert filed.report.rule_id == "firms"
    report = await read(settled, filed.report)
    assert report.reporter_kind == "business"
    assert by_kind.decide(facts_of(report, at=world.MONDAY, category="pothole")).rule_id == "firms"
    outcome = await replay(settled, world.RULES, by_kind)
    assert outcome.agency == 1
