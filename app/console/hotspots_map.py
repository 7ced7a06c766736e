"""The map of hot spots, drawn here: communes by how many reports they have, and the spots by their place in the list.
Pure."""

from collections.abc import Mapping, Sequence
from math import cos, hypot, pi, sin

from msgspec import Struct

from app.places.drawing import Area, Drawing

CLASSES = 4
_SHARES = (0.4, 0.7, 0.9)
"""Of the communes with reports, where a class ends."""
_RADIUS = 17.0
_RINGS, _TURNS = 5, 12
_NAMED = 6
"""Communes whose number stands on the map; the table has them all."""


class Heat(Struct, frozen=True):
    """A commune. ``level``: 0 without reports, else its class from 1."""

    area: Area
    count: int
    level: int
    path: str
    is_named: bool


class Step(Struct, frozen=True):
    """A class: from ``least`` to ``most`` reports."""

    level: int
    least: int
    most: int


class Marker(Struct, frozen=True):
    """A spot: where its sign stands, and where it is (``to_x``, ``to_y``), which differs where signs would cover each
    other."""

    place: int
    x: float
    y: float
    to_x: float
    to_y: float
    key: str

    @property
    def is_moved(self) -> bool:
        return (self.x, self.y) != (self.to_x, self.to_y)


class HeatMap(Struct, frozen=True):
    """``elsewhere``: reports in no commune that is drawn."""

    width: int
    height: int
    areas: list[Heat]
    steps: list[Step]
    markers: list[Marker]
    elsewhere: int

    @property
    def radius(self) -> float:
        return _RADIUS


def heat_map(
    drawing: Drawing, counts: Mapping[str, int], spots: Sequence[tuple[str, float, float]], paths: Mapping[str, str]
) -> HeatMap:
    """``counts``: reports by commune; ``spots``: key, latitude and longitude, the first first; ``paths``: where a
    commune leads to."""
    steps = classes([count for code, count in counts.items() if count and any(a.code == code for a in drawing.areas)])
    fullest = sorted((area for area in drawing.areas if counts.get(area.code)), key=lambda a: -counts[a.code])[:_NAMED]
    areas = [
        Heat(area, n := counts.get(area.code, 0), level_of(n, steps), paths.get(area.code, ""), area in fullest)
        for area in drawing.areas
    ]
    drawn = {area.code for area in drawing.areas}
    elsewhere = sum(count for code, count in counts.items() if code not in drawn)
    return HeatMap(drawing.width, drawing.height, areas, steps, _markers(drawing, spots), elsewhere)


def classes(counts: Sequence[int]) -> list[Step]:
    """At most ``CLASSES`` of whole numbers, each with something in it; fewer where communes hardly differ."""
    ordered = sorted(counts)
    if not ordered:
        return []
    ends = sorted({ordered[int(share * (len(ordered) - 1))] for share in _SHARES} | {ordered[-1]})
    steps, least = [], 1
    for level, most in enumerate(ends, CLASSES - len(ends) + 1):
        steps.append(Step(level, least, most))
        least = most + 1
    return steps


def level_of(count: int, steps: Sequence[Step]) -> int:
    return next((step.level for step in steps if step.least <= count <= step.most), 0)


def _markers(drawing: Drawing, spots: Sequence[tuple[str, float, float]]) -> list[Marker]:
    found: list[Marker] = []
    for place, (key, lat, lon) in enumerate(spots, 1):
        at = drawing.at(lat, lon)
        if at is not None:
            found.append(Marker(place, *_free(at, found, drawing), *at, key))
    return found


def _free(at: tuple[float, float], taken: Sequence[Marker], drawing: Drawing) -> tuple[float, float]:
    """The nearest place around a point where a sign covers no other; the point itself where there is none."""
    tries = [at]
    for ring in range(1, _RINGS + 1):
        reach = ring * _RADIUS * 1.3
        tries += [
            (
                round(at[0] + reach * cos(2 * pi * turn / _TURNS), 1),
                round(at[1] + reach * sin(2 * pi * turn / _TURNS), 1),
            )
            for turn in range(_TURNS)
        ]
    for x, y in tries:
        inside = _RADIUS <= x <= drawing.width - _RADIUS and _RADIUS <= y <= drawing.height - _RADIUS
        if inside and all(hypot(x - one.x, y - one.y) >= 2 * _RADIUS + 2 for one in taken):
            return x, y
    return at
