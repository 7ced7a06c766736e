"""What a candidate changes, told by the names of things."""

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from app.routing.diff import Detail, Difference, _moved, differences
from app.routing.ruleset import load
from tests.routing.small import SMALL, changed


def diff(*changes: tuple[str, str]) -> list[Difference]:
    new = changed(*changes)
    load(new, proven=True)
    return differences(SMALL, new)


LIGHTS = """\
  - id: lights
    when: {category: street-light}
    then: {agency: commune office of the place}
    why: Đèn đường do xã quản lý.
"""
STREETS = """\
  - id: streets
    when: {group: streets}
    then: {agency: roads}
    why: Đường do Sở Xây dựng quản lý.
"""


def test_nothing_changes_by_comments_layout_or_the_order_of_keys() -> None:
    assert differences(SMALL, SMALL) == []
    written_anew = yaml.safe_dump(yaml.load(SMALL, yaml.BaseLoader), allow_unicode=True, sort_keys=True)
    assert load(written_anew).version != load(SMALL).version
    assert differences(SMALL, "# một ghi chú\n" + written_anew) == []
    assert diff(("keywords: [karaoke]", "keywords: karaoke")) == []


def test_a_changed_rule_names_what_changed_in_it() -> None:
    found = diff(("words: [rò điện, điện giật]", "words: [rò điện, hở điện]"), ("tags: [danger]", "tags: []"))
    assert found == [
        Difference(
            "rules",
            "danger",
            "changed",
            (Detail("when.words", came=("hở điện",), went=("điện giật",)), Detail("then.tags", went=("danger",))),
        )
    ]
    assert found[0].lines("en") == [
        "~ Rule danger: changed", "    when.words: + hở điện", "    when.words: − điện giật", "    then.tags: − danger",
    ]  # fmt: skip


def test_a_new_rule_says_behind_which_one_it_stands() -> None:
    new = "  - {id: noise, when: {category: noise}, then: {agency: police}, why: Vì vậy.}\n"
    (first,) = diff(("rules:\n", "rules:\n" + new))
    (last,) = diff(("fallback:", new + "fallback:"))
    assert (first.name, first.change, first.after) == ("noise", "added", "")
    assert last.after == "streets"
    assert first.lines("en")[0] == "+ Rule noise: added (now first)"
    assert "    then.agency: ∅ → police" in first.lines("en")


def test_removed_things_are_named() -> None:
    found = diff((LIGHTS, ""), ("  police: {kind: security, name: Công an tỉnh, name_en: Police}\n", ""))
    assert [(d.section, d.name, d.change) for d in found] == [
        ("agencies", "police", "removed"), ("rules", "lights", "removed"),
    ]  # fmt: skip
    assert found[1].lines("vi") == ["− Quy tắc lights: bỏ"]


def test_a_moved_rule_is_moved_and_not_changed() -> None:
    (found,) = diff((LIGHTS, ""), ("rules:\n", "rules:\n" + LIGHTS))
    assert (found.name, found.change, found.after) == ("lights", "moved", "")


def test_a_rule_may_be_moved_and_changed_at_once() -> None:
    found = diff((STREETS, ""), ("rules:\n", "rules:\n" + STREETS.replace("roads", "police")))
    assert [(d.name, d.change) for d in found] == [("streets", "changed"), ("streets", "moved")]


def test_a_category_that_changes_its_group_is_one_change() -> None:
    noise = SMALL[SMALL.index("      noise:") : SMALL.index("      other:")]
    (found,) = diff((noise, ""), ("    categories:\n      pothole:", f"    categories:\n{noise}      pothole:"))
    assert (found.section, found.name, found.details) == (
        "categories",
        "noise",
        (Detail("group", "others", "streets"),),
    )


@pytest.mark.parametrize(
    ("change", "section", "detail"),
    [
        (("friday: 07:00-11:00, 13:00-17:00", "friday: 07:00-11:00"), "calendar",
         Detail("office_hours.friday", "07:00-11:00, 13:00-17:00", "07:00-11:00")),
        (("closures: []", "closures: [2026-12-01]"), "calendar", Detail("closures", came=("2026-12-01",))),
        (("normal: 5 working days", "normal: 7 working days"), "deadlines",
         Detail("handling.normal", "5 working days", "7 working days")),
        (("  agency: ioc\n", "  agency: police\n"), "fallback", Detail("agency", "ioc", "police")),
    ],
)  # fmt: skip
def test_settings_are_compared_value_by_value(change: tuple[str, str], section: str, detail: Detail) -> None:
    assert diff(change) == [Difference(section, "", "changed", (detail,))]


def test_an_area_is_told_by_what_came_and_what_went() -> None:
    (found,) = diff(('["32002", "32014"]', '["32014", "32025"]'))
    assert found == Difference("areas", "inner-city", "changed", (Detail("", came=("32025",), went=("32002",)),))


@given(st.permutations(range(7)), st.sets(st.integers(0, 6)))
def test_as_few_rules_as_possible_are_called_moved(order: list[int], gone: set[int]) -> None:
    before = {str(n): None for n in range(7)}
    after = [str(n) for n in order if n not in gone]
    moved = _moved(before, after)
    rest = [int(rule) for rule in after if rule not in moved]
    assert rest == sorted(rest)
    runs = [run for bits in range(1 << len(after)) if (run := [int(r) for i, r in enumerate(after) if bits >> i & 1])]
    longest = max((len(run) for run in runs if run == sorted(run)), default=0)
    assert len(after) - len(moved) == longest
