"""Bars in pieces on the page of figures: on time or late, satisfied or not, for the whole and for each group."""

from collections.abc import Callable, Sequence

from markupsafe import Markup
from msgspec import Struct

from app.charts.bars import Piece, Stack, stacked
from app.charts.svg import Tone, legend
from app.console.dashboard_asked import Look
from app.console.dashboard_reading import Reading
from app.i18n import Lang, t
from app.stats.measures import FIGURES, Measure
from app.stats.model import Count, Counts
from app.stats.ranking import MINIMUM
from app.stats.written import number, written

CHARTED = 8
"""Groups in a chart; the table below it has them all."""
_TONES: tuple[Tone, ...] = ("good", "middle", "bad")
M = Measure


class Kind(Struct, frozen=True):
    """``figure`` counts all of the pieces together; ``names`` are those of their words."""

    key: str
    figure: str
    of: tuple[Measure, ...]
    names: tuple[str, ...]


ON_TIME = Kind(
    "on-time",
    "handled",
    (M.RESOLVED_ON_TIME, M.RESOLVED_EXTENDED, M.RESOLVED_LATE),
    ("on_time_rate", "extended_rate", "late_rate"),
)
RATED = Kind(
    "rated",
    "answers",
    (M.RATED_SATISFIED, M.RATED_ACCEPTABLE, M.RATED_DISSATISFIED),
    ("rated_satisfied", "rated_acceptable", "rated_dissatisfied"),
)


class Pieces(Struct, frozen=True):
    """A chart and the table of its numbers: a name, then number and list of the whole and of each piece; no
    list of none."""

    chart: Markup
    heads: list[str]
    rows: list[tuple[str, list[tuple[str, str]]]]


def pieces(kind: Kind, look: Look, reading: Reading, name: Callable[[str], str], lang: Lang) -> Pieces | None:
    """In the chart the whole comes first, then the groups with most cases; those with few of them only together, for
    one case alone is always all good or all bad. None where there is nothing."""
    numbers = {key: _numbers(kind, counts) for key, counts in reading.groups.items()}
    keys = sorted((key for key, of in numbers.items() if sum(of)), key=lambda key: (-sum(numbers[key]), key))
    if not keys:
        return None
    total = _numbers(kind, reading.total)
    every, heads = t("dashboard.all", lang), [t(f"dashboard.piece_{each}", lang) for each in kind.names]
    stacks = [_stack(every, total, lang)]
    stacks += [_stack(name(key), numbers[key], lang) for key in keys[:CHARTED] if sum(numbers[key]) >= MINIMUM]
    rest = [numbers[key] for key in keys if sum(numbers[key]) < MINIMUM]
    if rest and len(rest) < len(keys):
        said = t("dashboard.rest", lang, count=len(rest), minimum=MINIMUM)
        stacks.append(_stack(said, [sum(each) for each in zip(*rest, strict=True)], lang))
    rows = [(every, _cells(kind, look, None, total, lang))]
    rows += [(name(key), _cells(kind, look, key, numbers[key], lang)) for key in keys]
    desc = ", ".join(f"{head} {piece.said}" for head, piece in zip(heads, stacks[0].pieces, strict=True))
    drawn = stacked(kind.key, t(f"dashboard.{kind.figure}_pieces", lang), f"{every}: {desc}.", _TONES, stacks)
    drawn += legend(kind.key, list(zip(_TONES, heads, strict=True)), "piece")
    return Pieces(drawn, [FIGURES[kind.figure].title(lang), *heads], rows)


def _numbers(kind: Kind, counts: Counts) -> list[int]:
    return [counts.get(measure, Count()).n for measure in kind.of]


def _share(n: int, whole: int, lang: Lang) -> str:
    return written(FIGURES["on_time_rate"], 100 * n / whole if whole else None, lang)


def _stack(name: str, numbers: Sequence[int], lang: Lang) -> Stack:
    whole = sum(numbers)
    note = t("dashboard.cases", lang, count=number(whole, lang))
    return Stack(name, [Piece(n, _share(n, whole, lang)) for n in numbers], note)


def _cells(kind: Kind, look: Look, group: str | None, numbers: Sequence[int], lang: Lang) -> list[tuple[str, str]]:
    narrowed = {} if group is None else {look.by: group or "-"}
    whole = sum(numbers)
    cells = [(number(whole, lang), look.listing(kind.figure, **narrowed))]
    for n, measure in zip(numbers, kind.of, strict=True):
        words = f"{number(n, lang)} ({_share(n, whole, lang)})"
        cells.append((words, look.listing(kind.figure, piece=str(measure), **narrowed) if n else ""))
    return cells
