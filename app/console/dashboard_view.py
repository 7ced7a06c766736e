"""The upper half of the page of figures: what is read first, and how it went over time."""

from collections.abc import Sequence

from markupsafe import Markup
from msgspec import Struct

from app.charts.line import Series, line, sparkline
from app.charts.svg import Tone, legend
from app.console.dashboard_asked import Look
from app.console.dashboard_reading import MAIN, Reading
from app.i18n import Lang, t
from app.stats.compared import OTHERS, Other, change, other_period
from app.stats.measures import FIGURES, Figure
from app.stats.model import Counts, value
from app.stats.ranking import MINIMUM
from app.stats.written import NONE, number, written

_SIGNS = {"up": "▲", "down": "▼", "same": "="}
_TONES: dict[Other, Tone] = {"before": "before", "year_ago": "year_ago"}


class Against(Struct, frozen=True):
    """A figure held against that of another period. ``value``: the other one; ``words`` "": nothing to compare."""

    other: Other
    value: str
    path: str
    sign: str = ""
    words: str = ""
    verdict: str = ""


class Shown(Struct, frozen=True):
    """A figure in words, with the list behind it. ``few``: it is made of so few cases that it says little."""

    figure: Figure
    title: str
    says: str
    value: str
    path: str
    against: list[Against]
    few: bool
    spark: Markup


class Trend(Struct, frozen=True):
    """``points``: each step's name and, for this period and the others, value and list."""

    figure: Figure
    chart: Markup
    heads: list[str]
    points: list[tuple[str, list[tuple[str, str]]]]
    choices: list[tuple[str, str, bool]]


def cases(figure: Figure, counts: Counts) -> int:
    """What a share or a mean is made of."""
    measures = figure.among if figure.kind == "share" else figure.of
    return sum(counts[measure].n for measure in measures if measure in counts)


def is_few(figure: Figure, counts: Counts) -> bool:
    return figure.kind not in ("count", "stock") and 0 < cases(figure, counts) < MINIMUM


def difference(figure: Figure, by: float, share: float | None, lang: Lang) -> str:
    """With its sign: "+136 (+12,4 %)", "−2,3 điểm %", "+3,2 giờ"."""
    sign = "+" if by > 0 else "−"  # the sign that is as wide as the plus
    if figure.unit == "percent":
        return t("dashboard.points", lang, points=f"{sign}{number(abs(by), lang, 1)}")
    said = f"{sign}{written(figure, abs(by), lang)}"
    if share is None:
        return said
    return f"{said} ({sign}{written(FIGURES['on_time_rate'], abs(share), lang)})"


def _against(look: Look, figure: Figure, reading: Reading, other: Other, lang: Lang) -> Against:
    counts = reading.others[other]
    theirs = value(figure, counts)
    path = look.listing(figure.name, vs=other)
    if not counts:
        return Against(other, "", path)
    found = change(figure, value(figure, reading.total), theirs)
    if found is None:
        return Against(other, written(figure, theirs, lang), path)
    words = t("dashboard.same", lang) if found.way == "same" else difference(figure, found.by, found.share, lang)
    return Against(other, written(figure, theirs, lang), path, _SIGNS[found.way], words, found.verdict)


def shown(look: Look, reading: Reading, lang: Lang, name: str) -> Shown:
    figure = FIGURES[name]
    along = [value(figure, counts) for counts in reading.trend] if name in MAIN else []
    return Shown(
        figure,
        figure.title(lang),
        figure.says(lang),
        written(figure, value(figure, reading.total), lang),
        look.listing(name),
        [_against(look, figure, reading, other, lang) for other in OTHERS],
        is_few(figure, reading.total),
        sparkline(along),
    )


# ---------------------------------------------------------------- over time


def trend(look: Look, reading: Reading, lang: Lang) -> Trend:
    figure = FIGURES[look.trend]
    steps = [step.title for step in reading.steps]
    runs = _runs(look, reading, figure, steps, lang)
    drawn = line(
        "trend",
        t("dashboard.trend_of", lang, figure=figure.title(lang)),
        _described(figure, steps, runs[0].values, lang),
        steps,
        runs,
        lambda mark: number(mark, lang, 0 if mark == round(mark) else 1),
        top=100 if figure.unit == "percent" else None,
    ) + legend("trend", [(run.tone, run.name) for run in runs], "line")
    points = [
        (steps[place], [_cell(look, figure, run, place, lang) for run in runs])
        for place in range(len(steps))
        if any(run.values[place] is not None for run in runs)
    ]
    choices = [
        (FIGURES[name].title(lang), look.query(trend=name), name == look.trend)
        for name in dict.fromkeys((*MAIN, look.trend))
    ]
    return Trend(figure, drawn, [run.name for run in runs], points, choices)


def _cell(look: Look, figure: Figure, run: Series, place: int, lang: Lang) -> tuple[str, str]:
    its = run.values[place]
    if its is None:
        return NONE, ""
    if not its and figure.unit == "reports":
        return written(figure, its, lang), ""
    vs = {} if run.tone == "main" else {"vs": str(run.tone)}
    return written(figure, its, lang), look.listing(figure.name, step=str(place), **vs)


def _runs(look: Look, reading: Reading, figure: Figure, steps: Sequence[str], lang: Lang) -> list[Series]:
    period = look.asked.period
    runs = [_run(figure, period.title(lang), "main", reading.trend, steps, lang)]
    for other in OTHERS:
        if any(reading.other_trends[other]):
            title = other_period(period, other).title(lang)
            runs.append(_run(figure, title, _TONES[other], reading.other_trends[other], steps, lang))
    return runs


def _run(figure: Figure, name: str, tone: Tone, counts: Sequence[Counts], steps: Sequence[str], lang: Lang) -> Series:
    values = [value(figure, each) for each in counts]
    values += [None] * (len(steps) - len(values))
    said = [f"{name}, {step}: {written(figure, each, lang)}" for step, each in zip(steps, values, strict=True)]
    return Series(name, tone, values, said)


def _described(figure: Figure, steps: Sequence[str], values: Sequence[float | None], lang: Lang) -> str:
    known = [(each, step) for each, step in zip(values, steps, strict=True) if each is not None]
    if not known:
        return t("dashboard.trend_none", lang)
    (low, low_at), (high, high_at) = min(known), max(known)
    return t(
        "dashboard.trend_says",
        lang,
        high=written(figure, high, lang),
        high_at=high_at,
        low=written(figure, low, lang),
        low_at=low_at,
    )
