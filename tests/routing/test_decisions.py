"""Which rule holds, who answers, how urgent, by when, and why."""

from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.errors import Invalid
from app.i18n.text import fold
from app.routing.conditions import Among, Condition, Either, Every, Negated, Words, clauses_of
from app.routing.index import RuleIndex
from app.routing.limits import Limit
from app.routing.phrases import phrase_key
from app.routing.ruleset import RuleSet, load
from tests.routing import same_examples
from tests.routing.small import SMALL, at, changed, decide, with_rule


def tried(rules: RuleSet, text: str = "", **known: Any) -> bool:
    """Whether the added rule decided."""
    return decide(text, rules, **known).rule_id == "tried"


def test_the_first_rule_that_holds_decides() -> None:
    first = decide("Trụ đèn rò điện", category="street-light")
    assert (first.rule_id, first.agency_id, first.urgency, first.tags) == ("danger", "power", "urgent", ("danger",))
    assert decide("Đèn hư", category="street-light").rule_id == "lights"
    assert decide("Trụ đèn rò điện", category="pothole").rule_id == "streets"


def test_when_no_rule_holds_the_coordinators_decide() -> None:
    decision = decide(category="noise")
    assert (decision.rule_id, decision.agency_id) == ("fallback", "ioc")
    assert decision.reasons == ("Điều phối viên xem xét.",)
    assert decision.reasons_en == ("A coordinator decides.",)


def test_a_report_without_a_category_gets_the_fallbacks() -> None:
    assert decide(category=None).category == "other"


def test_a_category_that_does_not_exist_is_refused() -> None:
    with pytest.raises(Invalid) as refused:
        decide(category="spaceship")
    assert refused.value.problems[0].field == "category"


def test_the_commune_office_of_the_place_answers() -> None:
    assert decide(category="street-light").agency_id == "ubnd-32002"
    assert decide(category="street-light", commune_code="31825").agency_id == "ubnd-31825"


@pytest.mark.parametrize("place", [{"commune_code": None, "province_code": None}, {"province_code": "91"}])
def test_no_commune_office_answers_outside_the_province(place: dict[str, Any]) -> None:
    assert decide(category="street-light", **place).rule_id == "streets"
    danger = decide("bị điện giật", category="street-light", **place)
    assert (danger.agency_id, danger.co_agencies) == ("power", ())


def test_an_agency_is_not_its_own_helper() -> None:
    rules = with_rule("{category: pothole}", "{agency: roads, co_agencies: [roads, police, police]}")
    assert decide(rules=rules).co_agencies == ("police",)


def test_reasons_are_whole_sentences_in_both_languages() -> None:
    decision = decide("trụ đèn bị RÒ ĐIỆN, nguy hiểm", category="street-light")
    assert decision.reasons == (
        "Nguy hiểm về điện.",
        "Lĩnh vực: Đèn đường (Đường sá).",
        "Nội dung có: “rò điện”.",
    )
    assert decision.reasons_en[0] == "Electrical danger."
    assert decision.reasons_en[1] == "Category: Street light (Streets)."
    assert decide(category="street-light").reasons == (
        "Đèn đường do xã quản lý.",
        "Lĩnh vực: Đèn đường (Đường sá).",
        "Nơi phản ánh ở trong tỉnh.",
        "Nơi phản ánh: Phường An Xuyên.",
    )


@pytest.mark.parametrize(
    ("when", "said"),
    [
        ("{time: office_hours}", "Sent during office hours."),
        ("{time: working_day}", "Sent on a working day."),
        ("{not: {time: night}}", "Sent by day."),
        ("{channel: [web, telegram]}", "Sent on the website."),
        ("{urgency: normal}", "Urgency: normal."),
        ("{has_photo: false}", "It has no photo."),
        ("{reporter: citizen}", "The reporter is a citizen."),
        ("{commune_kind: phường}", "The place is a phường."),
        ("{area: inner-city}", "Place: Phường An Xuyên."),
        ("{not: {province: '91'}}", "The place is in the province."),
        ("{words: {none: [cháy nổ]}}", "The text does not have: “cháy nổ”."),
    ],
)
def test_every_condition_can_say_why(when: str, said: str) -> None:
    assert decide("một việc", with_rule(when)).reasons_en == ("That is why.", said)


