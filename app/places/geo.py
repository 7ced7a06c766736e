"""Distances on the ground, and the nearest of many points. Latitude and longitude are WGS 84 degrees."""

from collections.abc import Iterable
from math import cos, hypot, radians

import numpy as np

# Metres in a degree near 16° north; within 0.3 % anywhere in Vietnam.
LAT_M = 110_640.0
LON_M = 111_320.0


def distance_m(lat: float, lon: float, other_lat: float, other_lon: float) -> float:
    """Metres between two points not too far apart (1 % off at 1,000 km)."""
    across = (lon - other_lon) * LON_M * cos(radians((lat + other_lat) / 2))
    return hypot(across, (lat - other_lat) * LAT_M)


class Sites:
    """Points that each stand for a place; several may stand for the same one."""

    def __init__(self, points: Iterable[tuple[int, float, float]]) -> None:
        """``points`` are (place, lat, lon)."""
        rows = np.array(sorted(points, key=lambda point: point[1]), dtype=np.float64).reshape(-1, 3)
        self._places = rows[:, 0].astype(np.int32)
        self._lat = rows[:, 1].copy()
        self._lon = rows[:, 2].copy()

    def nearest(self, lat: float, lon: float, count: int, within_m: float) -> list[tuple[int, float]]:
        """Up to ``count`` different places with the metres to the nearest point of each, nearest first."""
        reach = 12_000.0
        while True:
            reach = min(reach, within_m)
            found = self._within(lat, lon, count, reach)
            if len(found) == count or reach == within_m:
                return found
            reach *= 4

    def _within(self, lat: float, lon: float, count: int, reach: float) -> list[tuple[int, float]]:
        low, high = np.searchsorted(self._lat, (lat - reach / LAT_M, lat + reach / LAT_M))
        metres = np.hypot(
            (self._lon[low:high] - lon) * (LON_M * cos(radians(lat))), (self._lat[low:high] - lat) * LAT_M
        )
        near = np.flatnonzero(metres <= reach)
        found: dict[int, float] = {}
        for at in near[np.argsort(metres[near], kind="stable")].tolist():
            found.setdefault(int(self._places[low + at]), float(metres[at]))
            if len(found) == count:
                break
        return list(found.items())
