"""What all charts are made of. A chart is as wide as the place it stands in: lengths across are percentages, so letters
stay as large on a telephone as on a wall. Looks are classes of ``static/charts.css``, none is in the chart itself."""

from collections.abc import Iterable, Sequence
from typing import Literal

from markupsafe import Markup

Tone = Literal["main", "before", "year_ago", "good", "middle", "bad"]
"""What a line or a piece of a bar stands for. Each tone has a mark beside its colour: dashes, a hatch, its place."""


def percent(share: float) -> str:
    """A share of the chart's width, as an attribute says it: without digits nobody can see."""
    return f"{round(100 * share, 2):g}%"


def pixels(length: float) -> str:
    return f"{round(length, 1):g}"


def chart(key: str, kind: str, height: float, title: str, desc: str, inside: Iterable[Markup]) -> Markup:
    """A whole chart. ``key``: an id that no other chart of the page has. ``desc``: what there is to see, in a sentence;
    the numbers stand in a table beside the chart."""
    opening = Markup(
        '<svg class="chart chart-{kind}" role="img" aria-labelledby="{key}-title {key}-desc" width="100%"'
        ' height="{height}" xmlns="http://www.w3.org/2000/svg">'
        '<title id="{key}-title">{title}</title><desc id="{key}-desc">{desc}</desc>'
    ).format(kind=kind, key=key, height=pixels(height), title=title, desc=desc)
    return opening + Markup("").join(inside) + Markup("</svg>")


def text(x: str, y: float, words: str, classes: str) -> Markup:
    return Markup('<text class="{}" x="{}" y="{}">{}</text>').format(classes, x, pixels(y), words)


def box(classes: str, x: str, y: float, width: str, height: float, tip: str = "") -> Markup:
    """``tip``: what a mouse that rests on it is told."""
    said = Markup("<title>{}</title>").format(tip) if tip else ""
    return Markup('<rect class="{}" x="{}" y="{}" width="{}" height="{}">{}</rect>').format(
        classes, x, pixels(y), width, pixels(height), said
    )


def name(y: float, words: str) -> Markup:
    """Whose bar it is. It is cut where the number at the end of the line begins: letters of a drawing do not wrap, and
    the table beside it has the whole name."""
    return Markup('<svg x="0" y="{}" width="70%" height="22"><text class="name" x="0" y="16">{}</text></svg>').format(
        pixels(y), words
    )


def hatch(key: str) -> Markup:
    """The strokes over a piece of a bar that must be known without its colour. ``hatched`` lays them."""
    return Markup(
        '<defs><pattern id="{}-hatch" width="7" height="7" patternUnits="userSpaceOnUse"'
        ' patternTransform="rotate(45)"><path class="hatch" d="M0 0V7"/></pattern></defs>'
    ).format(key)


def hatched(key: str, x: str, y: float, width: str, height: float) -> Markup:
    return Markup('<rect fill="url(#{}-hatch)" x="{}" y="{}" width="{}" height="{}"/>').format(
        key, x, pixels(y), width, pixels(height)
    )


def legend(key: str, items: Sequence[tuple[Tone, str]], kind: Literal["line", "piece"]) -> Markup:
    """Which mark is which, as a list that wraps. ``key`` is the chart's."""
    rows = (
        Markup("<li>{} {}</li>").format(_swatch(f"{key}-key{place}", tone, kind), name)
        for place, (tone, name) in enumerate(items)
    )
    return Markup('<ul class="chart-legend">{}</ul>').format(Markup("").join(rows))


def _swatch(key: str, tone: Tone, kind: str) -> Markup:
    if kind == "line":
        mark = Markup('<path class="run {}" d="M0 7H26"/>').format(tone)
    else:
        mark = box(f"piece {tone}", "0", 0, "26", 14)
        if tone == "bad":
            mark = hatch(key) + mark + hatched(key, "0", 0, "26", 14)
    return Markup('<svg class="chart" aria-hidden="true" width="26" height="14">{}</svg>').format(mark)