def test_reasons_name_what_is_not_known() -> None:
    nowhere: dict[str, Any] = {"commune_code": None, "commune_name": "", "commune_kind": None, "province_code": None}
    rules = with_rule("{not: {any: [{province: '96'}, {commune_kind: xã}, {commune: '32002'}]}}")
    assert decide(rules=rules, **nowhere).reasons_en == (
        "That is why.",
        "It is not known which province the place is in.",
        "It is not known which commune the place is in.",
    )


# ---------------------------------------------------------------- conditions


def test_words_are_found_whatever_the_accents_and_case() -> None:
    rules = with_rule("{words: đường ngập}")
    assert all(tried(rules, text) for text in ("Đường ngập", "duong ngap", "ĐƯỜNG  NGẬP!", "con đuờng ngập sâu"))


def test_words_are_found_only_whole_and_in_order() -> None:
    rules = with_rule("{words: đường ngập}")
    assert not any(tried(rules, text) for text in ("đường bị ngập", "ngập đường", "đường. Ngập", "xe đường ngậpp"))


def test_words_can_be_asked_for_as_any_all_or_none() -> None:
    rules = with_rule("{words: {any: [ngập, mưa lớn], all: [xe, chết máy], none: [đã rút]}}")
    assert tried(rules, "Ngập quá, xe chết máy")
    assert tried(rules, "mưa lớn xe chet may")
    assert not tried(rules, "xe chết máy")
    assert not tried(rules, "Ngập quá, máy chết")
    assert not tried(rules, "Ngập quá, xe chết máy, giờ đã rút")


@pytest.mark.parametrize(
    ("when", "holds", "not_so"),
    [
        ("{category: [pothole, noise]}", {"category": "noise"}, {"category": "other"}),
        ("{group: streets}", {"category": "street-light"}, {"category": "noise"}),
        ("{commune: ['32014', '32041']}", {"commune_code": "32041"}, {"commune_code": "32002"}),
        ("{area: inner-city}", {"commune_code": "32014"}, {"commune_code": "32041"}),
        ("{commune_kind: [xã, đặc khu]}", {"commune_kind": "xã"}, {"commune_kind": "phường"}),
        ("{province: '96'}", {"province_code": "96"}, {"province_code": None}),
        ("{channel: hotline}", {"channel": "hotline"}, {"channel": "zalo_oa"}),
        ("{urgency: urgent}", {"urgency": "urgent"}, {"urgency": "complex"}),
        ("{has_photo: true}", {"has_photo": True}, {"has_photo": False}),
        ("{reporter: [visitor, business]}", {"reporter_kind": "visitor"}, {"reporter_kind": "citizen"}),
        ("{time: office_hours}", {"at": at("2026-11-06", "10:59")}, {"at": at("2026-11-06", "11:00")}),
        ("{time: outside_office_hours}", {"at": at("2026-11-06", "12:00")}, {"at": at("2026-11-06", "13:00")}),
        ("{time: night}", {"at": at("2026-11-06", "23:00")}, {"at": at("2026-11-06", "05:00")}),
        ("{time: weekend}", {"at": at("2026-11-07")}, {"at": at("2026-11-06")}),
        ("{time: holiday}", {"at": at("2026-09-02")}, {"at": at("2026-09-03")}),
        ("{time: working_day}", {"at": at("2026-11-06", "20:00")}, {"at": at("2026-09-02")}),
        ("{time: [night, day_off]}", {"at": at("2026-11-08", "10:00")}, {"at": at("2026-11-06", "10:00")}),
        ("{not: {time: [night, day_off]}}", {"at": at("2026-11-06")}, {"at": at("2026-11-06", "03:00")}),
        ("{any: [{category: noise}, {channel: api}]}", {"channel": "api"}, {"channel": "web"}),
        ("{all: [{has_photo: true}, {channel: api}]}", {"has_photo": True, "channel": "api"}, {"has_photo": True}),
        ("{not: {any: [{has_photo: true}, {channel: api}]}}", {}, {"channel": "api"}),
    ],
)
def test_each_condition_holds_when_it_should(when: str, holds: dict[str, Any], not_so: dict[str, Any]) -> None:
    rules = with_rule(when)
    assert tried(rules, **holds)
    assert not tried(rules, **not_so)


