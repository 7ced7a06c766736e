"""When a message may go out: the night, the flood, and what neither holds up for longer than it must."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.notify.digest import Line, telling
from app.notify.manners import AT_ONCE, FEW, WINDOW, ZONE, Go, Moment, Quiet, Wait, decide
from app.reports.model import Status
from tests.routing import same_examples

NIGHTS = Quiet(21 * 60, 6 * 60 + 30)
NOON = datetime(2026, 11, 20, 12, 0, tzinfo=ZONE)
minutes = st.integers(0, 24 * 60 - 1)


def at(clock: str, day: int = 20) -> datetime:
    hour, minute = clock.split(":")
    return datetime(2026, 11, day, int(hour), int(minute), tzinfo=ZONE)


@pytest.mark.parametrize(
    ("now", "until"),
    [
        (at("20:59"), None),
        (at("21:00"), at("6:30", 21)),
        (at("23:59"), at("6:30", 21)),
        (at("0:00"), at("6:30")),
        (at("6:29"), at("6:30")),
        (at("6:30"), None),
    ],
)
def test_the_night_is_over_in_the_morning(now: datetime, until: datetime | None) -> None:
    assert NIGHTS.ends(now) == until
    assert NIGHTS.ends(now.astimezone(UTC)) == until


@same_examples
@given(minutes, minutes, st.integers(0, 525_600).map(lambda m: NOON + timedelta(minutes=m)))
def test_when_the_quiet_ends_it_is_no_longer_quiet(start: int, end: int, now: datetime) -> None:
    if start == end:
        return
    quiet = Quiet(start, end)
    until = quiet.ends(now)
    if until is not None:
        assert timedelta(0) < until - now <= timedelta(days=1)
        assert quiet.ends(until) is None
        assert quiet.ends(until - timedelta(seconds=1)) == until


@pytest.mark.parametrize("template", ["started", *AT_ONCE])
def test_at_night_everything_waits_for_the_morning_but_danger(template: str) -> None:
    now = at("22:00")
    assert decide(Moment(template, now, False), NIGHTS, now) == Wait(8.5 * 3600)
    assert decide(Moment(template, now, True), NIGHTS, now) == Go()
    assert decide(Moment(template, now, False), None, now) == Go()


def test_what_waited_for_the_morning_goes_together_as_soon_as_there_are_two() -> None:
    slept, morning = at("23:00", 19), at("6:30")
    assert decide(Moment("started", slept, False, (), 2), NIGHTS, morning) == Go(digest=True)
    assert decide(Moment("started", slept, False, (), 1), NIGHTS, morning) == Go()
    assert decide(Moment("started", morning, False, (), 2), NIGHTS, morning) == Go()


@pytest.mark.parametrize(
    ("sent", "waiting", "wanted"),
    [(0, 1, Go()), (0, 3, Go()), (0, 4, Go(digest=True)), (2, 1, Go()), (2, 2, Go(digest=True))],
)
def test_a_few_go_one_by_one_and_more_go_together(sent: int, waiting: int, wanted: Go) -> None:
    lately = tuple(NOON - timedelta(minutes=n) for n in range(sent))
    assert decide(Moment("started", NOON, False, lately, waiting), NIGHTS, NOON) == wanted


def test_whoever_was_just_told_several_times_is_left_alone_until_the_first_of_them_is_past() -> None:
    lately = tuple(NOON - timedelta(minutes=n) for n in (1, 2, 4))
    assert decide(Moment("started", NOON, False, lately, 5), NIGHTS, NOON) == Wait(6 * 60)


@same_examples
@given(st.lists(st.integers(0, 599), max_size=9), st.integers(1, 20), st.sampled_from(AT_ONCE))
def test_a_question_or_a_result_is_never_gathered_and_never_waits_by_day(
    ago: list[int], waiting: int, template: str
) -> None:
    lately = tuple(NOON - timedelta(seconds=s) for s in sorted(ago))
    assert decide(Moment(template, NOON, False, lately, waiting), NIGHTS, NOON) == Go()


@same_examples
@given(st.lists(st.integers(0, 599), min_size=FEW, max_size=9))
def test_nothing_waits_longer_than_the_window(ago: list[int]) -> None:
    lately = tuple(NOON - timedelta(seconds=s) for s in sorted(ago))
    decided = decide(Moment("started", NOON, False, lately, 2), NIGHTS, NOON)
    assert isinstance(decided, Wait)
    assert 0 < decided.seconds <= WINDOW.total_seconds()


def line(number: int, about: str = "", status: Status = Status.IN_PROGRESS) -> Line:
    return Line(UUID(int=number), f"PA-0000-{number:04}", status, about)


def test_a_digest_names_each_report_once_with_a_button_to_open_it() -> None:
    said = telling([line(1, "Ổ gà trước số 12"), line(2), line(1, "Ổ gà trước số 12", Status.RESOLVED)], "vi")
    assert said.text == (
        "Các phản ánh của anh/chị có tin mới:\n• PA-0000-0001 – Đã xử lý: Ổ gà trước số 12\n• PA-0000-0002 – Đang xử lý"
    )
    assert [row[0].data for row in said.buttons] == ["t1|PA-0000-0001", "t1|PA-0000-0002"]


def test_a_very_long_digest_still_fits_into_a_message() -> None:
    said = telling([line(n, "Ổ gà rất to trước nhà " * 20) for n in range(1, 200)], "en")
    assert len(said.text) < 4096
    assert "179 more" in said.text
    assert len(said.buttons) == 8
