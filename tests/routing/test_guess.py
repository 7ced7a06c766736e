"""Guessing the category from a citizen's words, with and without accents."""

from pathlib import Path

import pytest

from app.i18n.text import fold
from app.routing.guess import clear_guess
from app.routing.model import Guess
from app.routing.ruleset import RuleSet, load
from tests.routing.small import SMALL, changed

ROOT = Path(__file__).parents[2]


def sentences() -> list[tuple[str, str]]:
    """(category, sentence), in the order of the file."""
    lines = (Path(__file__).parent / "sentences.tsv").read_text(encoding="utf-8").splitlines()
    pairs = (line.split("\t") for line in lines if line and not line.startswith("#"))
    return [(category, sentence) for category, sentence in pairs]


@pytest.fixture(scope="module")
def shipped() -> RuleSet:
    return load(ROOT / "routing_rules.yaml")


def best(text: str, rules: RuleSet | None = None) -> str | None:
    guesses = (rules or load(SMALL)).guess_category(text)
    return guesses[0].category_id if guesses else None


def keywords(pothole: str, light: str) -> RuleSet:
    """The small rule set with these keywords for two of its categories."""
    return load(changed(("[ổ gà, đường hư]", f"[{pothole}]"), ("[đèn đường, trụ đèn]", f"[{light}]")))


def test_a_keyword_points_to_its_category_with_or_without_accents() -> None:
    assert best("Đường có nhiều Ổ GÀ") == "pothole"
    assert best("duong nhieu o ga") == "pothole"
    assert load(SMALL).guess_category("trụ đèn và đèn đường hư")[0].words == ("trụ đèn", "đèn đường")


def test_no_keyword_no_guess() -> None:
    assert load(SMALL).guess_category("Xin chào") == ()
    assert load(SMALL).guess_category("") == ()


def test_a_longer_phrase_weighs_more_than_a_shorter_one() -> None:
    assert best("bể ống nước chính, rác nhiều", keywords("rác", "bể ống nước")) == "street-light"


def test_a_phrase_inside_a_longer_one_does_not_count() -> None:
    guesses = keywords("đèn tín hiệu", "đèn").guess_category("đèn tín hiệu tắt")
    assert [guess.category_id for guess in guesses] == ["pothole"]


def test_a_phrase_counts_once_however_often_it_is_repeated() -> None:
    rules = load(SMALL)
    assert rules.guess_category("ổ gà ổ gà, ổ gà")[0].score == rules.guess_category("ổ gà")[0].score


def test_a_shared_keyword_is_divided() -> None:
    guesses = keywords("vỉa hè, ổ gà", "vỉa hè").guess_category("vỉa hè ổ gà")
    assert [guess.category_id for guess in guesses] == ["pothole", "street-light"]
    assert guesses[0].score > 2 * guesses[1].score


def test_other_accents_make_a_match_weak_but_a_missing_or_moved_one_does_not() -> None:
    rules = keywords("nước cống", "hoà nhạc, ngõ nhỏ")
    right = rules.guess_category("nước cống")[0].score
    assert rules.guess_category("nuoc cong")[0].score == right
    assert rules.guess_category("nước cong")[0].score == right
    assert rules.guess_category("nước công cộng")[0].score < right / 2
    assert rules.guess_category("hòa nhạc")[0].score == right
    assert rules.guess_category("ngỏ nhỏ")[0].score == right


def test_words_that_only_say_where_are_weak() -> None:
    rules = keywords("bệnh viện", "đèn đường")
    assert best("đèn đường trước bệnh viện hư", rules) == "street-light"
    assert best("den duong doi dien benh vien", rules) == "street-light"
    assert rules.guess_category("gần bệnh viện")[0].score < rules.guess_category("bệnh viện")[0].score


def test_a_phrase_may_have_other_words_between_its_own_but_not_a_full_stop() -> None:
    rules = keywords("cầu gãy", "karaoke lớn")
    apart = rules.guess_category("cầu ván bị gãy")
    assert apart[0].category_id == "pothole"
    assert apart[0].score < rules.guess_category("cầu gãy")[0].score
    assert best("Qua cầu. Tay gãy", rules) is None
    assert best("cầu này cũ quá rồi nên gãy", rules) is None


def test_punctuation_ends_a_phrase() -> None:
    assert best("bị rò rỉ, nước mặn", keywords("rò rỉ nước", "nước mặn")) == "street-light"


def test_at_most_three_guesses_best_first() -> None:
    guesses = load(SMALL).guess_category("karaoke, việc khác, đường hư, ổ gà, trụ đèn")
    assert [guess.category_id for guess in guesses] == ["pothole", "street-light", "other"]
    assert sorted((guess.score for guess in guesses), reverse=True) == [guess.score for guess in guesses]


def test_only_a_clear_lead_is_taken_without_asking() -> None:
    assert clear_guess(()) is None
    assert clear_guess((Guess("a", 1.0, ("rác",)),)) is None
    assert clear_guess((Guess("a", 2.83, ("ổ gà",)),)) == "a"
    assert clear_guess((Guess("a", 2.83, ("ổ gà",)), Guess("b", 2.8, ("cầu gãy",)))) is None
    assert clear_guess((Guess("a", 5.2, ("đường đầy ổ gà",)), Guess("b", 2.83, ("cầu gãy",)))) == "a"


def test_the_sentences_are_many_half_of_them_bare_and_cover_every_category(shipped: RuleSet) -> None:
    bare = [sentence for _, sentence in sentences() if sentence == fold(sentence) or sentence.isascii()]
    assert len(sentences()) >= 120
    assert len(bare) >= len(sentences()) // 2
    assert {category for category, _ in sentences()} == set(shipped.categories)


def test_guesses_on_sentences_the_keywords_were_not_written_from(shipped: RuleSet) -> None:
    """Measured 76 % first, 87 % among three; what is taken without asking is right in 90 %."""
    guessed = [(category, shipped.guess_category(sentence)) for category, sentence in sentences()]
    first = sum(category == guesses[0].category_id for category, guesses in guessed if guesses)
    among = sum(category in {guess.category_id for guess in guesses} for category, guesses in guessed)
    taken = [(category, clear) for category, guesses in guessed if (clear := clear_guess(guesses))]
    right = sum(category == clear for category, clear in taken)
    assert first / len(guessed) >= 0.75
    assert among / len(guessed) >= 0.85
    assert len(taken) / len(guessed) >= 0.7
    assert right / len(taken) >= 0.88