def test_all_conditions_of_a_rule_must_hold() -> None:
    rules = with_rule("{category: pothole, has_photo: true, words: [quốc lộ]}")
    assert tried(rules, "quốc lộ hư", has_photo=True)
    assert not tried(rules, "quốc lộ hư")
    assert not tried(rules, "lộ hư", has_photo=True)
    assert not tried(rules, "quốc lộ hư", has_photo=True, category="noise")


# ---------------------------------------------------------------- urgency, visibility, deadlines


def test_a_rule_changes_urgency_and_visibility_but_a_persons_urgency_stands() -> None:
    rules = with_rule("{category: pothole}", "{agency: roads, urgency: urgent, visibility: private}")
    assert (decide(rules=rules).urgency, decide(rules=rules).visibility) == ("urgent", "private")
    assert decide(rules=rules, urgency="complex").urgency == "complex"
    assert (decide().urgency, decide().visibility) == ("normal", "public")
    assert decide(category="noise").visibility == "private"


def test_the_nearest_handling_limit_counts_rule_then_category_then_province() -> None:
    assert decide().handling == Limit(5, "working days")
    assert decide(category="street-light").handling == Limit(3, "working days")
    assert decide(category="street-light", urgency="urgent").handling == Limit(1, "working days")
    rules = with_rule("{category: street-light}", "{agency: roads, deadlines: {handling: 4 hours, intake: 30 minutes}}")
    quick = decide(rules=rules, category="street-light")
    assert quick.handling == Limit(4, "hours")
    assert (quick.intake_due, quick.handling_due) == (at("2026-11-06", "09:30"), at("2026-11-06", "13:00"))


def test_the_handling_limit_of_an_earlier_decision_can_be_asked_again() -> None:
    rules = load(SMALL)
    assert rules.handling_limit("lights", "street-light", "normal") == Limit(3, "working days")
    assert rules.handling_limit("a person decided", "pothole", "complex") == Limit(15, "working days")


@pytest.mark.parametrize(
    ("arrived", "intake_due"),
    [
        (("2026-11-05", "08:00"), ("2026-11-05", "10:00")),
        (("2026-11-05", "10:00"), ("2026-11-05", "14:00")),
        (("2026-11-05", "16:30"), ("2026-11-06", "08:30")),
        (("2026-11-05", "20:00"), ("2026-11-06", "09:00")),
        (("2026-11-07", "08:00"), ("2026-11-07", "20:00")),
        (("2026-11-06", "16:30"), ("2026-11-07", "12:00")),
        (("2026-11-08", "23:00"), ("2026-11-09", "09:00")),
        (("2026-02-13", "15:00"), ("2026-02-13", "17:00")),
        (("2026-02-17", "09:00"), ("2026-02-17", "21:00")),
    ],
    ids=["morning", "noon", "evening", "night", "Saturday", "Friday evening", "Sunday night", "before Tết", "Tết"],
)
def test_intake_is_due_in_2_office_hours_or_12_hours_of_a_day_off(
    arrived: tuple[str, str], intake_due: tuple[str, str]
) -> None:
    assert decide(at=at(*arrived)).intake_due == at(*intake_due)


