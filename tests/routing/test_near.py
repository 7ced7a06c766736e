"""How near and how recent counts as the same matter: for the province, for a category, and what makes no sense."""

from datetime import timedelta

import pytest

from app.errors import Invalid
from app.routing.check import check
from app.routing.diff import differences
from app.routing.model import Nearness
from app.routing.ruleset import load
from tests.routing.small import SMALL, changed, mistakes

PROVINCE = "duplicates: {{near: {near}, recent: {recent}}}\ndeadlines:\n"


def province(near: str = "50 m", recent: str = "14 days") -> str:
    return changed(("deadlines:\n", PROVINCE.format(near=near, recent=recent)))


def pothole(line: str) -> str:
    return changed(("        name: Ổ gà\n", f"        name: Ổ gà\n        {line}\n"))


def test_what_is_not_written_is_50_metres_and_14_days() -> None:
    assert load(SMALL).nearness("pothole") == Nearness(50.0, timedelta(days=14))
    near = load(changed(("deadlines:\n", "duplicates: {near: 1.5 km}\ndeadlines:\n"))).nearness("pothole")
    assert near == Nearness(1500.0, timedelta(days=14))


def test_a_category_goes_before_the_province_in_what_it_writes() -> None:
    rules = load(province("80 m", "3 days").replace("        name: Ổ gà\n", "        name: Ổ gà\n        near: 20 m\n"))
    assert rules.nearness("pothole") == Nearness(20.0, timedelta(days=3))
    assert rules.nearness("street-light") == Nearness(80.0, timedelta(days=3))
    assert load(pothole("recent: 36 hours")).nearness("pothole") == Nearness(50.0, timedelta(hours=36))


def test_a_category_nobody_knows_has_none() -> None:
    with pytest.raises(Invalid):
        load(SMALL).nearness("made-up")


@pytest.mark.parametrize("near", ["4 m", "0 m", "6 km", "50", "fifty metres"])
def test_a_distance_that_makes_no_sense_is_refused(near: str) -> None:
    for text in (province(near=near), pothole(f"near: {near}")):
        (mistake,) = mistakes(text)
        assert near in mistake


@pytest.mark.parametrize("recent", ["30 minutes", "366 days", "3 working days", "16 office hours", "a while"])
def test_a_period_that_makes_no_sense_is_refused(recent: str) -> None:
    for text in (province(recent=recent), pothole(f"recent: {recent}")):
        (mistake,) = mistakes(text)
        assert recent in mistake


def test_a_key_that_does_not_exist_is_refused() -> None:
    (mistake,) = mistakes(changed(("deadlines:\n", "duplicates: {nearby: 50 m}\ndeadlines:\n")))
    assert "nearby" in mistake


@pytest.mark.parametrize("line", ["near: 20 m", "recent: 2 days"])
def test_it_has_no_effect_on_a_private_category(line: str) -> None:
    private = pothole(f"visibility: private\n        {line}")
    assert ("routing.near_unused", "pothole") in [(w.key, w.params.get("name")) for w in check(load(private)).warnings]
    assert "routing.near_unused" not in [w.key for w in check(load(pothole(line))).warnings]


def test_a_change_is_told_as_one_of_the_settings() -> None:
    (change,) = differences(load(SMALL).source, load(province()).source)
    assert (change.section, change.change) == ("duplicates", "changed")
    assert "Phản ánh trùng" in change.lines("vi")[0]
