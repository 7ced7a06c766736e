"""What an address asks for, and whose figures it may be."""

import re
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qsl

import pytest

from app.accounts.model import SYSTEM, Actor, Role
from app.errors import Forbidden, Invalid
from app.routing.calendar import VIETNAM
from app.stats.asked import Asked, asked
from app.stats.rights import narrowed
from tests import small_world as world

NOW = datetime(2026, 11, 27, 10, 0, 5, tzinfo=VIETNAM)
LEAD = Actor("staff", role=Role.LEAD, agency_id="roads", agencies=frozenset({"roads", "road-crew"}))


def read(address: str) -> Asked:
    return asked(parse_qsl(address), NOW)


def test_an_address_says_it_all_and_is_always_written_the_same_way() -> None:
    one = read("category=pothole&period=2026-10&agency=roads&agency=power&agency=-&channel=&as_of=2026-11-02T08:30")
    assert one.query() == (
        "period=2026-10&agency=-&agency=power&agency=roads&category=pothole&as_of=2026-11-02T08%3A30%3A00"
    )
    assert one.agencies == ("", "power", "roads")
    assert read(one.query()) == one
    assert read(one.query(agency="roads", as_of=None)) == read("period=2026-10&agency=roads&category=pothole")


def test_without_as_of_a_past_period_is_as_known_at_its_end_and_the_present_one_as_known_now() -> None:
    past, present = read("period=2026-10"), read("")
    assert past.question(NOW).as_of == past.period.end
    assert present.period.key == "2026-11"
    assert present.question(NOW).as_of == NOW
    assert past.question(NOW, period=past.period.before()).as_of == past.period.start
    settled = present.settled(NOW)
    assert read(settled.query()).question(NOW + timedelta(days=1)).as_of == NOW


def test_in_a_months_first_minute_the_one_that_has_just_ended_is_shown() -> None:
    begins = datetime(2026, 12, 1, tzinfo=VIETNAM)
    for now, month in (
        (begins - timedelta(seconds=1), "2026-11"),
        (begins + timedelta(seconds=59), "2026-11"),
        (begins + timedelta(minutes=1), "2026-12"),
    ):
        one, minute = asked([], now), now.replace(second=0)
        assert one.period.key == month
        assert one.question(minute).as_of > one.period.start


def test_as_of_is_by_vietnams_clocks_and_never_ahead() -> None:
    assert read("as_of=2026-11-20T12:00").as_of == datetime(2026, 11, 20, 5, tzinfo=UTC)
    assert read("as_of=2026-11-20T12:00Z").as_of == datetime(2026, 11, 20, 12, tzinfo=UTC)
    assert read("as_of=now").as_of == read("as_of=2030-01-01T00:00").as_of == NOW


@pytest.mark.parametrize(
    ("address", "key"),
    [
        ("period=soon", "stats.period_unknown"),
        ("as_of=yesterday", "stats.as_of_wrong"),
        ("channel=pigeon", "stats.channel_unknown"),
        ("commune=" + "x" * 101, "stats.filter_wrong"),
        ("&".join(f"commune={n}" for n in range(301)), "stats.filter_wrong"),
    ],
)
def test_what_cannot_be_meant_is_refused(address: str, key: str) -> None:
    with pytest.raises(Invalid, match=re.escape(key)):
        read(address)


def test_whoever_sees_all_asks_for_anything_and_a_lead_for_the_own_agencies() -> None:
    everything, theirs = read(""), read("agency=power")
    leader = Actor("staff", role=Role.LEADER, agency_id="ubnd")
    for actor in (leader, world.COORDINATOR, SYSTEM):
        assert narrowed(actor, everything) == everything
    assert narrowed(LEAD, everything).agencies == ("road-crew", "roads")
    assert narrowed(LEAD, read("agency=road-crew")).agencies == ("road-crew",)
    for wrong in (theirs, read("agency=roads&agency=power"), read("agency=-")):
        with pytest.raises(Forbidden, match=r"stats\.outside"):
            narrowed(LEAD, wrong)


def test_limits_of_categories_and_communes_hold_for_everybody() -> None:
    leader = Actor("staff", role=Role.LEADER, categories=frozenset({"pothole"}), communes=frozenset({"32002", "32001"}))
    assert narrowed(leader, read("")).categories == ("pothole",)
    assert narrowed(leader, read("commune=32001")).communes == ("32001",)
    for wrong in ("category=litter", "commune=32003", "commune=-"):
        with pytest.raises(Forbidden, match=r"stats\.outside"):
            narrowed(leader, read(wrong))


@pytest.mark.parametrize("role", [Role.OFFICER, Role.ADMINISTRATOR])
def test_officers_and_administrators_read_no_figures(role: Role) -> None:
    with pytest.raises(Forbidden, match=r"accounts\.not_allowed"):
        narrowed(Actor("staff", role=role, agency_id="roads", agencies=frozenset({"roads"})), read(""))


def test_a_lead_without_an_agency_reads_nothing() -> None:
    with pytest.raises(Forbidden):
        narrowed(Actor("staff", role=Role.LEAD), read(""))


def test_citizens_read_none() -> None:
    with pytest.raises(Forbidden):
        narrowed(world.CITIZEN, read(""))
