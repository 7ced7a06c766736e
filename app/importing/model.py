"""Rows of another system's list, and what becomes of them. No I/O."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import Literal, Protocol
from uuid import UUID

from msgspec import Struct, field

from app.errors import Problem
from app.reports.past import Past

Kind = Literal["csv", "fixmystreet", "open311"]
Field = str
Outcome = Literal["fresh", "advanced", "same", "left_alone", "refused"]
OUTCOMES: tuple[Outcome, ...] = ("fresh", "advanced", "same", "left_alone", "refused")
Progress = Callable[[int, int], None]

COLUMNS: tuple[Field, ...] = (
    "number", "text", "category", "agency", "status", "channel", "submitted_at", "received_at", "assigned_at",
    "started_at", "finished_at", "due", "lat", "lon", "address", "commune", "answer", "rating", "contact_name",
    "contact_phone", "contact_email",
)  # fmt: skip
"""What a row may tell, by the names that a mapping file uses."""
NEEDED: tuple[Field, ...] = ("number", "text", "status", "submitted_at")
VALUES: tuple[Field, ...] = ("category", "agency", "status", "channel", "rating")
"""Columns whose values are translated into ours."""


class Row(Struct, frozen=True):
    """One entry of the list. ``n``: of those with data, from 1; ``line``: where it begins in the file, from 1; 0 where
    the list is no file of theirs."""

    n: int
    line: int
    cells: Mapping[str, str]


class Fault(Struct, frozen=True):
    """Why a row was refused, or left as it was. ``column``: as the source calls it, "" where it is the whole row's."""

    row: int
    line: int
    number: str
    column: str
    problem: Problem
    refused: bool = True


class Source(Protocol):
    """Somewhere that rows come from, the same ones in the same order each time."""

    @property
    def name(self) -> str:
        """What the other system is called: with a report's number it makes the report known again."""

    @property
    def kind(self) -> Kind: ...

    @property
    def read_from(self) -> str:
        """For people: the file's name, or an address."""

    @property
    def sha256(self) -> bytes:
        """Of the rows and of everything that decides how they are read."""

    @property
    def heading(self) -> list[str]: ...

    def count(self) -> int: ...

    def rows(self) -> Iterator[Row]: ...

    def past(self, row: Row) -> Past:
        """Raises Unreadable."""

    def column(self, field: Field) -> str:
        """What the source calls a field of a ``Past``; "" for none."""

    @property
    def seen_until(self) -> datetime | None:
        """Up to when the other system was asked for what happened there; None: it is a list."""

    @property
    def refused_to(self) -> Path:
        """The file that refused rows go to where nobody says another."""

    def notes(self, *, taken: bool) -> list[Problem]:
        """What is to be said of the list as a whole, and of what is kept of it as long as it is not taken over."""

    def forget(self) -> None:
        """All is taken over: whatever was kept of it for that may go."""

    def close(self) -> None: ...


class Unreadable(Exception):
    """A row cannot be read; the field's name is ours (``COLUMNS``). ``number``: as far as it was read."""

    def __init__(self, number: str, problem: Problem) -> None:
        super().__init__(problem.key)
        self.number = number
        self.problem = problem


class Tally(Struct, kw_only=True):
    """What became, or would become, of the rows so far. ``unmapped``: by field, values that mean nothing here."""

    outcomes: Counter[Outcome] = field(default_factory=Counter)
    categories: Counter[str] = field(default_factory=Counter)
    agencies: Counter[str] = field(default_factory=Counter)
    statuses: Counter[str] = field(default_factory=Counter)
    unmapped: dict[Field, Counter[str]] = {}
    unplaced: int = 0
    late_deadlines: int = 0
    faults: list[Fault] = []
    most_faults: int = 20
    seen: dict[str, bytes] = {}
    """By number, while nothing is written."""

    @property
    def rows(self) -> int:
        return self.outcomes.total()


class Run(Struct, frozen=True):
    """One taking over, as it is kept."""

    run_id: UUID
    source: str
    kind: Kind
    read_from: str
    sha256: bytes
    started_by: str
    started_at: datetime
    finished_at: datetime | None
    rows_done: int
    fresh: int
    advanced: int
    same: int
    left_alone: int
    refused: int
    seen_until: datetime | None = None
