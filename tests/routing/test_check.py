"""What stops a rule set though every name in it is right, and what is only worth a look."""

from itertools import product
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.i18n import LANGS
from app.routing.check import Gap, check
from app.routing.conditions import Among, Condition, Dimension, Either, Every, Marked, Negated, clauses_of
from app.routing.cover import Shadows, Space
from app.routing.evaluate import holds
from app.routing.index import RuleIndex
from app.routing.ruleset import load
from tests.routing import same_examples
from tests.routing.small import SMALL, changed, marked, mistakes


def rule(rule_id: str, when: str, then: str = "{agency: police}", more: str = "") -> str:
    return f"  - {{id: {rule_id}, when: {when}, then: {then}, why: Vì vậy.{more}}}\n"


def with_rules(*rules: str) -> str:
    """The small file with these rules before its own."""
    return changed(("rules:\n", "rules:\n" + "".join(rules)))


def warnings(text: str, **options: Any) -> list[str]:
    """``key name`` of each warning."""
    return [
        f"{w.key.removeprefix('routing.')} {w.params.get('name', '')}" for w in check(load(text), **options).warnings
    ]


# ---------------------------------------------------------------- rules nobody reaches


@pytest.mark.parametrize(
    ("first", "second", "others"),
    [
        (["{category: pothole}"], "{category: pothole, channel: web}", "“a0”"),
        (["{group: streets}"], "{category: pothole}", "“a0”"),
        (["{words: [ổ gà]}"], "{words: [nhiều ổ gà, ổ gà lớn]}", "“a0”"),
        (["{words: [ổ gà, sụp lún]}"], "{words: {all: [sụp lún, đường]}}", "“a0”"),
        (["{has_photo: true}", "{has_photo: false}"], "{category: noise}", "“a0”, “a1”"),
        (["{category: [pothole, noise]}", "{not: {category: [pothole, noise]}}"], "{channel: web}", "“a0”, “a1”"),
        (["{channel: web}", "{category: noise}"], "{any: [{channel: web}, {category: noise}]}", "“a0”, “a1”"),
        (["{words: [ổ gà]}", "{words: {none: [ổ gà]}}"], "{category: noise}", "“a0”, “a1”"),
        (["{time: [working_day, day_off]}"], "{time: office_hours}", "“a0”"),
        (["{time: working_day}"], "{time: office_hours}", "“a0”"),
        (["{area: inner-city}"], "{commune: '32002'}", "“a0”"),
        (["{dates: {from: 2026-01-01}}", "{not: {dates: {from: 2026-01-01}}}"], "{channel: api}", "“a0”, “a1”"),
    ],
)  # fmt: skip
def test_a_rule_that_others_leave_nothing_is_a_mistake(first: list[str], second: str, others: str) -> None:
    text = with_rules(*(rule(f"a{at}", when) for at, when in enumerate(first)), rule("‸late", second))
    text, place = marked(text)
    sentence = f"{place} The rule “late” is never reached: rules before it take everything ({others}). Move it up or"
    assert [one for one in mistakes(text) if sentence in one], mistakes(text)
    assert load(text, proven=True).rules[len(first)].rule_id == "late"


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("{category: pothole, channel: web}", "{category: pothole}"),
        ("{words: [nhiều ổ gà]}", "{words: [ổ gà]}"),
        ("{words: [ổ gà]}", "{words: [ổ gàn]}"),
        ("{words: {all: [sụp, lún]}}", "{words: {any: [sụp, lún]}}"),
        ("{time: office_hours}", "{time: working_day}"),
        ("{commune: '32002'}", "{area: inner-city}"),
        ("{area: inner-city}", "{commune_kind: phường}"),
    ],
)
def test_a_rule_that_is_left_something_is_none(first: str, second: str) -> None:
    assert mistakes(with_rules(rule("one", first), rule("two", second))) == []


def test_the_office_of_a_place_leaves_reports_without_a_place_to_later_rules() -> None:
    office = "{agency: commune office of the place}"
    assert mistakes(with_rules(rule("one", "{category: noise}", office), rule("two", "{category: noise}"))) == []
    known = rule("one", "{category: noise, area: inner-city}", office) + rule(
        "two", "{category: noise, commune: '32002'}"
    )
    assert mistakes(with_rules(known)) == []
    said = mistakes(with_rules(known), communes={"32002", "32014"})
    assert [one for one in said if "“two” is never reached" in one]


@pytest.mark.parametrize(
    "when", ["{time: [weekend], all: [{time: office_hours}]}", "{words: {all: [nhiều ổ gà], none: [ổ gà]}}"]
)
def test_what_can_never_be_is_a_mistake(when: str) -> None:
    assert [one for one in mistakes(with_rules(rule("never", when))) if "“never” contradict each other" in one]


