"""Why this rule and not one before it, in words and as plain values."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from app.i18n import LANGS
from app.i18n.text import fold
from app.routing.model import CHANNELS, Facts
from app.routing.problems import RulesError
from app.routing.ruleset import RuleSet, load
from tests.routing import same_examples
from tests.routing.small import SMALL, changed, facts, with_rule

SHIPPED = load(Path(__file__).parents[2] / "routing_rules.yaml", proven=True)


def why(when: str, text: str = "", **known: Any) -> tuple[str, ...]:
    """What kept a rule with this condition from holding, or what held, in English."""
    explained = with_rule(when).explain(facts(text, **known))
    if explained.rule.rule_id == "tried":
        return tuple(each.en for each in explained.held)
    return (explained.passed[0].failed.en,)


def test_the_rule_what_held_and_why_not_each_one_before_it() -> None:
    explained = load(SMALL).explain(facts("Ổ gà lớn"))
    assert explained.lines("en") == [
        "The rule “streets” (routing_rules.yaml:67): Đường do Sở Xây dựng quản lý.",
        "  ✓ Category: Pothole (Streets).",
        "2 rules before it did not hold:",
        "  ✗ danger (routing_rules.yaml:58): Wanted: the category is “Street light”; but: Category: Pothole (Streets).",
        "  ✗ lights (routing_rules.yaml:63): Wanted: the category is “Street light”; but: Category: Pothole (Streets).",
    ]
    assert explained.lines("vi")[3].endswith("Cần lĩnh vực là “Đèn đường”; nhưng: Lĩnh vực: Ổ gà (Đường sá).")


def test_the_fallback_passes_every_rule_and_holds_by_nothing() -> None:
    explained = load(SMALL).explain(facts(category="noise"))
    assert (explained.rule.rule_id, explained.held, len(explained.passed)) == ("fallback", (), 3)


def test_the_first_rule_passes_none() -> None:
    explained = load(SMALL).explain(facts("rò điện", category="street-light"))
    assert explained.lines("en")[0] == "The rule “danger” (routing_rules.yaml:58): Electrical danger."
    assert explained.passed == ()


@pytest.mark.parametrize(
    ("when", "text", "said"),
    [
        ("{category: noise}", "", "Wanted: the category is “Noise”; but: Category: Pothole (Streets)."),
        ("{words: [ngập, mưa lớn]}", "", "The text has none of: “ngập”, “mưa lớn”."),
        ("{words: {all: [xe, mưa lớn]}}", "xe", "The text does not have: “mưa lớn”."),
        ("{words: {none: [xe]}}", "xe", "The text has: “xe”."),
        ("{category: pothole, has_photo: true}", "", "Wanted: It has a photo; but: It has no photo."),
        ("{not: {channel: web, words: [xe]}}", "xe", "Not used when: Sent on the website. The text has: “xe”."),
        (
            "{any: [{words: [lộ]}, {words: [xe]}]}",
            "",
            "None of these held: The text has none of: “lộ”. The text has none of: “xe”.",
        ),
        ("{commune: '32014'}", "", "Wanted: a commune with the code 32014; but: Place: Phường An Xuyên."),
        ("{weekday: [saturday]}", "", "Wanted: sent on Saturday; but: Sent on a Friday."),
        ("{dates: {from: 2027-01-01}}", "", "Outside the time: from 01/01/2027 to …."),
    ],
)
def test_what_failed_is_said_in_words(when: str, text: str, said: str) -> None:
    assert why(when, text) == (said,)


@pytest.mark.parametrize(
    ("when", "text", "said"),
    [
        ("{any: [{has_photo: true}, {words: [xe, ga]}]}", "ổ gà", ("The text has: “ga”.",)),
        ("{words: {any: [xe], none: [ga]}}", "xe", ("The text has: “xe”.", "The text does not have: “ga”.")),
        ("{not: {words: [xe]}}", "", ("The text has none of: “xe”.",)),
        ("{channel: web, because: Từ web., because_en: By web.}", "", ("By web.", "Sent on the website.")),
    ],
)
def test_what_held_is_said_in_words(when: str, text: str, said: tuple[str, ...]) -> None:
    assert why(when, text) == said


@pytest.mark.parametrize(
    ("role", "said"),
    [
        (
            "commune office of the place",
            "The rule sends to the commune office, but no commune of the province is known.",
        ),
        ("by table crews", "The rule's table of agencies does not have this place."),
        ("department for the category", "The category names no department."),
    ],
)
def test_a_role_that_nobody_has_here_is_what_failed(role: str, said: str) -> None:
    rule = f"  - {{id: tried, when: {{channel: web}}, then: {{agency: {role}}}, why: Vì vậy.}}\n"
    text = changed(
        ("        urgency: normal\n", "        urgency: normal\n        department: power\n"),
        ("rules:\n", f"tables:\n  crews: {{'32014': power}}\nrules:\n{rule}"),
    )
    explained = load(text).explain(facts(commune_code="32244", province_code="91"))
    assert explained.passed[0].failed.en.startswith(said)


def test_as_json_it_is_plain_values() -> None:
    explained = load(SMALL).explain(facts("Ổ gà lớn")).as_json()
    assert json.loads(json.dumps(explained)) == explained
    assert (explained["rule"], explained["agency"], explained["place"]) == ("streets", "roads", "routing_rules.yaml:67")
    assert explained["received"] == "2026-11-06T09:00:00+07:00"
    assert explained["handling_due"] == "2026-11-13T17:00:00+07:00"
    assert [each["rule"] for each in explained["passed"]] == ["danger", "lights"]
    assert explained["held"] == [{"vi": "Lĩnh vực: Ổ gà (Đường sá).", "en": "Category: Pothole (Streets)."}]


# ---------------------------------------------------------------- it agrees with the decision

_SIMPLE = st.sampled_from(
    [
        "{category: pothole}", "{group: streets}", "{area: inner-city}", "{commune_kind: xã}", "{province: '96'}",
        "{words: [ổ gà]}", "{words: {any: [xe], all: [đèn], none: [mưa]}}", "{words: {none: [xe, đèn]}}",
        "{time: office_hours}", "{time: [night, weekend]}", "{weekday: friday}", "{dates: {to: 2026-11-06}}",
        "{channel: [web, api]}", "{urgency: urgent}", "{has_photo: true}", "{reporter: visitor}",
        "{because: Vì thế., channel: web}",
    ]
)  # fmt: skip
_CONDITION = st.recursive(
    _SIMPLE,
    lambda inner: (
        inner.map("{{not: {}}}".format)
        | st.lists(inner, min_size=1, max_size=3).map(lambda parts: f"{{all: [{', '.join(parts)}]}}")
        | st.lists(inner, min_size=1, max_size=3).map(lambda parts: f"{{any: [{', '.join(parts)}]}}")
    ),
    max_leaves=4,
)
_AGENCY = st.sampled_from(["police", "commune office of the place"])
_FACTS = st.builds(
    Facts,
    at=st.integers(0, 60 * 24 * 14).map(lambda minutes: datetime(2026, 11, 1, tzinfo=UTC) + timedelta(minutes=minutes)),
    category=st.sampled_from(["pothole", "street-light", "noise", "other", None]),
    commune_code=st.sampled_from(["32002", "32244", None]),
    commune_kind=st.sampled_from(["xã", "phường", None]),
    province_code=st.sampled_from(["96", "91", None]),
    text_folded=st.lists(st.sampled_from(["o ga", "xe", "den", "mua"]), max_size=3).map(" ".join),
    channel=st.sampled_from(CHANNELS),
    urgency=st.sampled_from(["urgent", None]),
    has_photo=st.booleans(),
    reporter_kind=st.sampled_from(["citizen", "visitor"]),
)


def made(conditions: list[tuple[str, str]]) -> RuleSet | None:
    """The small file with these rules first; None where one of them can never hold."""
    lines = [
        f"  - {{id: made-{at}, when: {when}, then: {{agency: {agency}}}, why: Vì vậy.}}\n"
        for at, (when, agency) in enumerate(conditions)
    ]
    text = changed(("rules:\n", "rules:\n" + "".join(lines)))
    try:
        return load(text, proven=True)
    except RulesError:
        return None


@same_examples
@given(st.lists(st.tuples(_CONDITION, _AGENCY), min_size=1, max_size=4), st.lists(_FACTS, min_size=1, max_size=5))
def test_an_explanation_always_names_the_rule_that_decided(
    conditions: list[tuple[str, str]], reports: list[Facts]
) -> None:
    rules = made(conditions)
    for report in reports if rules else ():
        assert rules is not None
        explained = rules.explain(report)
        assert explained.rule.rule_id == explained.decision.rule_id == rules.decide(report).rule_id
        for lang in LANGS:
            assert all(line.strip() for line in explained.lines(lang))
            assert explained.decision.why.sentences(lang)


@same_examples
@given(
    _FACTS,
    st.sampled_from(sorted(SHIPPED.categories)),
    st.sampled_from(["31825", "32002", "32244", "31840"]),
    st.sampled_from(["rò điện", "quốc lộ", "nhà máy", "viettel", "chắn đường", "mất nắp cống", ""]),
)
def test_so_it_does_with_the_shipped_rules(report: Facts, category: str, commune: str, text: str) -> None:
    report = replace(report, category=category, commune_code=commune, text_folded=fold(text))
    explained = SHIPPED.explain(report)
    assert explained.rule.rule_id == explained.decision.rule_id
