"""What is wrong with a rules file: every mistake with its file, line, column and a plain sentence."""

from collections.abc import Collection, Iterable
from difflib import get_close_matches
from typing import Any, Protocol

from msgspec import Struct

from app.i18n import DEFAULT, Lang, t

MOST = 200
_MOST_COMPARED = 2000


class Where(Protocol):
    """A place in a file; line and column count from 0, as the YAML parser does."""

    @property
    def file(self) -> str: ...
    @property
    def line(self) -> int: ...
    @property
    def column(self) -> int: ...


class Spot(Struct, frozen=True):
    """A place in a file; line and column count from 0."""

    file: str
    line: int = 0
    column: int = 0


def spot_of(where: Where) -> Spot:
    return Spot(where.file, where.line, where.column)


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

    def line_for(self, lang: Lang = DEFAULT) -> str:
        """For a terminal: ``routing_rules.yaml:12:5: …``."""
        return f"{self.file}:{self.line}:{self.column}: {self.text(lang)}"


class RulesError(Exception):
    """A rules file that cannot be used. ``problems`` holds every mistake found, in the order of the file."""

    def __init__(self, problems: Iterable[RuleProblem]) -> None:
        self.problems = tuple(problems)
        super().__init__(self.problems)

    def __str__(self) -> str:
        return "\n".join(self.lines())

    def lines(self, lang: Lang = DEFAULT) -> list[str]:
        """For a terminal, one line a problem."""
        return [problem.line_for(lang) for problem in self.problems]


class Problems:
    """Collects mistakes while a file is read.

    After ``MOST`` it only remembers that there were more: a hostile file cannot make the list, or the search for
    nearest names, grow without end.
    """

    def __init__(self, file: str) -> None:
        self.file = file
        self.found: list[RuleProblem] = []

    def add(self, where: Where, key: str, *, nearest: str | None = None, **params: Any) -> None:
        if len(self.found) < MOST:
            self._append(where, f"routing.{key}", nearest, params)
        elif len(self.found) == MOST:
            self._append(where, "routing.too_many_problems", None, {"shown": MOST})

    def unknown(self, where: Where, key: str, name: str, options: Collection[str], **params: Any) -> None:
        """A name that is none of ``options``; the nearest of them is offered."""
        near: list[str] = []
        if len(self.found) < MOST and len(options) <= _MOST_COMPARED and len(name) <= 100:
            near = get_close_matches(name, options, n=1, cutoff=0.6)
        self.add(where, key, nearest=near[0] if near else None, name=shorten(name), **params)

    def _append(self, where: Where, key: str, nearest: str | None, params: dict[str, Any]) -> None:
        self.found.append(RuleProblem(where.file, where.line + 1, where.column + 1, key, params, nearest))

    def in_order(self) -> list[RuleProblem]:
        """The main file's first, then those of included files by name; in each by place."""
        return sorted(self.found, key=lambda one: (one.file != self.file, one.file, one.line, one.column))

    def stop_if_any(self) -> None:
        if self.found:
            raise RulesError(self.in_order())


def shorten(text: str, most: int = 60) -> str:
    """Enough of a person's text to recognise it in a message."""
    return text if len(text) <= most else text[: most - 1] + "…"
