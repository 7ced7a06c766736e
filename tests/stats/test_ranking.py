"""Who does best, and how figures are written."""

import pytest

from app.i18n import Lang
from app.stats.measures import FIGURES, Measure
from app.stats.model import Answer, Count, Question
from app.stats.periods import parse
from app.stats.ranking import Ranked, ranked
from app.stats.written import number, written

MONTH = parse("2026-11")
M = Measure


def answer(**groups: tuple[int, int]) -> Answer:
    """Of each agency how many in time, and late."""
    counts = {
        agency: {M.RESOLVED_ON_TIME: Count(on_time, on_time * 3600), M.RESOLVED_LATE: Count(late, late * 36_000)}
        for agency, (on_time, late) in groups.items()
    }
    return Answer(Question(start=MONTH.start, end=MONTH.end, as_of=MONTH.end, by="agency"), counts, MONTH.end)


def test_agencies_are_ranked_equals_share_a_place_and_too_few_cases_have_none() -> None:
    found = answer(roads=(8, 2), power=(16, 4), water=(10, 0), parks=(3, 0), police=(0, 10), trees=(0, 0))
    assert ranked(found, FIGURES["on_time_rate"]) == [
        Ranked("water", 100, 10, 1),
        Ranked("power", 80, 20, 2),
        Ranked("roads", 80, 10, 2),
        Ranked("police", 0, 10, 4),
        Ranked("parks", 100, 3, None),
        Ranked("trees", None, 0, None),
    ]


def test_of_times_the_shortest_may_come_first() -> None:
    found = ranked(answer(roads=(8, 2), water=(10, 0)), FIGURES["hours_to_resolve"], highest_first=False)
    assert [(one.key, one.value, one.place) for one in found] == [("water", 1, 1), ("roads", 2.8, 2)]


@pytest.mark.parametrize(
    ("name", "value", "lang", "says"),
    [
        ("received", 1234567.0, "vi", "1.234.567"),
        ("received", 1234567.0, "en", "1,234,567"),
        ("on_time_rate", 87.25, "vi", "87,2 %"),
        ("on_time_rate", None, "vi", "–"),
        ("hours_to_resolve", 1234.56, "vi", "1.234,6 giờ"),
        ("hours_to_resolve", 0.04, "en", "0.0 hours"),
    ],
)
def test_figures_are_written_as_people_read_them(name: str, value: float | None, lang: Lang, says: str) -> None:
    assert written(FIGURES[name], value, lang) == says


def test_numbers_have_the_signs_of_the_language() -> None:
    assert (number(-1234.5, "vi", 1), number(-1234.5, "en", 1)) == ("-1.234,5", "-1,234.5")
