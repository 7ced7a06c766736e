"""The rules file of the province of Cà Mau that comes with the system."""

import re
from pathlib import Path
from typing import Any

import pytest

from app.i18n.text import fold
from app.places.dataset import known
from app.places.service import embedded_default
from app.routing.check import check
from app.routing.guess import clear_guess
from app.routing.limits import parse_limit
from app.routing.model import COMMUNE_OFFICE, Decision, Facts
from app.routing.ruleset import RuleSet
from app.wiring import load_candidate
from tests.routing.small import at

PATH = Path(__file__).parents[2] / "routing_rules.yaml"


@pytest.fixture(scope="module")
def rules() -> RuleSet:
    return load_candidate(PATH, embedded_default())


def decide(rules: RuleSet, category: str, text: str = "", commune: str = "32002", **more: Any) -> Decision:
    known: dict[str, Any] = {"at": at("2026-11-05"), "province_code": "96"} | more
    return rules.decide(Facts(category=category, text_folded=fold(text), commune_code=commune, **known))


def test_it_is_cà_maus_with_the_communes_that_exist(rules: RuleSet) -> None:
    assert rules.province_code == "96"
    assert sum(c.province_code == "96" for c in known().communes) == 64


def test_it_has_two_levels_with_enough_of_both(rules: RuleSet) -> None:
    assert len(rules.groups) >= 10
    assert len(rules.categories) >= 40
    assert all(group.categories for group in rules.groups.values())


def test_every_category_says_what_it_is_in_both_languages(rules: RuleSet) -> None:
    for category in rules.categories.values():
        assert category.name
        assert category.name_en.isascii()
        assert category.icon
        assert len(category.keywords) >= 5
        assert 1 <= len(category.examples) <= 4


def test_every_category_has_a_rule_that_answers_it(rules: RuleSet) -> None:
    for category_id in rules.categories:
        for commune in ("32002", "31825", "32044"):
            decision = decide(rules, category_id, commune=commune)
            assert decision.rule_id != "fallback", category_id
            assert decision.agency_id in rules.agencies or decision.agency_id == f"ubnd-{commune}"


def test_every_agency_that_answers_exists_and_every_department_has_work_or_children(rules: RuleSet) -> None:
    named = {rule.then.agency for rule in rules.rules} | {a for rule in rules.rules for a in rule.then.co_agencies}
    assert named <= set(rules.agencies) | {COMMUNE_OFFICE}
    assert rules.agencies[rules.coordinator_id].parent_id is None
    assert all(agency.parent_id in rules.agencies for agency in rules.agencies.values() if agency.parent_id)


def test_every_rule_gives_its_reason_in_both_languages(rules: RuleSet) -> None:
    assert all(rule.why.endswith(".") and rule.why_en.endswith(".") for rule in rules.rules)


def test_every_example_is_guessed_as_its_category(rules: RuleSet) -> None:
    wrong = [
        (category.category_id, example)
        for category in rules.categories.values()
        for example in category.examples
        if rules.guess_category(example)[0].category_id != category.category_id
    ]
    assert wrong == []


def test_keywords_are_written_with_their_accents(rules: RuleSet) -> None:
    bare = [k for c in rules.categories.values() for k in c.keywords if k.isascii() and " " in k]
    # What is left is English, or Vietnamese that has no accents.
    assert len(bare) <= 40, bare


@pytest.mark.parametrize(
    ("category", "text", "commune", "agency"),
    [
        ("road-damage", "Quốc lộ 1A đoạn Giá Rai nhiều ổ gà", "31942", "so-xay-dung"),
        ("road-damage", "duong hem nhieu o ga", "31942", "ubnd-31942"),
        ("power-danger", "Dây điện đứt", "31825", "dien-luc-ca-mau"),
        ("road-damage", "cột điện đổ xuống đường", "31825", "dien-luc-ca-mau"),
        ("street-light", "Đèn hư", "31825", "dich-vu-do-thi-bac-lieu"),
        ("street-light", "Đèn hư", "32014", "moi-truong-do-thi-ca-mau"),
        ("street-light", "Đèn hư", "32098", "ubnd-32098"),
        ("water-cut", "Cúp nước", "31834", "cap-nuoc-bac-lieu"),
        ("water-cut", "Cúp nước", "32041", "cap-nuoc-ca-mau"),
        ("water-cut", "Cúp nước", "32244", "nuoc-sach-nong-thon"),
        ("smoke-smell", "Nhà máy bột cá xả khói", "32098", "so-nong-nghiep-moi-truong"),
        ("smoke-smell", "Đốt rác", "32098", "ubnd-32098"),
        ("garbage", "Rác trong khu công nghiệp Khánh An", "32059", "ban-quan-ly-khu-kinh-te"),
        ("telecom-signal", "Mạng Viettel yếu", "32002", "viettel-ca-mau"),
        ("telecom-signal", "Mạng yếu cả Viettel lẫn VNPT", "32002", "so-khoa-hoc-cong-nghe"),
        ("labour-insurance", "Công ty nợ lương", "32002", "so-noi-vu"),
        ("labour-insurance", "Công ty không đóng BHXH", "32002", "bao-hiem-xa-hoi"),
        ("fake-goods", "Bán hàng giả", "32002", "chi-cuc-quan-ly-thi-truong"),
        ("school-fees", "Lạm thu", "32002", "so-giao-duc-dao-tao"),
        ("complaint", "Tôi khiếu nại", "32002", "ioc"),
        ("procedure", "Làm giấy khai sinh", "32002", "ioc"),
        ("other", "Việc khác", "32002", "ioc"),
    ],
)
def test_who_answers(rules: RuleSet, category: str, text: str, commune: str, agency: str) -> None:
    assert decide(rules, category, text, commune).agency_id == agency


