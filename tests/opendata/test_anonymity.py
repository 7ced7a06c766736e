"""The attacker's view: whoever knows where, when, what and how somebody reported finds a crowd, never a person."""

import random
from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Literal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import structs

from app.opendata.anonymity import anonymous, cell_of, centre_of, crowd, steps
from app.opendata.model import Finest, Options, Source, Told

MONTH = datetime(2026, 9, 30, 17, tzinfo=UTC)
"""The beginning of October in Vietnam."""


def group_of(category: str) -> str:
    return category[0]


_sources = st.builds(
    Source,
    at=st.integers(0, 31 * 24 * 60 - 1).map(lambda minutes: MONTH + timedelta(minutes=minutes)),
    commune=st.sampled_from(("32002", "32025", "32044", None)),
    lat=st.floats(9.1, 9.12) | st.none(),
    lon=st.floats(105.1, 105.12),
    category=st.sampled_from(("light", "lamp", "hole", "heap")),
    agency=st.sampled_from(("roads", "power", "ubnd-32002")),
    channel=st.sampled_from(("telegram", "web", "hotline")),
    status=st.sampled_from(("open", "resolved", "declined")),
    on_time=st.sampled_from(("", "yes", "no")),
    rating=st.sampled_from(("", "good", "bad")),
    known=st.booleans(),
    text=st.sampled_from(("Đèn hỏng.", "Ổ gà lớn.", "")),
)
_options = st.builds(
    Options,
    place=st.sampled_from(("commune", "grid")),
    finest=st.sampled_from(("half", "day", "week", "month")),
    k=st.integers(3, 12),
    ratings=st.booleans(),
    texts=st.booleans(),
)


@settings(max_examples=60, deadline=None)
@given(st.lists(_sources, max_size=90), _options)
def test_every_row_of_any_month_has_its_crowd_and_every_report_is_accounted_for(
    sources: list[Source], options: Options
) -> None:
    rows, told = anonymous(sources, options, group_of)
    assert crowd(rows) >= options.k or not rows
    assert len(rows) == told.rows == sum(told.steps.values())
    assert told.rows + told.withheld == len(sources)
    # Those that everybody can read hide nobody: without them there is still a crowd.
    hidden, _ = anonymous([source for source in sources if not source.known], options, group_of)
    others, _ = anonymous([source for source in sources if source.known], options, group_of)
    assert sorted([*hidden, *others]) == rows
    # The order tells nothing of who came first.
    shuffled = random.Random(1).sample(sources, len(sources))
    assert anonymous(shuffled, options, group_of) == (rows, told)
    for row in rows:
        assert not (row.text and row.rating)
        assert options.texts or not row.text
        assert options.ratings or not row.rating


@settings(max_examples=25, deadline=None)
@given(st.lists(_sources, min_size=40, max_size=90), _options)
def test_whoever_knows_all_that_can_be_known_of_a_report_finds_a_crowd_or_nothing(
    sources: list[Source], options: Options
) -> None:
    secret = [source for source in sources if not source.known]
    rows, _ = anonymous(secret, options, group_of)
    there = {row.alike for row in rows}
    sizes = Counter(row.alike for row in rows)
    for target in secret[:10]:
        fits = [one for one in there if _could_be(one, target)]
        assert sum(sizes[one] for one in fits) >= options.k or not fits


def _could_be(alike: tuple[str, ...], target: Source) -> bool:
    sent, precision, place, commune, cell, category, group, agency, channel = alike
    local = target.at.astimezone(UTC) + timedelta(hours=7)
    iso = local.isocalendar()
    when = {
        "half": f"{local:%Y-%m-%d}T{'00' if local.hour < 12 else '12'}",
        "day": f"{local:%Y-%m-%d}",
        "week": f"{iso.year}-W{iso.week:02d}",
        "month": f"{local:%Y-%m}",
    }
    return (
        sent == when[precision]
        and (place == "province" or commune == target.commune)
        and (not cell or (target.lat is not None and cell == cell_of(target.lat, target.lon or 0)))
        and category in ("", target.category)
        and group == group_of(target.category)
        and agency in ("", target.agency)
        and channel in ("", target.channel)
    )


