"""Adding to the calendar of a rules file: comments stay, and nothing else changes."""

from datetime import date

import pytest

from app.errors import AppError, Conflict
from app.routing import edit
from app.routing.calendar import Swap
from app.routing.ruleset import RuleSet, load
from tests.routing.test_shipped import PATH as SHIPPED
from tests.small_world import RULES as SMALL

MONDAY, SATURDAY = date(2026, 8, 17), date(2026, 8, 22)


@pytest.fixture(scope="module")
def shipped() -> RuleSet:
    return load(SHIPPED)


def lines(text: str) -> list[str]:
    return text.splitlines()


def test_a_closure_is_added_to_the_shipped_rules_and_every_other_line_stays(shipped: RuleSet) -> None:
    changed = edit.add_closure(shipped, MONDAY, date(2026, 8, 18), 'Bão số 5: "nghỉ"')
    read = load(changed)
    assert read.calendar.week.closures == (MONDAY, date(2026, 8, 18))
    before = lines(shipped.source)
    assert len([line for line in lines(changed) if line not in before]) == 1
    again = load(edit.add_closure(read, date(2026, 9, 1), date(2026, 9, 1), "Một ngày"))
    assert set(again.calendar.week.closures) == {MONDAY, date(2026, 8, 18), date(2026, 9, 1)}


def test_a_swapped_day_is_added_beside_those_that_are_there(shipped: RuleSet) -> None:
    read = load(edit.add_swap(shipped, MONDAY, SATURDAY, "Nghỉ bù"))
    assert set(read.calendar.week.swaps) == {*shipped.calendar.week.swaps, Swap(MONDAY, SATURDAY)}
    assert [line for line in lines(shipped.source) if line not in lines(read.source)] == []


def test_a_list_that_is_not_there_yet_is_begun() -> None:
    read = load(edit.add_closure(SMALL, MONDAY, MONDAY, "Ngày hội"))
    assert read.calendar.week.closures == (MONDAY,)
    assert load(edit.add_swap(read, MONDAY, SATURDAY, "Nghỉ bù")).calendar.week.swaps == (Swap(MONDAY, SATURDAY),)


@pytest.mark.parametrize(
    "written", ["[]", "[2026-05-04] # ngày truyền thống", "\n  - 2026-05-04", "\n      - 2026-05-04"]
)
def test_lists_are_added_to_however_they_are_written(written: str) -> None:
    text = SMALL.source.replace("  public_holidays: VN\n", f"  public_holidays: VN\n  closures: {written}\n")
    rules = load(text)
    read = load(edit.add_closure(rules, MONDAY, MONDAY, "Ngày hội"))
    assert set(read.calendar.week.closures) == {*rules.calendar.week.closures, MONDAY}


def test_a_calendar_written_otherwise_is_left_to_a_person() -> None:
    start = SMALL.source.index("calendar:")
    end = SMALL.source.index("agencies:")
    hours = ", ".join(f"{day}: 07:00-17:00" for day in ("monday", "tuesday"))
    text = SMALL.source[:start] + f"calendar: {{office_hours: {{{hours}}}, public_holidays: VN}}\n" + SMALL.source[end:]
    with pytest.raises(Conflict) as error:
        edit.add_closure(load(text), MONDAY, MONDAY, "Ngày hội")
    assert error.value.key == "system.edit_by_hand"


@pytest.mark.parametrize(
    ("change", "key"),
    [
        (lambda rules: edit.add_closure(rules, MONDAY, date(2026, 8, 16), "x"), "system.closure_long"),
        (lambda rules: edit.add_closure(rules, MONDAY, date(2026, 10, 1), "x"), "system.closure_long"),
        (lambda rules: edit.add_swap(rules, SATURDAY, SATURDAY, "x"), "system.swap_off_wrong"),
        (lambda rules: edit.add_swap(rules, MONDAY, MONDAY, "x"), "system.swap_work_wrong"),
        (lambda rules: edit.add_swap(rules, date(2026, 1, 2), SATURDAY, "x"), "system.swap_known"),
    ],
)
def test_days_that_cannot_be_are_refused(shipped: RuleSet, change: object, key: str) -> None:
    with pytest.raises(AppError) as error:
        change(shipped)  # type: ignore[operator]  # one of those above
    assert error.value.key == key
