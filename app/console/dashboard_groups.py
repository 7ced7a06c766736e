"""The lower half of the page of figures: by agency, category, commune or channel."""

import itertools
from collections.abc import Callable, Mapping, Sequence

from markupsafe import Markup
from msgspec import Struct, structs

from app.charts.bars import Bar, bars, meter
from app.console.dashboard_asked import Look
from app.console.dashboard_reading import Reading
from app.console.dashboard_view import is_few
from app.i18n import Lang, t
from app.i18n.text import fold
from app.stats.compared import LESS_IS_BETTER, MORE_IS_BETTER
from app.stats.measures import FIGURES, Figure
from app.stats.model import AGES, Counts, value
from app.stats.ranking import Ranked, ranked
from app.stats.written import number, written

COLUMNS = (
    "received",
    "handled",
    "on_time_rate",
    "extended_rate",
    "late_rate",
    "open",
    "overdue",
    "hours_to_resolve",
    "median_hours_to_resolve",
    "returned",
    "satisfied_rate",
)
FIRST = 15
"""Rows of the long tables until all are asked for."""
RANKS = (
    "on_time_rate",
    "median_hours_to_resolve",
    "satisfied_rate",
    "accepted_on_time_rate",
    "answered_on_time_rate",
)


class Cell(Struct, frozen=True):
    """``path`` "": there is nothing to list."""

    value: str
    path: str
    few: bool
    bar: Markup


class Row(Struct, frozen=True):
    """``path``: the same page about this group alone."""

    name: str
    path: str
    cells: list[Cell]


class Column(Struct, frozen=True):
    """``path`` sorts by it, the other way round if it is sorted by it already (``order``: as aria-sort says it)."""

    title: str
    says: str
    path: str
    order: str


class Table(Struct, frozen=True):
    columns: list[Column]
    rows: list[Row]
    total: list[Cell]
    more: int


class Ages(Struct, frozen=True):
    chart: Markup
    heads: list[str]
    rows: list[tuple[str, list[tuple[str, str]]]]
    open: int


class Place(Struct, frozen=True):
    ranked: Ranked
    name: str
    value: str
    of: str
    path: str
    bar: Markup


class Ranking(Struct, frozen=True):
    figure: Figure
    placed: list[Place]
    apart: list[Place]
    choices: list[tuple[str, str, bool]]


