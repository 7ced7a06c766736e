"""The chain: the same facts give the same hashes; any change to the past shows."""

from datetime import UTC, datetime
from uuid import UUID

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from app.history.model import NO_HASH, Event, Fact, Kind, chain, link

REPORT = UUID("0198c0de-0000-7000-8000-000000000001")
OFFICER = UUID("0198c0de-0000-7000-8000-0000000000aa")
NOON = datetime(2026, 3, 2, 5, 0, tzinfo=UTC)

facts = st.lists(
    st.builds(
        Fact, st.sampled_from(list(Kind)), st.dictionaries(st.text(max_size=8), st.integers() | st.text(max_size=8))
    ),
    min_size=1,
    max_size=6,
)


def written(some: list[Fact]) -> list[Event]:
    return chain(REPORT, (0, NO_HASH), some, at=NOON, actor=("staff", OFFICER))


@given(facts)
def test_a_history_written_at_once_or_fact_by_fact_is_the_same(some: list[Fact]) -> None:
    at_once, step = written(some), []
    last = (0, NO_HASH)
    for fact in some:
        step += chain(REPORT, last, [fact], at=NOON, actor=("staff", OFFICER))
        last = (step[-1].seq, step[-1].hash)
    assert step == at_once


@given(facts, st.integers(0, 5))
def test_changing_any_event_breaks_its_link(some: list[Fact], position: int) -> None:
    events = written(some)
    event = events[position % len(events)]
    previous = events[event.seq - 2].hash if event.seq > 1 else NO_HASH
    forged = msgspec.structs.replace(event, data=event.data | {"forged": True})
    assert link(previous, event) == event.hash
    assert link(previous, forged) != event.hash


def test_the_hash_does_not_depend_on_the_order_of_keys_or_the_time_zone() -> None:
    one = written([Fact(Kind.NOTED, {"a": 1, "b": 2.5})])[0]
    other = written([Fact(Kind.NOTED, {"b": 2.5, "a": 1})])[0]
    assert one.hash == other.hash
    hanoi = datetime.fromisoformat("2026-03-02T12:00:00+07:00")
    assert (
        chain(REPORT, (0, NO_HASH), [Fact(Kind.NOTED, {"a": 1, "b": 2.5})], at=hanoi, actor=("staff", OFFICER))[0].hash
        == one.hash
    )


def test_what_the_system_does_in_the_wake_of_a_citizen_is_not_put_down_to_the_citizen() -> None:
    citizen = UUID("0198c0de-0000-7000-8000-0000000000bb")
    sent, routed = chain(
        REPORT,
        (0, NO_HASH),
        [Fact(Kind.SUBMITTED), Fact(Kind.ASSIGNED, by_system=True)],
        at=NOON,
        actor=("citizen", citizen),
    )
    assert (sent.actor_kind, sent.actor_id) == ("citizen", citizen)
    assert (routed.actor_kind, routed.actor_id) == ("system", None)
