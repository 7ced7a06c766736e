"""A report's decision explained later, by the rules of then, whatever people have changed since."""

from datetime import timedelta

import pytest

from app.db import Pool
from app.errors import NotFound
from app.reports.hindsight import explain_intake
from app.reports.intake import file_report
from app.reports.model import Status
from app.reports.workflow import Act
from app.routing import service as routing
from app.routing.ruleset import load
from tests import small_world as world

STREETS = "{group: streets}, then: {agency: roads}"
LATER = load(world.RULES.source.replace(STREETS, STREETS.replace("roads", "power")))


async def test_the_rule_of_then_explains_what_has_been_corrected_and_decided_otherwise_since(settled: Pool) -> None:
    report = (await world.file(settled)).report
    report = await world.do(settled, world.COORDINATOR, report, Act.RECLASSIFY, category="noise")
    await routing.apply(settled, LATER, note="Đường do điện lực", by="test")
    found = await explain_intake(settled, world.GAZETTEER, report.code.lower())
    assert found.still_so
    explanation = found.explanation
    assert (explanation.decision.rule_set, explanation.decision.agency_id) == (world.RULES.version, "roads")
    assert explanation.facts.at == world.MONDAY
    assert [passed.rule.rule_id for passed in explanation.passed] == ["lights"]


async def test_so_does_what_no_rule_took(settled: Pool) -> None:
    report = await world.reach(settled, Status.SUBMITTED)
    found = await explain_intake(settled, world.GAZETTEER, report.code)
    assert (found.decided_by, found.still_so) == ("fallback", True)
    assert len(found.explanation.passed) == len(world.RULES.rules)


async def test_words_that_were_erased_may_explain_something_else_and_that_is_said(settled: Pool) -> None:
    source = world.RULES.source.replace(
        "rules:\n", "rules:\n  - {id: danger, when: {words: [nguy hiểm]}, then: {agency: police}, why: Nguy hiểm.}\n"
    )
    by_words = load(source)
    await routing.apply(settled, by_words, note="nguy hiểm", by="test")
    filed = await file_report(
        settled, by_words, world.GAZETTEER, world.KEY, world.new(), world.MONDAY + timedelta(hours=1)
    )
    assert filed.report.rule_id == "danger"
    await settled.execute("UPDATE reports SET body = '[đã xóa]' WHERE report_id = $1", filed.report.report_id)
    found = await explain_intake(settled, world.GAZETTEER, filed.report.code)
    assert (found.decided_by, found.still_so, found.explanation.rule.rule_id) == ("danger", False, "streets")


async def test_a_code_that_no_report_has_is_told_so(settled: Pool) -> None:
    with pytest.raises(NotFound):
        await explain_intake(settled, world.GAZETTEER, "PA-0000-0000")
