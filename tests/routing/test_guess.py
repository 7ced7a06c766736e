"""Guessing the category from a citizen's words, with and without accents."""

from pathlib import Path

import pytest

from app.routing.guess import Guesser, clear_guess
from app.routing.learn import folded_words, grams
from app.routing.model import Guess
from app.routing.ruleset import RuleSet, load
from tests.routing.sentences import blind, chosen_on, measure
from tests.routing.small import SMALL, changed

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def shipped() -> RuleSet:
    return load(ROOT / "routing_rules.yaml")


def best(text: str, rules: RuleSet | None = None) -> str | None:
    guesses = (rules or load(SMALL)).guess_category(text)
    return guesses[0].category_id if guesses else None


def keywords(pothole: str, light: str) -> RuleSet:
    """The small rule set with these keywords for two of its categories."""
    return load(changed(("[ổ gà, đường hư]", f"[{pothole}]"), ("[đèn đường, trụ đèn]", f"[{light}]")))


def weights(text: str, rules: RuleSet | None = None) -> dict[str, float]:
    """What the keywords found weigh, by category."""
    return Guesser((rules or load(SMALL)).categories.values()).by_keywords(text)


def test_a_keyword_points_to_its_category_with_or_without_accents() -> None:
    assert best("Đường có nhiều Ổ GÀ") == "pothole"
    assert best("duong nhieu o ga") == "pothole"
    assert load(SMALL).guess_category("trụ đèn và đèn đường hư")[0].words == ("trụ đèn", "đèn đường")


def test_words_that_say_nothing_give_no_guess() -> None:
    assert load(SMALL).guess_category("Xin chào") == ()
    assert load(SMALL).guess_category("") == ()


def test_words_that_hardly_say_anything_give_no_guess(shipped: RuleSet) -> None:
    assert shipped.guess_category("xyz abc ở phường An Xuyên") == ()
    assert clear_guess(shipped.guess_category("alo ad ơi")) is None


def test_a_longer_phrase_weighs_more_than_a_shorter_one() -> None:
    assert best("bể ống nước chính, rác nhiều", keywords("rác", "bể ống nước")) == "street-light"


def test_a_phrase_inside_a_longer_one_does_not_count() -> None:
    assert list(weights("đèn tín hiệu tắt", keywords("đèn tín hiệu", "đèn"))) == ["pothole"]


def test_a_phrase_counts_once_however_often_it_is_repeated() -> None:
    rules = load(SMALL)
    assert weights("ổ gà ổ gà, ổ gà", rules) == weights("ổ gà", rules)


def test_a_shared_keyword_is_divided() -> None:
    found = weights("vỉa hè ổ gà", keywords("vỉa hè, ổ gà", "vỉa hè"))
    assert list(found) == ["pothole", "street-light"]
    assert found["pothole"] > 2 * found["street-light"]


def test_other_accents_make_a_match_weak_but_a_missing_or_moved_one_does_not() -> None:
    rules = keywords("nước cống", "hoà nhạc, ngõ nhỏ")
    right = weights("nước cống", rules)["pothole"]
    assert weights("nuoc cong", rules) == {"pothole": right}
    assert weights("nước cong", rules) == {"pothole": right}
    assert weights("nước công cộng", rules)["pothole"] < right / 2
    assert weights("hòa nhạc", rules) == {"street-light": right}
    assert weights("ngỏ nhỏ", rules) == {"street-light": right}


def test_words_that_only_say_where_are_weak() -> None:
    rules = keywords("bệnh viện", "đèn đường")
    assert next(iter(weights("đèn đường trước bệnh viện hư", rules))) == "street-light"
    assert next(iter(weights("den duong doi dien benh vien", rules))) == "street-light"
    assert weights("gần bệnh viện", rules)["pothole"] < weights("bệnh viện", rules)["pothole"]


def test_a_phrase_may_have_other_words_between_its_own_but_not_a_full_stop() -> None:
    rules = keywords("cầu gãy", "karaoke lớn")
    assert 0 < weights("cầu ván bị gãy", rules)["pothole"] < weights("cầu gãy", rules)["pothole"]
    assert weights("Qua cầu. Tay gãy", rules) == {}
    assert weights("cầu này cũ quá rồi nên gãy", rules) == {}


def test_punctuation_ends_a_phrase() -> None:
    assert list(weights("bị rò rỉ, nước mặn", keywords("rò rỉ nước", "nước mặn"))) == ["street-light"]


def test_at_most_three_guesses_best_first() -> None:
    guesses = load(SMALL).guess_category("karaoke, việc khác, đường hư, ổ gà, trụ đèn")
    assert guesses[0].category_id == "pothole"
    assert len(guesses) == 3
    assert sorted((guess.score for guess in guesses), reverse=True) == [guess.score for guess in guesses]


def test_only_a_clear_lead_is_taken_without_asking() -> None:
    assert clear_guess(()) is None
    assert clear_guess((Guess("a", 0.3, ("rác",)),)) is None
    assert clear_guess((Guess("a", 0.5, ("ổ gà",)),)) == "a"
    assert clear_guess((Guess("a", 0.5, ("ổ gà",)), Guess("b", 0.2, ("cầu gãy",)))) is None
    assert clear_guess((Guess("a", 0.7, ("đường đầy ổ gà",)), Guess("b", 0.2, ("cầu gãy",)))) == "a"


def test_a_sentence_without_any_keyword_is_guessed_by_what_was_learned_and_says_so(shipped: RuleSet) -> None:
    """Of 41 such sentences 15 are guessed right at once."""
    guesser = Guesser(shipped.categories.values())
    without = [sentence for sentence in blind() if not guesser.by_keywords(sentence.text)]
    guessed = [(sentence, guesses[0]) for sentence in without if (guesses := shipped.guess_category(sentence.text))]
    right = [(sentence, guess) for sentence, guess in guessed if guess.category_id == sentence.category_id]
    assert len(right) >= 12
    for sentence, guess in right:
        assert guess.words == ()
        assert guess.learned
        assert set(guess.learned) <= set(grams(folded_words(sentence.text)))


def test_the_sets_to_measure_by_have_every_category_and_half_of_them_bare(shipped: RuleSet) -> None:
    for sentences, least in ((chosen_on(), 120), (blind(), 600)):
        assert len(sentences) >= least
        assert {sentence.category_id for sentence in sentences} == set(shipped.categories)
        assert 2 * sum(sentence.forms[0] == "b" for sentence in sentences) >= len(sentences)


def test_guesses_on_sentences_that_nothing_was_written_from_or_chosen_on(shipped: RuleSet) -> None:
    """tests/bench/guessing.py shows what was measured; these are a little below it."""
    measured = measure(blind(), shipped.guess_category)
    assert measured.first >= 0.82
    assert measured.among >= 0.91
    assert measured.taken >= 0.75
    assert measured.right >= 0.90
