"""The gazetteer: every commune of the country, found by a point or by words. Built once, never changed, shared."""

from collections.abc import Iterable, Sequence
from functools import cached_property
from math import cos, radians
from uuid import UUID

import numpy as np
import shapely

from app.places.coordinates import TOLERANCE_M
from app.places.dataset import Commune, known, ward_sites
from app.places.geo import LAT_M, LON_M, Sites, distance_m
from app.places.index import Index
from app.places.model import Candidate, Located
from app.places.search import search

# A point in no boundary belongs to the nearest one within this distance: boundaries are simplified, the coast of Cà Mau
# moves by tens of metres a year, and piers and fish farms stand in front of it.
SNAP_M = 3_000.0
# Without boundaries a commune is named up to here: 999 of 1,000 points on land are within 19 km of a known centre.
NAMED_M = 20_000.0
_ARCHIPELAGO_M = 400_000.0


class Gazetteer:
    """Communes with or without boundaries.

    ``communes`` and ``boundaries`` go together; a boundary is a valid polygon or multipolygon (lon, lat), or None
    where only centres are known. ``instead`` says which commune stands for a code of the embedded list that is not
    among them.
    ``set_id`` is the imported set this came from, None for the embedded default.
    """

    def __init__(
        self,
        communes: Sequence[Commune],
        boundaries: Sequence[shapely.Geometry | None] | None = None,
        *,
        instead: dict[str, str] | None = None,
        set_id: UUID | None = None,
    ) -> None:
        self.set_id = set_id
        self.communes = tuple(communes)
        self._at = {commune.code: at for at, commune in enumerate(self.communes)}
        self._instead = instead or {}
        self._sure = tuple((Candidate(commune, 0.0, 1.0, False),) for commune in self.communes)
        bounded = [(at, shape) for at, shape in enumerate(boundaries or ()) if shape is not None]
        # Smallest first, so that of two overlapping communes the first found is the one to name.
        bounded.sort(key=lambda pair: (shapely.area(pair[1]), self.communes[pair[0]].code))
        self._shapes = np.array([shape for _, shape in bounded], dtype=object)
        self._places = [at for at, _ in bounded]
        self._bounded = frozenset(self._places)
        self._tree = shapely.STRtree(self._shapes) if bounded else None
        self._sites = Sites(self._known_points())

    @property
    def boundary_count(self) -> int:
        """How many communes have a boundary; 0 for the embedded default."""
        return len(self._places)

    def prepared(self) -> "Gazetteer":
        """Itself, with everything built that would otherwise be built by the first search (0.3 s)."""
        _ = self._index
        return self

    def commune(self, code: str) -> Commune | None:
        """The commune of this code; for a code the active set replaced, the commune that stands for it."""
        at = self._at.get(self._instead.get(code, code))
        return None if at is None else self.communes[at]

    def boundary(self, code: str) -> shapely.Geometry | None:
        """The commune's boundary (lon, lat); None where only its centre is known."""
        at = self._at.get(self._instead.get(code, code))
        return self._shape_at.get(at) if at is not None else None

    def outlines(self, province_code: str) -> list[tuple[Commune, shapely.Geometry | None]]:
        """The province's communes with their boundaries, None where only the centre is known; by code."""
        shapes = self._shape_at
        inside = [(at, one) for at, one in enumerate(self.communes) if one.province_code == province_code]
        return sorted(((one, shapes.get(at)) for at, one in inside), key=lambda pair: pair[0].code)

    def locate(self, lat: float, lon: float) -> Located:
        """The commune at a point that has passed ``check_point``.

        Inside one boundary: that commune, certain. Inside several (boundaries overlap a little): the smallest, then the
        lowest code, marked approximate, all as candidates. Inside none: the nearest boundary within 3 km, approximate.
        Where only centres are known: the nearest centre, always approximate.
        """
        if self._tree is not None:
            hits = self._tree.query(shapely.Point(lon, lat), predicate="intersects")
            if len(hits) == 1:
                at = self._places[hits[0]]
                return Located(self.communes[at], False, self._sure[at], lat, lon)
            if len(hits):
                both = [self._places[hit] for hit in sorted(hits)[:3]]
                return self._approximate([(at, 0.0) for at in both], 0.0, lat, lon)
        return self._near(lat, lon)

    def search(
        self,
        text: str,
        *,
        near: tuple[float, float] | None = None,
        province_code: str | None = None,
        default_province_code: str | None = None,
    ) -> tuple[Candidate, ...]:
        """Up to three communes a typed address may mean, best first; one alone when nothing else can be meant.

        Names of today and from before July 2025, accents and abbreviations as they come, street and house number
        around. ``near`` (lat, lon) prefers close communes, ``default_province_code`` those of the home province;
        ``province_code`` leaves out every other province. Empty when the text names no commune or district.
        """
        return search(self._index, text, near=near, only=province_code, home=default_province_code)

    @cached_property
    def _shape_at(self) -> dict[int, shapely.Geometry]:
        return dict(zip(self._places, self._shapes, strict=True))

    @cached_property
    def _index(self) -> Index:
        return Index(self.communes, self._instead)

    def _known_points(self) -> Iterable[tuple[int, float, float]]:
        for at, commune in enumerate(self.communes):
            yield at, commune.lat, commune.lon
        for code, lat, lon in ward_sites(known()):
            heir = self._at.get(self._instead.get(code, code))
            # Where real boundaries are known, the centre of a former ward may lie in the neighbour.
            if heir is not None and heir not in self._bounded:
                yield heir, lat, lon

    def _near(self, lat: float, lon: float) -> Located:
        by_centre = self._sites.nearest(lat, lon, 3, _ARCHIPELAGO_M)
        if not self._bounded:
            return self._approximate(by_centre, NAMED_M, lat, lon)
        # Real boundaries may cover one province only. The point is in none of them: where the nearest centre is one
        # without a boundary, that is the likely place.
        others = [pair for pair in by_centre if pair[0] not in self._bounded]
        edges = self._edges(lat, lon)
        if others and by_centre[0] == others[0]:
            return self._approximate([*others, *edges], NAMED_M, lat, lon)
        return self._approximate([*edges, *by_centre], SNAP_M, lat, lon)

    def _edges(self, lat: float, lon: float) -> list[tuple[int, float]]:
        """Communes with a boundary near the point, and the metres to it, nearest first."""
        assert self._tree is not None
        down, across = TOLERANCE_M / LAT_M, TOLERANCE_M / (LON_M * cos(radians(lat)))
        hits = np.sort(self._tree.query(shapely.box(lon - across, lat - down, lon + across, lat + down)))
        lines = shapely.get_coordinates(shapely.shortest_line(self._shapes[hits], shapely.Point(lon, lat)))[::2]
        metres = [distance_m(lat, lon, y, x) for x, y in lines]
        nearest = sorted(zip(metres, hits, strict=True))[:3]
        return [(self._places[hit], distance) for distance, hit in nearest]

    def _approximate(self, ranked: list[tuple[int, float]], named_m: float, lat: float, lon: float) -> Located:
        """``ranked``: (commune, metres) best first, with repeats; the first is named when within ``named_m``."""
        first: dict[int, float] = {}
        for at, metres in ranked:
            first.setdefault(at, metres)
        best = list(first.items())[:3]
        weights = [1 / (1 + metres / 1_000) ** 2 for _, metres in best]
        found = tuple(
            Candidate(self.communes[at], round(metres, 1), round(weight / sum(weights), 3), True)
            for (at, metres), weight in zip(best, weights, strict=True)
        )
        commune = found[0].commune if found and best[0][1] <= named_m else None
        return Located(commune, True, found, lat, lon)
