"""Sentences to measure guessing by. Which numbers were chosen on which set is said in docs/guessing.md."""

from collections.abc import Callable, Sequence
from pathlib import Path

from msgspec import Struct

from app.routing.guess import clear_guess
from app.routing.model import Guess

HERE = Path(__file__).parent


class Sentence(Struct, frozen=True):
    """``forms``: what blind/*.txt explain at their top; the first letter is a (accented) or b (bare)."""

    category_id: str
    forms: str
    text: str


class Outcome(Struct, frozen=True):
    """Shares of 1: the first guess right, the right one among three, taken without asking, and right of those."""

    first: float
    among: float
    taken: float
    right: float


def blind() -> list[Sentence]:
    """What nothing was chosen on: neither keywords nor model nor margin."""
    sentences = []
    for file in sorted((HERE / "blind").glob("*.txt")):
        category_id = ""
        for line in file.read_text(encoding="utf-8").splitlines():
            if line.startswith("["):
                category_id = line[1:-1]
            elif line and not line.startswith("#"):
                forms, text = line.split(" | ", 1)
                sentences.append(Sentence(category_id, forms, text))
    return sentences


def chosen_on() -> list[Sentence]:
    """What the weights of keywords and model, and the margin, were chosen on."""
    lines = (HERE / "sentences.tsv").read_text(encoding="utf-8").splitlines()
    pairs = [line.split("\t") for line in lines if line and not line.startswith("#")]
    return [Sentence(category_id, "b" if text.isascii() else "a", text) for category_id, text in pairs]


def measure(sentences: Sequence[Sentence], guess: Callable[[str], tuple[Guess, ...]]) -> Outcome:
    guessed = [(sentence.category_id, guess(sentence.text)) for sentence in sentences]
    first = sum(category == guesses[0].category_id for category, guesses in guessed if guesses)
    among = sum(category in {guess.category_id for guess in guesses} for category, guesses in guessed)
    taken = [(category, clear) for category, guesses in guessed if (clear := clear_guess(guesses))]
    right = sum(category == clear for category, clear in taken)
    return Outcome(first / len(guessed), among / len(guessed), len(taken) / len(guessed), right / max(1, len(taken)))
