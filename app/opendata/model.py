"""What is published as open data, and how it is made anonymous."""

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Literal

from msgspec import Struct

from app.routing.calendar import VIETNAM

Finest = Literal["half", "day", "week", "month"]
PlaceKind = Literal["grid", "commune", "province"]
Format = Literal["csv", "geojson", "parquet"]
FORMATS: dict[Format, str] = {
    "csv": "text/csv",
    "geojson": "application/geo+json",
    "parquet": "application/vnd.apache.parquet",
}
"""Media types."""
LICENCES = {
    "CC-BY-4.0": "https://creativecommons.org/licenses/by/4.0/",
    "CC0-1.0": "https://creativecommons.org/publicdomain/zero/1.0/",
    "ODC-BY-1.0": "https://opendatacommons.org/licenses/by/1-0/",
}
K_LEAST, K_MOST, K_USUAL = 3, 100, 5
AFTER = timedelta(days=5)
"""A month is made so long after its end: by then most of its reports have a result."""
TIMES: tuple[Finest, ...] = ("half", "day", "week", "month")


class Options(Struct, frozen=True):
    """``place``, ``finest``: how exactly place and time are given at most. ``k``: at least so many rows look alike in
    all that could tell whose report it is. ``ratings``: good or bad, where that tells nothing of a single person;
    ``texts``: the public words of reports that a coordinator has published."""

    place: Literal["commune", "grid"] = "commune"
    finest: Finest = "day"
    k: int = K_USUAL
    ratings: bool = False
    texts: bool = False

    def no_finer_than(self, before: "Options") -> "Options":
        """The same, but nowhere more exact than an earlier version of the same month: two versions laid side by side
        must not tell more than each of them."""
        return Options(
            "commune" if "commune" in (self.place, before.place) else "grid",
            max(self.finest, before.finest, key=TIMES.index),
            max(self.k, before.k),
            self.ratings and before.ratings,
            self.texts and before.texts,
        )


class Settings(Struct, frozen=True, kw_only=True):
    """``first_month``: the first day of the first month that is published."""

    enabled: bool
    options: Options
    licence: str
    publisher: str
    first_month: date
    changed_by: str = ""
    changed_at: datetime | None = None


class Source(Struct, frozen=True, kw_only=True):
    """A report as it is, as far as any of it may be published. ``known``: everybody can read it, since a coordinator
    has published it; ``text``: its public words then."""

    at: datetime
    commune: str | None
    lat: float | None
    lon: float | None
    category: str
    agency: str
    channel: str
    status: str
    on_time: str
    rating: str = ""
    known: bool = False
    text: str = ""


class Row(Struct, frozen=True, order=True):
    """A published row. Up to ``channel`` it is what could tell whose report it is; "" where it is withheld."""

    sent: str
    sent_precision: Finest
    place_precision: PlaceKind
    commune: str
    cell: str
    category: str
    category_group: str
    agency: str
    channel: str
    status: str
    on_time: str
    rating: str
    text: str

    @property
    def alike(self) -> tuple[str, ...]:
        return (
            self.sent, self.sent_precision, self.place_precision, self.commune, self.cell, self.category,
            self.category_group, self.agency, self.channel,
        )  # fmt: skip


class Told(Struct, frozen=True):
    """How a month was made anonymous. ``steps``: how many rows stand at which step of generalising; ``withheld``: so
    few alike that none of the steps would do; ``private``, ``withdrawn``: reports that are never published."""

    rows: int
    steps: Mapping[str, int]
    withheld: int
    private: int = 0
    withdrawn: int = 0

    @property
    def generalised(self) -> int:
        return sum(n for step, n in self.steps.items() if step != "exact")


class File(Struct, frozen=True):
    sha256: str
    size: int


class Version(Struct, frozen=True, kw_only=True):
    """A month as it was made."""

    month: date
    version: int
    made_at: datetime
    options: Options
    told: Told
    files: Mapping[str, File]
    reason: str = ""
    made_by: str = ""

    @property
    def key(self) -> str:
        return f"{self.month:%Y-%m}"

    def at(self, kind: str) -> str:
        """Where the store has the file."""
        return f"opendata/{self.key}/{self.version}.{kind}"


def month_of(at: datetime) -> date:
    return at.astimezone(VIETNAM).date().replace(day=1)


def month_after(month: date) -> date:
    return (month + timedelta(days=31)).replace(day=1)


def month_before(month: date) -> date:
    return (month - timedelta(days=1)).replace(day=1)


def begins(month: date) -> datetime:
    return datetime(month.year, month.month, 1, tzinfo=VIETNAM)


def due_by(now: datetime) -> date:
    """The last month that is to be published by now."""
    return month_before(month_of(now - AFTER))