def test_handling_over_tet_counts_working_days_only() -> None:
    # Friday 13 February 2026; Tết from Monday 16 to Friday 20 February.
    assert decide(at=at("2026-02-13", "15:00")).handling_due == at("2026-02-27", "17:00")
    assert decide(at=at("2026-02-13"), urgency="urgent").handling_due == at("2026-02-23", "17:00")


def test_intake_can_be_one_plain_limit() -> None:
    rules = load(changed(("intake: {working_days: 2 office hours, days_off: 12 hours}", "intake: 5 minutes")))
    assert decide(rules=rules, at=at("2026-11-07", "23:00")).intake_due == at("2026-11-07", "23:05")


def test_the_same_facts_always_get_the_same_decision() -> None:
    rules, again = load(SMALL), load(SMALL)
    first = decide("đèn hư", rules, category="street-light")
    assert first == decide("đèn hư", rules, category="street-light")
    other = decide("đèn hư", again, category="street-light")
    assert (other.agency_id, other.rule_id, other.reasons) == (first.agency_id, first.rule_id, first.reasons)
    assert first.rule_set == other.rule_set == rules.version


# ---------------------------------------------------------------- compiled against plain

_PHRASES = ("ngập", "đường ngập", "mưa lớn", "xe", "đèn")
_VALUES = {
    "category": ("a", "b", "c"),
    "channel": ("web", "api"),
    "commune": ("1", "2", ""),
    "has_photo": ("true", "false"),
}


def _conditions() -> st.SearchStrategy[Condition]:
    among = st.sampled_from(sorted(_VALUES)).flatmap(
        lambda dimension: st.builds(
            Among,
            st.just(dimension),
            st.frozensets(st.sampled_from(_VALUES[dimension]), min_size=1),
        )
    )
    some = st.lists(st.sampled_from(_PHRASES), max_size=2, unique=True).map(tuple)
    words = st.builds(Words, some, some, some).filter(lambda words: words != Words())
    return st.recursive(
        among | words,
        lambda inner: (
            st.builds(Negated, inner)
            | st.builds(Every, st.lists(inner, min_size=1, max_size=3).map(tuple))
            | st.builds(Either, st.lists(inner, min_size=1, max_size=3).map(tuple))
        ),
        max_leaves=5,
    )


def _plainly(condition: Condition, values: dict[str, str], text: str) -> bool:
    match condition:
        case Among(dimension, allowed):
            return values[dimension] in allowed
        case Words():
            has = {phrase: f" {phrase_key(phrase)} " in f" {fold(text)} " for phrase in _PHRASES}
            return (
                (not condition.any or any(has[phrase] for phrase in condition.any))
                and all(has[phrase] for phrase in condition.all)
                and not any(has[phrase] for phrase in condition.none)
            )
        case Every(parts):
            return all(_plainly(part, values, text) for part in parts)
        case Either(parts):
            return any(_plainly(part, values, text) for part in parts)
        case Negated(part):
            return not _plainly(part, values, text)
        case _:
            raise AssertionError(condition)


@same_examples
@given(
    st.lists(_conditions(), min_size=1, max_size=6),
    st.fixed_dictionaries({dimension: st.sampled_from(values) for dimension, values in _VALUES.items()}),
    st.lists(st.sampled_from(("ngập", "đường", "mưa", "lớn", "xe", "đèn", "trời")), max_size=7).map(" ".join),
)
def test_compiled_rules_decide_as_reading_them_one_by_one(
    conditions: Sequence[Condition], values: dict[str, str], text: str
) -> None:
    clauses = [(number, clause) for number, each in enumerate(conditions) for clause in clauses_of(each)]
    match = RuleIndex([clause for _, clause in clauses]).first(lambda dimension: values[dimension], fold(text))
    plainly = next((number for number, each in enumerate(conditions) if _plainly(each, values, text)), None)
    assert (clauses[match][0] if match is not None else None) == plainly
