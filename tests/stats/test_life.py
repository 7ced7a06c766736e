"""What is counted of a report's life; and that asking as of an earlier time gives what was known then."""

import random
from collections import Counter
from datetime import datetime, timedelta

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from app.history.model import Event, Kind
from app.stats.life import MATTERS, Occurrence, occurrences
from app.stats.measures import FIGURES, Measure
from tests.small_world import STAFF
from tests.stats.lives import life

Key = tuple[Measure, datetime, str, str, str, str, int | None]


def known(rows: list[Occurrence], as_of: datetime) -> Counter[Key]:
    """What somebody who asks as of then is told."""
    return Counter(
        (o.measure, o.at, o.agency, o.category, o.commune, o.channel, o.seconds)
        for o in rows
        if o.at <= as_of and o.known_from <= as_of and (o.known_until is None or as_of < o.known_until)
    )


def until(events: list[Event], as_of: datetime) -> list[Event]:
    return [event for event in events if event.at <= as_of]


def test_in_random_lives_cases_are_given_to_colleagues_and_put_back() -> None:
    dice = random.Random(3)
    events = [event for _ in range(800) for event in life(dice)[1]]
    staff = {str(one.id) for one in STAFF}
    for kind, whom in ((Kind.GIVEN, "assignee"), (Kind.RELEASED, "was")):
        named = {event.data[whom] for event in events if event.kind == kind}
        assert named
        assert named <= staff


@settings(max_examples=400, deadline=None)
@given(st.integers(0, 10**9))
def test_as_of_any_time_a_life_is_what_its_history_up_to_then_says(seed: int) -> None:
    dice = random.Random(seed)
    _, events = life(dice)
    rows = occurrences(events)
    moments = {event.at for event in events}
    moments |= {at + timedelta(seconds=s) for at in moments for s in (-1, 1, 40_000)} | {events[-1].at + timedelta(90)}
    for as_of in moments:
        if past := until(events, as_of):
            assert known(rows, as_of) == known(occurrences(past), as_of)


@settings(max_examples=200, deadline=None)
@given(st.integers(0, 10**9))
def test_what_was_learnt_later_happened_at_its_own_time_and_was_not_known_before(seed: int) -> None:
    dice = random.Random(seed)
    _, events = life(dice)
    first, learnt = dice.randrange(len(events)), events[-1].at + timedelta(days=dice.randrange(1, 400))
    told = [
        msgspec.structs.replace(event, data=event.data | {"known": learnt.isoformat()}) if n >= first else event
        for n, event in enumerate(events)
    ]
    rows = occurrences(told)
    moments = {event.at + timedelta(seconds=s) for event in events for s in (-1, 0, 1, 40_000)}
    for as_of in moments:
        if as_of < learnt:
            before = occurrences(events[:first]) if first else []
            assert known(rows, as_of) == known(before, as_of)
    for later in (timedelta(), timedelta(days=900)):
        assert known(rows, learnt + later) == known(occurrences(events), learnt + later)


@settings(max_examples=400, deadline=None)
@given(st.integers(0, 10**9))
def test_what_came_less_what_went_is_where_the_report_is(seed: int) -> None:
    report, events = life(random.Random(seed))
    now = events[-1].at
    counts: Counter[tuple[Measure, str]] = Counter()
    for key, n in known(occurrences(events), now).items():
        counts[key[0], key[2]] += n
    agencies = {agency for _, agency in counts}
    opened = {a: n for a in agencies if (n := counts[Measure.OPEN_IN, a] - counts[Measure.OPEN_OUT, a])}
    overdue = {a: n for a in agencies if (n := counts[Measure.OVERDUE_IN, a] - counts[Measure.OVERDUE_OUT, a])}
    is_open = report.resolved_at is None and report.ended_at is None
    holder = "" if report.agency_id == "ioc" else report.agency_id
    assert opened == ({holder: 1} if is_open else {})
    late = is_open and report.paused_at is None and report.due_at <= now
    assert overdue == ({holder: 1} if late else {})
    resolved = sum(n for (m, _), n in counts.items() if m in FIGURES["handled"].of)
    assert resolved == (1 if report.resolved_at else 0)
    rated = [m for (m, _), n in counts.items() if m in FIGURES["answers"].of and n]
    assert rated == ([Measure(f"rated_{report.rating}")] if report.rating else [])


@settings(max_examples=200, deadline=None)
@given(st.integers(0, 10**9))
def test_everything_counts_under_the_category_and_commune_that_the_report_has_now(seed: int) -> None:
    report, events = life(random.Random(seed))
    for row in occurrences(events):
        if row.known_until is None:
            assert (row.category, row.commune) == (report.category, report.commune_code or "")


@settings(max_examples=200, deadline=None)
@given(st.integers(0, 10**9))
def test_events_that_do_not_matter_can_be_left_out(seed: int) -> None:
    _, events = life(random.Random(seed))
    assert occurrences([event for event in events if event.kind in MATTERS]) == occurrences(events)


@settings(max_examples=200, deadline=None)
@given(st.integers(0, 10**9))
def test_a_stay_in_a_stock_ends_where_something_goes_out(seed: int) -> None:
    report, events = life(random.Random(seed))
    rows = [o for o in occurrences(events) if o.known_until is None]
    for came, went in ((Measure.OPEN_IN, Measure.OPEN_OUT), (Measure.OVERDUE_IN, Measure.OVERDUE_OUT)):
        ends = sorted(o.until for o in rows if o.measure is came and o.until is not None)
        assert ends == sorted(o.at for o in rows if o.measure is went)
        assert all(o.sent == report.submitted_at for o in rows if o.measure is came)
