"""What is wrong with a rules file: every mistake with its line, column and a plain sentence."""

from collections.abc import Collection, Iterable
from difflib import get_close_matches
from typing import Any

from msgspec import Struct

from app.i18n import DEFAULT, Lang, t

MOST = 200
_MOST_COMPARED = 2000


class RuleProblem(Struct, frozen=True):
    """One mistake. Line and column count from 1; ``nearest`` is what was probably meant."""

    file: str
    line: int
    column: int
    key: str
    params: dict[str, Any] = {}
    nearest: str | None = None

    def text(self, lang: Lang = DEFAULT) -> str:
        """The sentence, with the suggestion where there is one."""
        said = t(self.key, lang, **self.params)
        return f"{said} {t('routing.did_you_mean', lang, nearest=self.nearest)}" if self.nearest else said

    @property
    def message(self) -> str:
        return self.text()


class RulesError(Exception):
    """A rules file that cannot be used. ``problems`` holds every mistake found, in the order of the file."""

    def __init__(self, problems: Iterable[RuleProblem]) -> None:
        self.problems = tuple(sorted(problems, key=lambda problem: (problem.line, problem.column)))
        super().__init__(self.problems)

    def __str__(self) -> str:
        return "\n".join(self.lines())

    def lines(self, lang: Lang = DEFAULT) -> list[str]:
        """For a terminal, one line a problem: ``routing_rules.yaml:12:5: …``."""
        return [f"{p.file}:{p.line}:{p.column}: {p.text(lang)}" for p in self.problems]


class Problems:
    """Collects mistakes while a file is read.

    After ``MOST`` it only remembers that there were more: a hostile file cannot make the list, or the search for
    nearest names, grow without end.
    """

    def __init__(self, file: str) -> None:
        self.file = file
        self.found: list[RuleProblem] = []

    def add(self, line: int, column: int, key: str, *, nearest: str | None = None, **params: Any) -> None:
        """``line`` and ``column`` count from 0, as the YAML parser does."""
        if len(self.found) < MOST:
            self._append(line, column, f"routing.{key}", nearest, params)
        elif len(self.found) == MOST:
            self._append(line, column, "routing.too_many_problems", None, {"shown": MOST})

    def unknown(self, line: int, column: int, key: str, name: str, options: Collection[str], **params: Any) -> None:
        """A name that is none of ``options``; the nearest of them is offered."""
        near: list[str] = []
        if len(self.found) < MOST and len(options) <= _MOST_COMPARED and len(name) <= 100:
            near = get_close_matches(name, options, n=1, cutoff=0.6)
        self.add(line, column, key, nearest=near[0] if near else None, name=shorten(name), **params)

    def _append(self, line: int, column: int, key: str, nearest: str | None, params: dict[str, Any]) -> None:
        self.found.append(RuleProblem(self.file, line + 1, column + 1, key, params, nearest))

    def stop_if_any(self) -> None:
        if self.found:
            raise RulesError(self.found)


def shorten(text: str, most: int = 60) -> str:
    """Enough of a person's text to recognise it in a message."""
    return text if len(text) <= most else text[: most - 1] + "…"
