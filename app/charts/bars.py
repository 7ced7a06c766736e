"""Bars that lie: one for each group, or one in pieces; and the thin bar within a table's cell."""

from collections.abc import Iterator, Sequence

from markupsafe import Markup
from msgspec import Struct

from app.charts.svg import Tone, box, chart, hatch, hatched, name, percent, text

_ROW, _THICK = 44, 10
_ROW_STACKED, _THICK_STACKED = 52, 20
_LEGIBLE = 0.17
"""A piece with less of the whole is too narrow, on a telephone, for its own number."""


class Bar(Struct, frozen=True):
    """``value`` None: it has none, and no bar; ``said``: in words, also for whoever has none."""

    name: str
    value: float | None
    said: str
    tone: Tone = "main"


class Piece(Struct, frozen=True):
    value: float
    said: str


class Stack(Struct, frozen=True):
    """``pieces``: one for each of the chart's tones, in their order; ``note``: what all of them make together."""

    name: str
    pieces: Sequence[Piece]
    note: str


def bars(key: str, title: str, desc: str, rows: Sequence[Bar], *, top: float = 0) -> Markup:
    """The name above each bar and its number at the end of that line. ``top``: what a full bar is at least."""
    most = max([top, *(row.value or 0 for row in rows)]) or 1
    inside = [part for place, row in enumerate(rows) for part in _bar(place * _ROW, row, most)]
    return chart(key, "bars", max(1, len(rows)) * _ROW, title, desc, inside)


def _bar(above: float, row: Bar, most: float) -> Iterator[Markup]:
    yield name(above, row.name)
    yield text("100%", above + 16, row.said, "value")
    yield box("track", "0", above + 24, "100%", _THICK)
    if row.value:
        yield box(f"piece {row.tone}", "0", above + 24, percent(row.value / most), _THICK, f"{row.name}: {row.said}")


def stacked(key: str, title: str, desc: str, tones: Sequence[Tone], rows: Sequence[Stack]) -> Markup:
    """Each row is cut into the shares of its pieces: rows are compared by their parts, not by how much there is."""
    inside = [hatch(key)]
    for place, row in enumerate(rows):
        inside += _stack(key, place * _ROW_STACKED, tones, row)
    return chart(key, "stacked", max(1, len(rows)) * _ROW_STACKED, title, desc, inside)


def _stack(key: str, above: float, tones: Sequence[Tone], row: Stack) -> Iterator[Markup]:
    yield name(above, row.name)
    yield text("100%", above + 16, row.note, "value")
    whole, gone, y = sum(piece.value for piece in row.pieces), 0.0, above + 23
    if not whole:
        yield box("track", "0", y, "100%", _THICK_STACKED)
        return
    for tone, piece in zip(tones, row.pieces, strict=True):
        x, width = percent(gone / whole), percent(piece.value / whole)
        gone += piece.value
        if not piece.value:
            continue
        yield box(f"piece {tone}", x, y, width, _THICK_STACKED, f"{row.name}: {piece.said}")
        if tone == "bad":
            yield hatched(key, x, y, width, _THICK_STACKED)
        if piece.value / whole >= _LEGIBLE:
            yield text(percent((gone - piece.value / 2) / whole), y + 15, piece.said, f"inside {tone}")


def meter(share: float | None, tone: Tone = "main") -> Markup:
    """A thin bar below a number in a table's cell, which says the same; hence silent. ``share`` from 0 to 1."""
    if share is None:
        return Markup("")
    return Markup('<svg class="chart meter" aria-hidden="true" width="100%" height="5">{}{}</svg>').format(
        box("track", "0", 0, "100%", 5), box(f"piece {tone}", "0", 0, percent(min(1.0, max(0.0, share))), 5)
    )