_VALUES: dict[Dimension, tuple[str, ...]] = {
    "category": ("a", "b", "c"),
    "channel": ("web", "api", "telegram", "zalo_bot", "zalo_oa", "hotline", "open311", "import"),
    "has_photo": ("true", "false"),
}
_MARKS = ("@x", "?y=z")


def _conditions() -> st.SearchStrategy[Condition]:
    among = st.sampled_from(sorted(_VALUES)).flatmap(
        lambda name: st.builds(Among, st.just(name), st.frozensets(st.sampled_from(_VALUES[name]), min_size=1))
    )
    marks = st.builds(Marked, st.frozensets(st.sampled_from(_MARKS), min_size=1))
    return st.recursive(
        among | marks,
        lambda inner: (
            st.builds(Negated, inner)
            | st.builds(Every, st.lists(inner, min_size=1, max_size=2).map(tuple))
            | st.builds(Either, st.lists(inner, min_size=1, max_size=2).map(tuple))
        ),
        max_leaves=3,
    )


_WORLDS = [
    (dict(zip(_VALUES, values, strict=True)), frozenset(mark for mark, on in zip(_MARKS, marks, strict=True) if on))
    for values in product(*_VALUES.values())
    for marks in product((True, False), repeat=len(_MARKS))
]


@same_examples
@given(st.lists(_conditions(), min_size=1, max_size=5))
def test_exactly_the_rules_that_no_report_reaches_are_refused(conditions: list[Condition]) -> None:
    placed = [(at, clause) for at, each in enumerate(conditions) for clause in clauses_of(each)]
    clauses = [clause for _, clause in placed]
    shadows = Shadows(clauses, Space(_VALUES["category"], "96"), RuleIndex(clauses))
    open_ones = {at for place, (at, _) in enumerate(placed) if shadows.over(place) is None}
    reached = {
        next((at for at, each in enumerate(conditions) if holds(each, values.__getitem__, found)), None)
        for values, found in _WORLDS
    }
    assert open_ones == reached - {None}


# ---------------------------------------------------------------- worth a look


def test_two_equal_rules_that_share_reports_and_differ_are_told_once() -> None:
    text = with_rules(
        rule("one", "{words: [cháy]}", "{agency: police}"), rule("two", "{words: [nổ]}", "{agency: power}")
    )
    assert "overlap two" in warnings(text)
    said = next(w for w in check(load(text)).warnings if w.key == "routing.overlap")
    assert (said.line, said.params["other"], said.params["line"]) == (59, "one", 58)


@pytest.mark.parametrize(
    ("one", "two"),
    [
        (("{words: [cháy]}", "{agency: police}"), ("{words: [nổ]}", "{agency: police}")),
        (("{words: [cháy lớn]}", "{agency: police}"), ("{words: [cháy]}", "{agency: power}")),
        (("{words: {any: [a], none: [b]}}", "{agency: police}"), ("{words: {any: [b], none: [x]}}", "{agency: power}")),
        (("{category: noise, words: [nổ]}", "{agency: police}"), ("{words: [cháy]}", "{agency: power}")),
        (("{commune: '32002'}", "{agency: police}"), ("{commune: '32014'}", "{agency: ioc}")),
    ],
    ids=["same agency", "one within the other", "nothing shared", "other kinds of conditions", "other places"],
)  # fmt: skip
def test_other_pairs_are_as_they_should_be(one: tuple[str, str], two: tuple[str, str]) -> None:
    text = with_rules(rule("one", *one), rule("two", *two))
    assert "overlap two" not in warnings(text)


def test_an_overlap_that_is_meant_is_silent() -> None:
    one = rule("one", "{words: [cháy]}", more=", before: [two]")
    assert "overlap two" not in warnings(with_rules(one, rule("two", "{words: [nổ]}", "{agency: power}")))


def test_an_overlap_that_an_earlier_rule_takes_does_not_matter() -> None:
    both = rule("both", "{words: {all: [cháy, nổ]}}")
    one, two = rule("one", "{words: [cháy]}"), rule("two", "{words: [nổ]}", "{agency: power}")
    assert "overlap two" not in warnings(with_rules(both, one, two))


@pytest.mark.parametrize(
    ("then", "told"),
    [
        ("{agency: roads, deadlines: {handling: 12 hours}}", True),
        ("{agency: roads, deadlines: {handling: 61 hours}}", True),
        ("{agency: roads, deadlines: {first_answer: 30 minutes}}", True),
        ("{agency: roads, deadlines: {handling: 62 hours}}", False),
        ("{agency: roads, deadlines: {handling: 4 office hours}}", False),
        ("{agency: police, deadlines: {handling: 12 hours}}", False),
        ("{agency: roads, call: [roads], deadlines: {handling: 12 hours}}", False),
    ],
)
def test_a_limit_by_the_clock_that_can_end_while_offices_are_closed(then: str, told: bool) -> None:
    assert ("ends_while_closed tried" in warnings(with_rules(rule("tried", "{category: noise}", then)))) is told


