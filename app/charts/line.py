"""Lines over time, with the same stretch of an earlier time behind them; and the small line beside a figure."""

from collections.abc import Callable, Iterator, Sequence
from math import ceil, floor, log10

from markupsafe import Markup
from msgspec import Struct

from app.charts.svg import Tone, chart, percent, pixels, text

_ABOVE, _BELOW = 22, 26
"""Pixels for the topmost number and for the names of the steps."""
_NAMES = 12
"""So many names of steps fit side by side on a desk's screen; on a telephone half of them."""
_FEW = 14
"""Steps whose points have room to be large."""
_SPARK = 30


class Series(Struct, frozen=True):
    """One line. ``values``: one for each step, None where there is none (yet); ``said``: the same in words, for whoever
    points at them."""

    name: str
    tone: Tone
    values: Sequence[float | None]
    said: Sequence[str]


def line(
    key: str,
    title: str,
    desc: str,
    steps: Sequence[str],
    series: Sequence[Series],
    say: Callable[[float], str],
    *,
    height: int = 240,
    top: float | None = None,
) -> Markup:
    """``steps``: the names of the steps, in order; ``say``: a number of the scale in words; ``top``: where the scale
    ends at least, as 100 for shares. The first series is drawn last, over the others."""
    known = [value for one in series for value in one.values if value is not None]
    marks = scale(max([*known, top or 0]))
    frame = _Frame(len(steps), marks[-1], height)
    inside = [
        *_grid(frame, marks),
        *_names(frame, steps),
        *(part for one in reversed(series) for part in _run(frame, one)),
        *_scale_words(frame, marks, say),
    ]
    return chart(key, "line", height, title, desc, inside)


def scale(most: float) -> list[float]:
    """From nothing to ``most`` or a little above it, in three to five round steps."""
    if most <= 0:
        return [0, 1]
    rough = most / 4
    size = 10.0 ** floor(log10(rough))
    sizes = (1, 2, 2.5, 5, 10) if size >= 10 else (1, 2, 5, 10)
    step = next(size * each for each in sizes if rough <= size * each * 1.0001)
    if most >= 1:
        step = max(step, 1)  # reports are counted whole
    return [step * place for place in range(ceil(most / step - 0.0001) + 1)]


class _Frame(Struct, frozen=True):
    steps: int
    most: float
    height: int

    def across(self, place: int) -> float:
        """The middle of a step, from 0 to 1."""
        return (place + 0.5) / self.steps

    def down(self, value: float) -> float:
        return _ABOVE + (self.height - _ABOVE - _BELOW) * (1 - value / self.most)


def _grid(frame: _Frame, marks: Sequence[float]) -> Iterator[Markup]:
    for mark in marks:
        y = pixels(frame.down(mark))
        yield Markup('<line class="{}" x1="0" x2="100%" y1="{}" y2="{}"/>').format("grid" if mark else "ground", y, y)


def _scale_words(frame: _Frame, marks: Sequence[float], say: Callable[[float], str]) -> Iterator[Markup]:
    """Over the lines, with a rim, so that a line that passes below leaves them legible."""
    for mark in marks[1:]:
        yield text("0", frame.down(mark) - 4, say(mark), "mark")


def _names(frame: _Frame, steps: Sequence[str]) -> Iterator[Markup]:
    every = ceil(len(steps) / _NAMES)
    for place in range(0, len(steps), every):
        classes = "step wide" if (place // every) % 2 and len(steps) > _NAMES // 2 else "step"
        yield text(percent(frame.across(place)), frame.height - 8, steps[place], classes)


def _run(frame: _Frame, one: Series) -> Iterator[Markup]:
    """The line, broken where nothing is known, and its points, which say their value."""
    path, moved = [], False
    for place, value in enumerate(one.values):
        if value is not None:
            path.append(f"{'L' if moved else 'M'}{pixels(1000 * frame.across(place))} {pixels(frame.down(value))}")
        moved = value is not None
    # A box of its own that is stretched across; its strokes are not (charts.css).
    yield Markup(
        '<svg class="runs" width="100%" height="{h}" viewBox="0 0 1000 {h}" preserveAspectRatio="none">'
        '<path class="run {tone}" d="{path}"/></svg>'
    ).format(h=frame.height, tone=one.tone, path="".join(path))
    for place, value in enumerate(one.values):
        if value is not None:
            yield Markup('<circle class="point {}" cx="{}" cy="{}" r="{}"><title>{}</title></circle>').format(
                one.tone,
                percent(frame.across(place)),
                pixels(frame.down(value)),
                4 if frame.steps <= _FEW else 3,
                one.said[place],
            )


def sparkline(values: Sequence[float | None], says: str = "") -> Markup:
    """A line without a scale, for beside a figure. ``says``: what there is to see; without it, it is decoration for
    those who see, because the same stands elsewhere."""
    known = [value for value in values if value is not None]
    if len(known) < 2:
        return Markup("")
    low, high = min(known), max(known)
    path, moved = [], False
    for place, value in enumerate(values):
        if value is not None:
            y = _SPARK / 2 if high == low else 3 + (_SPARK - 6) * (1 - (value - low) / (high - low))
            path.append(f"{'L' if moved else 'M'}{pixels(3 + 994 * place / max(1, len(values) - 1))} {pixels(y)}")
        moved = value is not None
    role = Markup('role="img" aria-label="{}"').format(says) if says else Markup('aria-hidden="true"')
    return Markup(
        '<svg class="chart spark" {} width="100%" height="{h}" viewBox="0 0 1000 {h}" preserveAspectRatio="none"'
        ' xmlns="http://www.w3.org/2000/svg"><path class="run main" d="{}"/></svg>'
    ).format(role, "".join(path), h=_SPARK)
