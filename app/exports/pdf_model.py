"""The administrative report: what is read for it."""

from msgspec import Struct

from app.exports.summary import Summary, Values
from app.i18n import Lang, t
from app.stats.measures import FIGURES
from app.stats.model import Counted, Counts
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


class Spot(Struct, frozen=True):
    """A commune with many reports. ``category``: what most of them are about, where that was asked; ``most``: how many
    are."""

    name: str
    received: int
    before: int
    category: str = ""
    most: int = 0


class Paper(Struct, frozen=True, kw_only=True):
    """Everything on the paper. ``ratings``: how many of each. ``ages``: open reports by the classes of ``AGES``."""

    summary: Summary
    issuer: Issuer
    names: Names
    ratings: Counts
    ages: tuple[int, ...]
    overdue: list[Counted]
    spots: list[Spot]

    @property
    def lang(self) -> Lang:
        return self.summary.lang

    @property
    def totals(self) -> Values:
        return {total.figure: total.value for total in self.summary.totals}


def count_of(values: Values, name: str) -> int:
    """A figure that counts reports."""
    return round(values.get(name) or 0)


def part_of(values: Values, rate: str, whole: str) -> int:
    """How many a share is: the share of a count, exactly."""
    return round((values.get(rate) or 0) * count_of(values, whole) / 100)


class Said(Struct, frozen=True):
    """Words and numbers in the paper's language."""

    lang: Lang

    def __call__(self, name: str, /, **fields: object) -> str:
        return t(f"report_pdf.{name}", self.lang, **fields)

    def number(self, count: int) -> str:
        return number(count, self.lang)

    def figure(self, values: Values, name: str) -> str:
        return written(FIGURES[name], values.get(name), self.lang)

    def share(self, part: float, whole: float) -> str:
        return written(FIGURES["on_time_rate"], 100 * part / whole if whole else None, self.lang)

    def days(self, days: float) -> str:
        return t("stats.days", self.lang, n=number(days, self.lang, 1))
