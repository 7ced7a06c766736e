"""The administrative report: what is read for it."""

from collections.abc import Mapping
from datetime import datetime

from msgspec import Struct

from app.i18n import Lang, t
from app.stats.asked import Asked
from app.stats.measures import FIGURES, Measure
from app.stats.model import By, Count, Counted, Counts, value
from app.stats.names import Names
from app.stats.written import number, written

MOST_OVERDUE = 20
"""Reports in the table of those overdue for the longest."""
MOST_SPOTS = 10
"""Communes in the table of where most comes from; of the first three the sentence says what it is about."""
TOLD_SPOTS = 3


class Issuer(Struct, frozen=True):
    """Whose report it is. ``agency_id`` "": the province's own system. ``place``: where it is signed, as a letterhead
    says it ("Cà Mau"); ``province``: with its kind ("Tỉnh Cà Mau")."""

    agency_id: str
    place: str
    province: str


class Group(Struct, frozen=True):
    """One agency, category, commune or channel."""

    key: str
    name: str
    counts: Counts


class Spot(Struct, frozen=True):
    """A commune with many reports. ``category``: what most of them are about, where that was asked; ``most``: how many
    are."""

    name: str
    received: int
    before: int
    category: str = ""
    most: int = 0


class Paper(Struct, frozen=True, kw_only=True):
    """Everything on the paper. ``asked`` has its "as of" written out. ``steps``: of the trend, each with its title.
    ``ages``: open reports by the classes of ``AGES``."""

    lang: Lang
    asked: Asked
    as_of: datetime
    read_at: datetime
    rules_version: str
    issuer: Issuer
    names: Names
    now: Counts
    before: Counts
    year_ago: Counts
    groups: Mapping[By, list[Group]]
    steps: list[tuple[str, Counts]]
    ages: tuple[int, ...]
    overdue: list[Counted]
    spots: list[Spot]


def n(counts: Counts, measure: Measure) -> int:
    return counts.get(measure, Count()).n


def count_of(counts: Counts, name: str) -> int:
    """A figure that counts reports."""
    return round(value(FIGURES[name], counts) or 0)


class Said(Struct, frozen=True):
    """Words and numbers in the paper's language."""

    lang: Lang

    def __call__(self, name: str, **fields: object) -> str:
        return t(f"report_pdf.{name}", self.lang, **fields)

    def number(self, count: int) -> str:
        return number(count, self.lang)

    def figure(self, counts: Counts, name: str) -> str:
        return written(FIGURES[name], value(FIGURES[name], counts), self.lang)

    def share(self, part: float, whole: float) -> str:
        return written(FIGURES["on_time_rate"], 100 * part / whole if whole else None, self.lang)

    def days(self, days: float) -> str:
        return t("stats.days", self.lang, n=number(days, self.lang, 1))
