"""What is learned from sentences: the same from the same, nothing rare of citizens' words, and honestly tried."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from app.routing.learn import (
    Lesson,
    Model,
    Trial,
    Tried,
    cross_validate,
    folded_words,
    grams,
    lessons_of,
    train,
    version_of,
)
from app.routing.ruleset import load

ROOT = Path(__file__).parents[2]
TWO = [
    Lesson("road", "đường nhiều ổ gà"),
    Lesson("road", "lộ sụp lún, xe té"),
    Lesson("lamp", "đèn đường tắt"),
    Lesson("lamp", "hẻm tối, bóng đèn cháy"),
]


def best(model: Model, text: str) -> str:
    scores, _ = model.scores(folded_words(text))
    return model.categories[int(np.argmax(scores))]


def citizens(category: str, *texts: str) -> list[Lesson]:
    return [Lesson(category, text, citizens=True) for text in texts]


def test_words_and_pairs_of_neighbours_without_accents_digits_or_across_punctuation() -> None:
    assert grams(folded_words("Đèn đường TẮT")) == ["den", "duong", "den duong", "tat", "duong tat"]
    assert grams(folded_words("hẻm tối, xe té")) == ["hem", "toi", "hem toi", "xe", "te", "xe te"]
    assert grams(folded_words("số 12 gọi 0912345678 hoặc nhà 5b ngay")) == [
        "so",
        "goi",
        "hoac",
        "nha",
        "hoac nha",
        "ngay",
    ]
    assert grams(folded_words("tối tối")) == ["toi", "toi toi"]


def test_it_tells_what_it_was_taught_and_what_is_like_it() -> None:
    model = train(TWO)
    assert best(model, "duong o ga qua") == "road"
    assert best(model, "bong den hem nha toi") == "lamp"


def test_words_it_never_met_say_nothing() -> None:
    scores, known = train(TWO).scores(folded_words("hoàn toàn khác"))
    assert known == []
    assert not scores.any()


def test_one_known_word_among_strange_ones_says_little() -> None:
    model = train(TWO)
    alone, _ = model.scores(folded_words("đèn"))
    among, known = model.scores(folded_words("alo đèn gì vậy trời"))
    assert known == ["den"]
    assert 0 < among.max() < alone.max() / 2


def test_it_names_the_words_that_speak_most_for_a_category() -> None:
    model = train(TWO)
    _, known = model.scores(folded_words("đèn cháy, xe"))
    assert set(model.telling(known, "lamp", 5)) == {"den", "den chay", "chay"} & set(known)
    assert model.telling(known, "road", 5) == ("xe",)


def test_the_same_lessons_give_the_same_model_bit_by_bit() -> None:
    lessons = lessons_of(load(ROOT / "routing_rules.yaml").categories.values())
    one, two = train(lessons), train(lessons)
    assert one.version == two.version == version_of(lessons)
    assert one.vocabulary == two.vocabulary
    assert one.weights.tobytes() == two.weights.tobytes()


@pytest.mark.parametrize(
    "other",
    [
        TWO[:-1],
        [*TWO[:-1], Lesson("road", TWO[-1].text)],
        [*TWO[:-1], Lesson("lamp", TWO[-1].text, 1.0)],
        [*TWO[:-1], Lesson("lamp", TWO[-1].text, citizens=True)],
    ],
)
def test_other_lessons_are_another_version(other: list[Lesson]) -> None:
    assert version_of(other) != version_of(TWO)


def test_what_fewer_than_three_citizens_reports_say_is_not_kept() -> None:
    reports = citizens("lamp", "nhà ông Bảy tối thui", "nhà bà Năm tối thui", "nhà cô Tư tối thui")
    kept = train([*TWO, *reports]).vocabulary
    assert {"nha", "toi", "thui", "toi thui"} <= set(kept)
    assert not {"bay", "ong bay", "nam", "tu"} & set(kept)
    assert "thui" not in train([*TWO, *reports[:2]]).vocabulary


def test_a_word_said_thrice_in_one_report_is_still_one_reports_word() -> None:
    assert "ut" not in train([*TWO, *citizens("lamp", "Út, Út, Út gọi đèn", "đèn", "đèn")]).vocabulary


def test_what_the_rules_file_says_is_kept_however_rare() -> None:
    assert {"chay", "bong den"} <= set(train([*TWO, *citizens("lamp", "đèn cháy")]).vocabulary)


def test_a_category_of_which_much_is_sent_does_not_drown_another() -> None:
    many = citizens("road", *(f"sụp hố trước nhà {word}" for word in ("a", "b", "c", "d", "e", "f", "g", "h") * 20))
    model = train([*TWO, *many])
    assert best(model, "đèn trước nhà cháy") == "lamp"


def test_no_model_is_asked_what_it_was_told() -> None:
    told: list[bool] = []
    steps: list[None] = []
    reports = [Lesson("lamp", f"bóng {word} cháy") for word in ("xanh", "đỏ", "vàng", "tím", "nâu", "hồng", "cam") * 2]

    def judge(model: Model, lessons: Sequence[Lesson]) -> list[Tried]:
        told.extend(folded_words(lesson.text)[1] in model.vocabulary for lesson in lessons)
        return [Tried(lesson.category_id, best(model, lesson.text), clear=True) for lesson in lessons]

    trial = cross_validate(TWO, reports, judge, lambda: steps.append(None))
    assert told == [False] * len(reports)
    assert len(trial.tried) == len(reports)
    assert trial.accuracy == 1
    assert len(steps) == 5


def test_a_trial_counts_what_was_right_what_was_taken_and_what_was_taken_for_what() -> None:
    trial = Trial((Tried("a", "a", True), Tried("a", "b", True), Tried("a", "b", False), Tried("b", "a", False)))
    assert trial.accuracy == 0.25
    assert trial.taken == 0.5
    assert trial.right == 0.5
    assert trial.confusions(1) == [("a", "b", 2)]
    assert trial.confusions(5) == [("a", "b", 2), ("b", "a", 1)]