class Groups:
    """What all parts of this half need: whose page it is, in which language."""

    def __init__(self, look: Look, reading: Reading, lang: Lang) -> None:
        self._look, self._reading, self._lang = look, reading, lang

    def name(self, key: str) -> str:
        return self._reading.names.of(self._look.by, key, self._lang)

    def _folded(self, key: str) -> str:
        """For an order in which Đ stands beside D."""
        return fold(self.name(key))

    # ------------------------------------------------------------ the long table

    def table(self) -> Table:
        look, groups = self._look, self._reading.groups
        most = {name: max((value(FIGURES[name], c) or 0 for c in groups.values()), default=0) for name in COLUMNS}
        keys = sorted(groups, key=self._order())
        shown = keys if look.every else keys[:FIRST]
        rows = [
            Row(
                self.name(key),
                look.query(**{look.by: key or "-"}),
                [self._cell(name, groups[key], look.of_group(name, key), most[name]) for name in COLUMNS],
            )
            for key in shown
        ]
        total = [self._cell(name, self._reading.total, look.listing(name), 0) for name in COLUMNS]
        return Table(self._columns(), rows, total, len(keys) - len(shown))

    def _cell(self, name: str, counts: Counts, path: str, most: float) -> Cell:
        figure = FIGURES[name]
        its = value(figure, counts)
        whole = 100 if figure.unit == "percent" else most
        bar = meter(its / whole) if its is not None and whole and figure.unit in ("reports", "percent") else Markup("")
        return Cell(
            written(figure, its, self._lang),
            path if its or (figure.unit == "percent" and its is not None) else "",
            is_few(figure, counts),
            bar if most else Markup(""),
        )

    def _columns(self) -> list[Column]:
        look = self._look
        by_name = t(f"dashboard.by_{look.by}", self._lang)
        found = [Column(by_name, "", *self._sorting("name", "name", "-name"))]
        for name in COLUMNS:
            figure = FIGURES[name]
            found.append(
                Column(figure.title(self._lang), figure.says(self._lang), *self._sorting(name, f"-{name}", name))
            )
        return found

    def _sorting(self, name: str, first: str, second: str) -> tuple[str, str]:
        sort = self._look.sort
        order = "" if sort.removeprefix("-") != name else "descending" if sort.startswith("-") else "ascending"
        return self._look.query(sort=second if sort == first else first), order

    def _order(self) -> Callable[[str], tuple[bool, float, str]]:
        """By the chosen column, ties by name; what has no value or too few cases comes last either way."""
        name, down = self._look.sort.removeprefix("-"), self._look.sort.startswith("-")
        if name == "name":
            places = {key: at for at, key in enumerate(sorted(self._reading.groups, key=self._folded, reverse=down))}
            return lambda key: (False, places[key], "")
        figure = FIGURES[name]

        def order(key: str) -> tuple[bool, float, str]:
            counts = self._reading.groups[key]
            its = value(figure, counts)
            last = its is None or is_few(figure, counts)
            return last, (its or 0) * (-1 if down else 1), self._folded(key)

        return order

    # ------------------------------------------------------------ what is open

    def ages(self) -> Ages | None:
        found: Mapping[str, tuple[int, ...]] = self._reading.ages
        if not found:
            return None
        total = [sum(numbers) for numbers in zip(*found.values(), strict=True)]
        heads = age_names(self._lang)
        rows = [
            Bar(head, n, number(n, self._lang), "bad" if at >= len(AGES) - 1 else "main")
            for at, (head, n) in enumerate(zip(heads, total, strict=True))
        ]
        oldest = t(
            "dashboard.ages_say",
            self._lang,
            count=number(sum(total), self._lang),
            old=number(total[-1], self._lang),
            days=AGES[-1],
        )
        drawn = bars("ages", t("dashboard.ages", self._lang), oldest, rows)
        keys = sorted(found, key=lambda key: (tuple(-n for n in reversed(found[key])), key))
        table = [(t("dashboard.all", self._lang), self._ages_of(None, total))]
        table += [
            (self.name(key), self._ages_of(key, found[key])) for key in keys[: None if self._look.every else FIRST]
        ]
        return Ages(drawn, heads, table, sum(total))

    def _ages_of(self, group: str | None, numbers: Sequence[int]) -> list[tuple[str, str]]:
        said = {} if group is None else {self._look.by: group or "-"}
        return [
            (number(n, self._lang), self._look.listing("open", age=str(at), **said) if n else "")
            for at, n in enumerate(numbers)
        ]

    # ------------------------------------------------------------ who does best

    def ranking(self) -> Ranking:
        look = self._look
        figure = FIGURES[look.rank]
        better = figure.name in MORE_IS_BETTER or (figure.unit == "percent" and figure.name not in LESS_IS_BETTER)
        answer = self._reading.answer
        known = structs.replace(answer, groups={key: counts for key, counts in answer.groups.items() if key})
        found = ranked(known, figure, highest_first=better)
        most = max((one.value or 0 for one in found), default=0)
        places = [self._place(one, figure, 100 if figure.unit == "percent" else most) for one in found if one.of]
        choices = [(FIGURES[n].title(self._lang), look.query(rank=n), n == figure.name) for n in RANKS]
        return Ranking(
            figure, [p for p in places if p.ranked.place], [p for p in places if not p.ranked.place], choices
        )

    def _place(self, one: Ranked, figure: Figure, most: float) -> Place:
        return Place(
            one,
            self.name(one.key),
            written(figure, one.value, self._lang),
            number(one.of, self._lang),
            self._look.of_group(figure.name, one.key),
            meter((one.value or 0) / most) if most else Markup(""),
        )


def age_names(lang: Lang) -> list[str]:
    """Classes of age in words: "Dưới 1 ngày", "1 đến dưới 3 ngày", …, "30 ngày trở lên"."""
    between = [t("dashboard.age_between", lang, low=a, high=b) for a, b in itertools.pairwise(AGES)]
    return [t("dashboard.age_below", lang, days=AGES[0]), *between, t("dashboard.age_above", lang, days=AGES[-1])]