def test_limits_in_the_wrong_order() -> None:
    slow = changed(("handling: {normal: 3 working days}", "handling: {urgent: 4 working days, normal: 3 working days}"))
    assert "urgent_is_slower street-light" in warnings(slow)
    late = rule(
        "tried",
        "{category: noise}",
        "{agency: roads, deadlines: {handling: 2 office hours, first_answer: 1 working day}}",
    )
    assert "answer_after_handling tried" in warnings(with_rules(late))


def test_a_keyword_of_two_categories() -> None:
    assert "keyword_shared den duong" in warnings(changed(("[karaoke]", "[karaoke, den duong]")))


def test_what_no_rule_uses() -> None:
    text = changed(
        ("areas:\n", 'areas:\n  coast: ["32244"]\n'),
        ("rules:\n", "tables:\n  crews: {inner-city: power}\nrules:\n"),
        ("  closures: []\n", "  closures: []\n  seasons: {wet: {from: 05-01, to: 11-30}}\n"),
    )
    assert warnings(text) == [
        "unused_season wet",
        "unused_area coast",
        "unused_area inner-city",
        "unused_agency police",
        "category_without_rule noise",
        "category_without_rule other",
        "unused_table crews",
    ]
    used = rule("tried", "{any: [{season: wet}, {area: coast}]}", "{agency: by table crews, co_agencies: [police]}")
    assert warnings(text.replace("\nrules:\n", "\nrules:\n" + used)) == []


def test_agencies_that_lead_and_have_no_officers() -> None:
    without = [one for one in warnings(SMALL, officers={"roads": 1, "ioc": 2, "ubnd-32002": 0}) if "officers" in one]
    assert without == ["agency_without_officers power", "offices_without_officers "]
    everybody = {"roads": 1, "ioc": 2, "power": 1, "ubnd-32002": 3}
    assert not [one for one in warnings(SMALL, officers=everybody) if "officers" in one]
    assert not [one for one in warnings(SMALL) if "officers" in one]


def test_departments_that_lead_and_agencies_that_are_called_need_officers_too() -> None:
    loud = rule("loud", "{category: noise}", "{agency: department for the category, call: [police]}")
    text = changed(("    icon: 📌\n", "    icon: 📌\n    department: roads\n"), ("rules:\n", "rules:\n" + loud))
    without = [one for one in warnings(text, officers={"power": 1, "ioc": 2}) if "agency_without" in one]
    assert without == ["agency_without_officers roads", "agency_without_officers police"]


@pytest.mark.parametrize(
    ("handling", "then", "told"),
    [
        ("4 hours", "{agency: roads}", True),
        ("4 office hours", "{agency: roads}", False),
        ("5 days", "{agency: roads}", False),
        ("4 hours", "{agency: police}", False),
        ("4 hours", "{agency: roads, call: [police]}", False),
        ("4 hours", "{agency: roads, deadlines: {handling: 2 working days}}", False),
    ],
)
def test_a_categorys_limit_by_the_clock_needs_somebody_on_duty(handling: str, then: str, told: bool) -> None:
    text = changed(
        (
            "examples: [Hát karaoke ồn ào.]\n",
            f"examples: [Hát karaoke ồn ào.]\n        handling: {{normal: {handling}}}\n",
        ),
        ("rules:\n", "rules:\n" + rule("loud", "{category: noise}", then)),
    )
    assert ("category_ends_while_closed noise" in warnings(text)) is told


def test_gaps_are_the_cells_that_only_the_fallback_takes() -> None:
    text = with_rules(
        rule("loud", "{category: noise, time: night}"),
        rule("ward", "{category: noise, commune_kind: phường, words: [karaoke]}"),
        rule("rest", "{category: other}"),
    )
    gaps = check(load(text)).gaps
    assert {gap.category_id for gap in gaps} == {"noise"}
    assert Gap("noise", "xã", "office_hours", some=False) in gaps
    assert Gap("noise", "phường", "day_off", some=True) in gaps
    assert not [gap for gap in gaps if gap.time == "night"]
    assert len(gaps) == 9


def test_warnings_are_told_in_both_languages_with_their_place() -> None:
    findings = check(load(changed(("[karaoke]", "[karaoke, den duong]"))))
    for lang in LANGS:
        assert all(w.line_for(lang).startswith(f"routing_rules.yaml:{w.line}:{w.column}: ") for w in findings.warnings)
