"""A province as a drawing: each commune a path of whole units, and where a point of the ground lies in it. Pure.

For pages that show a map before any script has run, and for screens that never load one.
"""

from math import cos, radians

import numpy as np
import shapely
from msgspec import Struct

from app.places.geo import LAT_M, LON_M
from app.places.model import Commune
from app.places.names import ZONE

SIDE = 1000
"""Units of the longer side."""
_MARGIN = 12
_STEP_UNITS = 1.2
"""How far a line may move when boundaries are simplified: about a pixel on a large screen."""
_FAR_DEGREES = 0.8
"""Islands that lie further than this from every other commune stand in a box of their own at the drawing's edge: drawn
where they lie, they would make all the rest a speck."""
_BOX = (96, 48)


class Area(Struct, frozen=True):
    """A commune. ``path``: an SVG path, "" where only the centre (``x``, ``y``) is known."""

    code: str
    name: str
    path: str
    x: float
    y: float


class Drawing(Struct, frozen=True):
    """``width`` and ``height`` in units; ``metres``: of a unit on the ground."""

    areas: tuple[Area, ...]
    width: int
    height: int
    metres: float
    west: float
    north: float
    across: float

    def at(self, lat: float, lon: float) -> tuple[float, float] | None:
        """Units from the left and from the top; None for what lies outside."""
        x = _MARGIN + (lon - self.west) * self.across / self.metres
        y = _MARGIN + (self.north - lat) * LAT_M / self.metres
        return (round(x, 1), round(y, 1)) if 0 <= x <= self.width and 0 <= y <= self.height else None


_Shaped = tuple[Commune, shapely.Geometry | None]


def draw(communes: list[_Shaped]) -> Drawing | None:
    """``communes``: as ``Gazetteer.outlines`` gives them. None for none. Takes some 0.1 s of the CPU."""
    near, far = _apart(communes)
    if not near:
        return None
    west, south, east, north = _bounds(near)
    across = LON_M * cos(radians((south + north) / 2))
    wide, high = max((east - west) * across, 1_000.0), max((north - south) * LAT_M, 1_000.0)
    metres = max(wide, high) / (SIDE - 2 * _MARGIN)
    width, height = round(wide / metres) + 2 * _MARGIN, round(high / metres) + 2 * _MARGIN
    bare = Drawing((), width, height, metres, west, north, across)
    paths = _paths(near, bare)
    areas = []
    for commune, _ in near:
        x, y = bare.at(commune.lat, commune.lon) or (0.0, 0.0)
        areas.append(Area(commune.code, commune.full_name, paths.get(commune.code, ""), x, y))
    if far:
        width += _BOX[0] + 2 * _MARGIN
        areas += [_boxed(commune, at, width, height) for at, (commune, _) in enumerate(far)]
    return Drawing(tuple(areas), width, height, metres, west, north, across)


def _apart(communes: list[_Shaped]) -> tuple[list[_Shaped], list[_Shaped]]:
    """Those to be drawn where they lie, and island groups far out at sea."""
    centres = np.array([(commune.lat, commune.lon) for commune, _ in communes]).reshape(-1, 2)
    near: list[_Shaped] = []
    far: list[_Shaped] = []
    for at, one in enumerate(communes):
        others = np.delete(centres, at, axis=0)
        alone = len(others) > 0 and np.abs(others - centres[at]).max(axis=1).min() > _FAR_DEGREES
        (far if alone and one[0].kind == ZONE else near).append(one)
    return near, far


def _boxed(commune: Commune, at: int, width: int, height: int) -> Area:
    left, top = width - _MARGIN - _BOX[0], height - _MARGIN - (at + 1) * (_BOX[1] + _MARGIN)
    path = f"M{left} {top}h{_BOX[0]}v{_BOX[1]}h-{_BOX[0]}z"
    return Area(commune.code, commune.full_name, path, left + _BOX[0] / 2, top + _BOX[1] / 2)


def _bounds(communes: list[_Shaped]) -> tuple[float, float, float, float]:
    shapes = [shapely.Point(commune.lon, commune.lat) if shape is None else shape for commune, shape in communes]
    west, south, east, north = shapely.total_bounds(np.array(shapes, dtype=object)).tolist()
    return west, south, east, north


def _paths(communes: list[_Shaped], drawing: Drawing) -> dict[str, str]:
    bounded = [(commune.code, shape) for commune, shape in communes if shape is not None]
    step = _STEP_UNITS * drawing.metres / LAT_M
    # All at once, so that what two communes share stays shared.
    simple = shapely.coverage_simplify(np.array([shape for _, shape in bounded], dtype=object), step)
    return {code: _path(shape, drawing) for (code, _), shape in zip(bounded, simple, strict=True)}


def _path(shape: shapely.Geometry, drawing: Drawing) -> str:
    """Islets that are smaller than a unit disappear."""
    said = []
    for part in shapely.get_parts(shape):
        for ring in (shapely.get_exterior_ring(part), *shapely.get_rings(part)[1:]):
            lon, lat = shapely.get_coordinates(ring).T
            x = np.rint(_MARGIN + (lon - drawing.west) * drawing.across / drawing.metres).astype(int)
            y = np.rint(_MARGIN + (drawing.north - lat) * LAT_M / drawing.metres).astype(int)
            points = np.column_stack((x, y))
            kept = points[np.any(points != np.roll(points, 1, axis=0), axis=1)]
            if len(kept) > 2:
                steps = np.diff(kept, axis=0)
                said.append(
                    f"M{kept[0][0]} {kept[0][1]}l" + "".join(_step(dx, dy) for dx, dy in steps.tolist()).lstrip() + "z"
                )
    return "".join(said)


def _step(dx: int, dy: int) -> str:
    """ " 3-4": a minus parts as well as a space does."""
    return f"{'' if dx < 0 else ' '}{dx}{'' if dy < 0 else ' '}{dy}"
