"""Every figure is defined once, in both languages, and the documentation says what the definitions say."""

import math
import random
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.history.model import Kind
from app.i18n import LANGS, Lang
from app.stats.measures import FIGURES, Measure
from app.stats.model import Count, value
from app.stats.spread import ERROR, added, bucket_of, packed, percentile, spread_of, unlike, unpacked
from tests.stats.page import PAGES, page


@pytest.mark.parametrize("lang", LANGS)
def test_the_pages_say_what_the_definitions_say(lang: Lang) -> None:
    assert PAGES[lang].read_text(encoding="utf-8") == page(lang)


def test_every_figure_names_its_events_and_has_both_languages() -> None:
    for figure in FIGURES.values():
        assert {*figure.events} <= {str(kind) for kind in Kind}, figure.name
        assert all((figure.title(lang) and figure.says(lang).endswith(".")) for lang in LANGS)


def test_whatever_is_counted_is_read_by_a_figure_or_tells_the_life_of_a_report() -> None:
    read = {measure for figure in FIGURES.values() for measure in figure.measures}
    assert set(Measure) - read == {Measure.CLOSED, Measure.DIRECTED}


def test_shares_and_means_of_nothing_are_nothing() -> None:
    assert value(FIGURES["on_time_rate"], {}) is None
    assert value(FIGURES["hours_to_resolve"], {}) is None
    assert value(FIGURES["median_hours_to_resolve"], {}) is None
    assert value(FIGURES["handled"], {}) == 0


def test_rates_of_results_add_up_to_all_of_them() -> None:
    counts = {
        Measure.RESOLVED_ON_TIME: Count(6, 6 * 3600),
        Measure.RESOLVED_EXTENDED: Count(1, 9 * 3600),
        Measure.RESOLVED_LATE: Count(3, 25 * 3600),
    }
    rates = [value(FIGURES[name], counts) for name in ("on_time_rate", "extended_rate", "late_rate")]
    assert rates == [60, 10, 30]
    assert value(FIGURES["hours_to_resolve"], counts) == 4


@given(st.lists(st.integers(0, 90 * 86_400), min_size=1, max_size=60), st.sampled_from([0.5, 0.9]))
def test_a_percentile_of_the_stored_distribution_is_within_its_error_of_the_very_one(
    seconds: list[int], share: float
) -> None:
    exact = percentile(Counter(seconds), share)
    stored = percentile(spread_of(seconds), share)
    assert exact is not None
    assert stored is not None
    assert exact == sorted(seconds)[math.ceil(share * len(seconds)) - 1]
    assert abs(stored - exact) <= ERROR * exact


@given(st.lists(st.integers(0, 90 * 86_400), max_size=30), st.lists(st.integers(0, 90 * 86_400), max_size=30))
def test_distributions_add_up_and_come_apart_again(one: list[int], other: list[int]) -> None:
    buckets = [packed(Counter(map(bucket_of, each))) for each in (one, other)]
    assert unpacked(b"".join(buckets)) == spread_of(one + other) == added(spread_of(one), spread_of(other))
    assert added(spread_of(one + other), spread_of(other), -1) == spread_of(one)


_SPREADS = st.dictionaries(st.integers(0, 40), st.integers(1, 9), max_size=6)


@given(st.lists(_SPREADS.flatmap(lambda one: st.tuples(st.just(one), st.just(one) | _SPREADS))), st.randoms())
def test_spreads_that_say_the_same_in_whatever_order_and_pieces_are_told_from_those_that_do_not(
    pairs: list[tuple[dict[int, int], dict[int, int]]], dice: random.Random
) -> None:
    def in_pieces(spread: dict[int, int]) -> bytes:
        pieces = [packed({bucket: 1}) for bucket, n in spread.items() for _ in range(n)]
        return b"".join(dice.sample(pieces, len(pieces)))

    found = unlike([packed(one) for one, _ in pairs], [in_pieces(other) for _, other in pairs])
    assert found == {at for at, (one, other) in enumerate(pairs) if one != other}