def _one(**changes: object) -> Source:
    usual = Source(
        at=MONTH + timedelta(days=3, hours=2), commune="32002", lat=9.1769, lon=105.1524, category="light",
        agency="power", channel="web", status="resolved", on_time="yes",
    )  # fmt: skip
    return structs.replace(usual, **changes)


def test_what_is_common_stays_exact_and_what_is_rare_is_generalised_before_it_is_withheld() -> None:
    days = timedelta(days=1)
    sources = [
        *(_one() for _ in range(5)),  # the same cell, day and all
        *(_one(lat=9.18 + n / 100, category="lamp") for n in range(5)),  # five cells of a commune
        *(_one(at=MONTH + days * (5 + n), category="hole") for n in range(5)),  # five days of a week
        *(_one(at=MONTH + days * 5 * n, category="heap") for n in range(5)),  # all over the month
        *(_one(category="rust", channel=channel) for channel in ("web", "telegram", "hotline", "zalo_oa", "api")),
        *(_one(category=f"x{n}") for n in range(5)),  # a group together
        *(_one(category="yard", commune=f"3200{n}") for n in range(5)),  # the province together
        *(_one(category=f"{n}") for n in range(4)),  # like no other
    ]
    rows, told = anonymous(sources, Options(place="grid", k=5), group_of)
    assert told == Told(
        35, {"exact": 5, "commune": 5, "week": 5, "month": 5, "channel": 5, "category": 5, "province": 5}, 4
    )
    assert (told.generalised, len(rows)) == (30, 35)
    steps_of = {row.category: (row.sent, row.place_precision) for row in rows}
    assert steps_of["light"] == ("2026-10-04", "grid")
    assert steps_of["lamp"] == ("2026-10-04", "commune")
    assert steps_of["hole"] == ("2026-W41", "commune")
    assert steps_of["yard"] == ("2026-10", "province")


def test_known_reports_make_no_crowd_for_the_others() -> None:
    sources = [_one(known=n < 4) for n in range(5)]
    assert anonymous(sources, Options(k=5), group_of) == ([], Told(0, {}, 5))


def test_ratings_are_given_only_where_they_tell_nothing_of_one_person() -> None:
    options = Options(k=3, ratings=True, texts=True)
    alike = anonymous([_one(rating="bad") for _ in range(4)], options, group_of)[0]
    assert {row.rating for row in alike} == {""}
    mixed = anonymous([_one(rating=rating) for rating in ("bad", "bad", "good", "")], options, group_of)[0]
    assert sorted(row.rating for row in mixed) == ["", "bad", "bad", "good"]
    known = anonymous([_one(rating=r, known=True, text="Ổ gà.") for r in ("bad", "good", "")], options, group_of)[0]
    assert {(row.rating, row.text) for row in known} == {("", "Ổ gà.")}


@pytest.mark.parametrize(("lat", "lon"), [(9.1769, 105.1524), (8.6, 104.75), (9.5, 105.4), (-9.1769, -105.1524)])
def test_a_cell_is_250_metres_wide_and_its_middle_lies_in_it(lat: float, lon: float) -> None:
    cell = cell_of(lat, lon)
    middle = centre_of(cell)
    assert cell_of(*middle) == cell
    assert abs(middle[0] - lat) * 111_320 <= 126
    assert abs(middle[1] - lon) * 111_320 <= 128
    assert cell_of(lat + 0.0024, lon) != cell
    assert cell_of(lat, lon + 0.0024) != cell


@pytest.mark.parametrize("finest", ["half", "day", "week", "month"])
@pytest.mark.parametrize("place", ["commune", "grid"])
def test_the_steps_lead_from_exact_to_coarse_and_none_stands_twice(
    place: Literal["commune", "grid"], finest: Finest
) -> None:
    ladder = steps(Options(place=place, finest=finest))
    names = [step.name for step in ladder]
    assert (names[0], names[-1]) == ("exact", "least")
    assert len(names) == len(set(names))


def test_another_version_is_nowhere_more_exact_than_the_one_before() -> None:
    before = Options("commune", "week", 7, ratings=False, texts=True)
    wanted = Options("grid", "half", 3, ratings=True, texts=False)
    assert wanted.no_finer_than(before) == Options("commune", "week", 7, ratings=False, texts=False)
