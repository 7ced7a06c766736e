"""When two reports are of the same matter: points that can be added up by hand."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.reports.alike import ENOUGH, Fingerprint, likeness, words_alike

HOLE = "Mặt đường nhiều ổ gà trước số 12 Lý Bôn."
LAMP = "Cột đèn không sáng cả tuần."
ONE, RESAVED, OTHER = Fingerprint("aa", 0), Fingerprint("bb", 0b111), Fingerprint("cc", (1 << 40) - 1)


def score(
    distance_m: float | None,
    *,
    words: str = LAMP,
    photos: tuple[Fingerprint, ...] = (),
    same_category: bool = True,
) -> int | None:
    """Of a report about HOLE with photo ONE, and another one with these; the radius is 50 m."""
    found = likeness((HOLE, words), ((ONE,), photos), same_category=same_category, distance_m=distance_m, radius_m=50.0)
    return found.score if found else None


@pytest.mark.parametrize(
    ("distance_m", "points"),
    [(0.0, 40 + 20), (25.0, 25 + 20), (50.0, 10 + 20), (None, 20)],
)
def test_the_nearer_the_more_points(distance_m: float | None, points: int) -> None:
    assert score(distance_m) == points


def test_beyond_the_radius_it_is_another_matter_whatever_the_words() -> None:
    assert score(50.1, words=HOLE) is None
    assert score(50.1, photos=(RESAVED,)) is None


def test_the_very_same_photo_counts_ten_times_as_far_and_no_further() -> None:
    assert score(500.0, photos=(ONE,)) == 60 + 20
    assert score(501.0, photos=(ONE,)) is None


def test_a_picture_saved_anew_is_nearly_as_good_and_another_one_is_nothing() -> None:
    assert score(None, photos=(ONE,)) == 60 + 20
    assert score(None, photos=(OTHER, RESAVED)) == 40 + 20
    assert score(None, photos=(OTHER,)) == 20
    assert score(None, photos=(Fingerprint("dd"),)) == 20


@pytest.mark.parametrize(
    ("distance_m", "words", "same_category", "offered"),
    [
        (0.0, LAMP, True, True),  # the same matter next door is enough
        (30.0, LAMP, True, False),
        (30.0, "nhiều ổ gà trước số 12", True, True),
        (0.0, LAMP, False, False),  # another category needs words that agree
        (0.0, "nhiều ổ gà trước số 12", False, True),
        (None, HOLE, True, True),  # without a point nearly all words must agree
        (None, "nhiều ổ gà lắm luôn đó", True, False),
    ],
)
def test_what_is_enough(distance_m: float | None, words: str, same_category: bool, offered: bool) -> None:
    points = score(distance_m, words=words, same_category=same_category)
    assert points is not None
    assert (points >= ENOUGH) == offered


@pytest.mark.parametrize(
    ("one", "other", "alike"),
    [
        (HOLE, "mat duong NHIEU o ga truoc so 12 ly bon", 1.0),
        (HOLE, "ổ gà trước số 12", 1.0),
        ("đèn đường hỏng", "đèn đường hỏng ba đêm", 1.0),
        ("hỏng", "đèn đường hỏng", 0.0),
        (HOLE, LAMP, 0.0),
        ("", HOLE, 0.0),
        ("!!! ??? ...", "!!! ??? ...", 0.0),
    ],
)
def test_words_are_compared_without_accents_and_marks(one: str, other: str, alike: float) -> None:
    assert words_alike(one, other) == pytest.approx(alike, abs=0.1)


@given(st.text(max_size=60), st.text(max_size=60))
def test_likeness_of_words_is_mutual_and_between_nothing_and_all(one: str, other: str) -> None:
    assert words_alike(one, other) == words_alike(other, one)
    assert 0.0 <= words_alike(one, other) <= 1.0


@given(st.floats(0, 50), st.floats(0, 50))
def test_no_report_gains_by_being_further_away(near: float, far: float) -> None:
    near, far = sorted((near, far))
    assert (score(near) or 0) >= (score(far) or 0)
