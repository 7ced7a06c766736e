"""What is asked of figures by programs, and what they are told."""

from datetime import datetime

from msgspec import Struct

from app.api.views import Named
from app.stats.measures import Measure, Unit
from app.stats.model import By


class StatsQuery(Struct, frozen=True, forbid_unknown_fields=True):
    """What every question has: of when, and of which reports."""

    period: str = ""
    agency: tuple[str, ...] = ()
    category: tuple[str, ...] = ()
    commune: tuple[str, ...] = ()
    channel: tuple[str, ...] = ()
    as_of: str = ""


class FiguresQuery(StatsQuery, frozen=True, forbid_unknown_fields=True):
    """What to count, of when, and of which reports."""

    figure: tuple[str, ...] = ()
    by: By | None = None


class SeriesQuery(StatsQuery, frozen=True, forbid_unknown_fields=True):
    """What to count, of when, and of which reports."""

    figure: tuple[str, ...] = ()


class AgeingQuery(StatsQuery, frozen=True, forbid_unknown_fields=True):
    """Of when, and of which reports."""

    by: By | None = None


class CountedQuery(StatsQuery, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Which figure, of when, and of which reports."""

    figure: str
    whole: bool = False
    slowest: bool = False
    cursor: str | None = None
    limit: int = 50


class Definition(Struct):
    """A figure. ``of`` and ``among``: the counts it is made of: their sum, or of a stock ``of`` less ``among``, of a
    share ``of`` against ``among``; ``events``: what in a report's history it is counted from."""

    name: str
    kind: str
    unit: Unit
    title_vi: str
    says_vi: str
    title_en: str
    says_en: str
    of: list[Measure]
    among: list[Measure]
    events: list[str]


class Definitions(Struct):
    """Every figure there is."""

    items: list[Definition]


class PeriodView(Struct):
    """From ``start`` up to before ``end``; ``key`` is what ``period`` takes."""

    key: str
    kind: str
    title: str
    start: datetime
    end: datetime


class RawCount(Struct):
    """How many, and the seconds of all of them together where time is counted."""

    n: int
    seconds: int


class FigureGroup(Struct):
    """``key`` and ``name``: of the agency, category, commune or channel; both empty when nothing was asked apart, the
    key empty also for the coordinators' desk and for an unknown commune. ``figures``: by name, null where a figure has
    no meaning, as a share of nothing has none."""

    key: str
    name: str
    figures: dict[str, float | None]
    counts: dict[str, RawCount]


class FiguresView(Struct):
    """``as_of``: what was not known then does not count; ``read_at``: up to when the history has been counted, never
    after ``as_of``."""

    period: PeriodView
    as_of: datetime
    read_at: datetime
    by: By | None
    groups: list[FigureGroup]


class SeriesStep(Struct):
    """A part of the period; a stock is that of its end."""

    start: datetime
    end: datetime
    figures: dict[str, float | None]
    counts: dict[str, RawCount]


class SeriesView(Struct):
    """The steps of the period that have begun by ``as_of``: half days of a day, days of up to two months, weeks of up
    to half a year, months of more."""

    period: PeriodView
    as_of: datetime
    read_at: datetime
    steps: list[SeriesStep]


class AgeingGroup(Struct):
    """``counts``: open reports by days since they were sent, one more than there are bounds."""

    key: str
    name: str
    counts: list[int]


class AgeingView(Struct):
    """``days``: upper bounds of the classes; the last class lies above."""

    period: PeriodView
    as_of: datetime
    read_at: datetime
    by: By | None
    days: list[int]
    groups: list[AgeingGroup]


class CountedReport(Struct):
    """A report that a figure counts, with what it counts under. ``at``: when it happened; of a stock, since when it is
    so. ``seconds``: how long it took, where that is counted; of a stock, how long it has been so."""

    code: str
    at: datetime
    agency: Named
    category: Named
    commune: Named
    channel: str
    seconds: int | None


class CountedPage(Struct):
    """What happened comes with the latest first, a stock with the longest first; a report that did something twice
    stands there twice. ``next`` is the cursor of the following page, null on the last."""

    period: PeriodView
    as_of: datetime
    read_at: datetime
    figure: str
    items: list[CountedReport]
    next: str | None