def test_noise_at_night_is_for_the_police_at_once(rules: RuleSet) -> None:
    by_day, by_night = decide(rules, "noise"), decide(rules, "noise", at=at("2026-11-05", "23:30"))
    assert (by_day.agency_id, by_day.urgency) == ("ubnd-32002", "normal")
    assert (by_night.agency_id, by_night.urgency) == ("cong-an-tinh", "urgent")
    assert by_night.handling_due == at("2026-11-06", "03:30")


def test_what_is_out_of_scope_is_private_tagged_and_comes_with_advice(rules: RuleSet) -> None:
    outside = [category for category in rules.categories.values() if category.out_of_scope]
    assert {category.category_id for category in outside} == {"complaint", "denunciation", "procedure"}
    for category in outside:
        decision = decide(rules, category.category_id)
        assert (decision.agency_id, decision.visibility, decision.tags) == ("ioc", "private", ("ngoai-pham-vi",))
        assert category.advice.endswith(".")
        assert category.advice_en.endswith(".")


def test_a_place_outside_the_province_goes_to_the_coordinators(rules: RuleSet) -> None:
    decision = decide(rules, "road-damage", commune="31333", province_code="92")
    assert (decision.agency_id, decision.rule_id) == ("ioc", "ngoai-tinh")


def test_matters_of_crime_are_never_public(rules: RuleSet) -> None:
    for category in ("drugs", "theft", "gambling", "family-violence", "school-safety"):
        assert decide(rules, category).visibility == "private"


def test_what_endangers_life_is_urgent(rules: RuleSet) -> None:
    for category in ("power-danger", "erosion", "fire-safety", "family-violence"):
        decision = decide(rules, category)
        assert decision.urgency == "urgent"
        assert decision.handling_due <= at("2026-11-06", "17:00")


def test_the_first_of_cà_maus_deadlines_is_two_office_hours(rules: RuleSet) -> None:
    assert decide(rules, "garbage").intake_due == at("2026-11-05", "11:00")
    assert rules.deadlines.intake.days_off == parse_limit("12 hours")


@pytest.mark.parametrize(
    ("sentence", "category"),
    [
        ("Đèn đường trước chợ phường hư ba hôm nay", "street-light"),
        ("duong nhieu o ga qua xe sup hoai", "road-damage"),
        ("rac chat dong dau hem khong ai lay", "garbage"),
    ],
)
def test_everyday_sentences_need_no_question(rules: RuleSet, sentence: str, category: str) -> None:
    assert clear_guess(rules.guess_category(sentence)) == category


def test_ids_in_the_file_are_readable_slugs(rules: RuleSet) -> None:
    ids = [*rules.agencies, *rules.categories, *rules.groups, *(rule.rule_id for rule in rules.rules)]
    assert all(re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", each) for each in ids)


def test_its_examples_are_many_and_written_as_people_write(rules: RuleSet) -> None:
    bare = [each for each in rules.examples if each.text.isascii()]
    named = [each for each in rules.examples if not each.place.isdigit()]
    guessed = [each for each in rules.examples if each.category is None]
    assert len(rules.examples) >= 150
    assert len(bare) * 2 >= len(rules.examples)
    assert len(named) >= 50
    assert len(guessed) >= 150
    answered = {each.expected.rule for each in rules.examples}
    assert len(answered) >= 60


def test_it_has_no_gaps_and_no_rules_that_contradict_each_other(rules: RuleSet) -> None:
    findings = check(rules)
    assert findings.gaps == ()
    assert {warning.key for warning in findings.warnings} <= {"routing.unused_agency", "routing.keyword_shared"}
