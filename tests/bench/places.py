"""Places: look-ups and loading over 3,321 communes with boundaries, and how often the answer is right.

The boundaries are made up, as many and as detailed as the real ones. ``PHANANH_BENCH_COMMUNES`` may name a real
boundary file; then everything is measured on that one too, and the embedded default against it.
"""

import asyncio
import os
import random
import statistics
import tempfile
import time
from collections.abc import Callable, Iterable
from pathlib import Path

import msgspec
import numpy as np
import shapely

from app.db import Pool, connect_pool, migrate
from app.embedded import EmbeddedPostgres
from app.places import boundaries, service
from app.places.dataset import known
from app.places.gazetteer import Gazetteer
from tests.bench import Figure
from tests.places.addresses import GROUPS, HOME, typed

_VERTICES = 144  # the mean of real communes at 100 m
_POINTS = 20_000
_LOOKUP_US, _LOAD_S, _BARE = 25.0, 2.0, 2.0


async def run() -> list[Figure]:
    figures = [_addresses(group, least) for group, least in GROUPS.items()]
    with tempfile.TemporaryDirectory(prefix="phananh-bench-") as name:
        folder = Path(name)
        server = await asyncio.to_thread(_start, folder)
        try:
            await migrate(server.url())
            pool = await connect_pool(server.url(), 2)
            figures += await _boundaries(pool, "made-up boundaries", folder / "communes.geojson")
            if real := os.environ.get("PHANANH_BENCH_COMMUNES"):
                figures += await _boundaries(pool, "real boundaries", Path(real))
                figures += _default(Path(real))
            await pool.close()
        finally:
            server.stop()
    return figures


def _start(folder: Path) -> EmbeddedPostgres:
    """A database, and the made-up boundaries beside it."""
    folder.chmod(0o755)
    (folder / "communes.geojson").write_bytes(made_up())
    server = EmbeddedPostgres(folder)
    server.start()
    return server


def made_up() -> bytes:
    """A country of communes around the embedded centres, without gaps, each with as many vertices as a real one."""
    communes = service.embedded_default().communes
    centres = shapely.points([(commune.lon, commune.lat) for commune in communes])
    cells = np.array(shapely.voronoi_polygons(shapely.MultiPoint(list(centres))).geoms)
    cells = shapely.intersection(cells, shapely.buffer(shapely.MultiPoint(list(centres)), 0.12))
    cells = shapely.segmentize(cells, shapely.length(cells) / _VERTICES)
    centre, cell = shapely.STRtree(cells).query(centres, predicate="intersects")
    cell_of = dict(zip(centre.tolist(), cell.tolist(), strict=True))
    features = [
        {
            "type": "Feature",
            "properties": {"code": c.code, "fullName": c.full_name, "provinceCode": c.province_code},
            "geometry": msgspec.Raw(str(shapely.to_geojson(cells[cell_of[at]])).encode()),
        }
        for at, c in enumerate(communes)
        if at in cell_of
    ]
    return msgspec.json.encode({"type": "FeatureCollection", "features": features})


async def _boundaries(pool: Pool, name: str, path: Path) -> list[Figure]:
    start = time.perf_counter()
    report = await service.import_file(pool, path)
    imported = time.perf_counter() - start
    loads = []
    for _ in range(3):
        known.cache_clear()  # as in a process that has just started
        start = time.perf_counter()
        gazetteer = await service.load(pool)
        loads.append(time.perf_counter() - start)
    points, truth = await asyncio.to_thread(_points, path)
    tree = shapely.STRtree([bounded.boundary for bounded in boundaries.read(path).communes])
    ours = _percentiles(gazetteer.locate, points)
    bare = _percentiles(lambda lat, lon: tree.query(shapely.Point(lon, lat), predicate="intersects"), points)
    right = _share(gazetteer, points, truth, 1)
    title = f"{name}, {report.taken} communes, {report.vertices:,} vertices"
    return [
        _most(f"look-up p50 ({title})", ours[0], "µs", "bar", _LOOKUP_US),
        _most(f"look-up p50 ({title})", ours[0], "µs", "bare STRtree query", bare[0], _BARE),
        _most(f"look-up p99 ({title})", ours[1], "µs", "bare STRtree query", bare[1], 2 * _BARE),
        _most(f"load from the database ({title})", min(loads), "s", "bar", _LOAD_S),
        _most(f"import ({title})", imported, "s", "one minute", 60.0),
        _least(f"points inside a commune that are told it ({title})", right, 99.0),
    ]


def _default(path: Path) -> list[Figure]:
    """The embedded default against real boundaries: points drawn evenly per commune."""
    points, truth = _points(path)
    gazetteer = service.embedded_default()
    return [
        _most(
            "embedded default look-up p50", _percentiles(gazetteer.locate, points)[0], "µs", "two bars", 2 * _LOOKUP_US
        ),
        _least("embedded default: the right commune first", _share(gazetteer, points, truth, 1), 75.0),
        _least("embedded default: the right commune among three", _share(gazetteer, points, truth, 3), 96.0),
    ]


def _points(path: Path) -> tuple[list[tuple[float, float]], list[str]]:
    """Points (lat, lon) drawn evenly inside each commune, and its code, in random order."""
    communes = boundaries.read(path).communes
    each = _POINTS // len(communes)
    rng = np.random.default_rng(2025)
    drawn: list[tuple[tuple[float, float], str]] = []
    for bounded in communes:
        west, south, east, north = shapely.bounds(bounded.boundary).tolist()
        inside: list[tuple[float, float]] = []
        while len(inside) < each:
            x, y = rng.uniform(west, east, 64), rng.uniform(south, north, 64)
            hits = shapely.contains_xy(bounded.boundary, x, y)
            inside += zip(y[hits].tolist(), x[hits].tolist(), strict=True)
        drawn += [(point, bounded.commune.code) for point in inside[:each]]
    random.Random(7).shuffle(drawn)
    return [point for point, _ in drawn], [code for _, code in drawn]


def _share(gazetteer: Gazetteer, points: list[tuple[float, float]], truth: list[str], among: int) -> float:
    """Percent of points whose true commune is among the first answers."""
    right = 0
    for point, code in zip(points, truth, strict=True):
        commune = gazetteer.commune(code)
        right += any(c.commune == commune for c in gazetteer.locate(*point).candidates[:among])
    return 100 * right / len(points)


def _addresses(group: str, least: float) -> Figure:
    gazetteer = service.embedded_default()
    asked = list(typed(group))
    right = sum(_first(gazetteer, address) == wanted for address, wanted in asked)
    return _least(f"typed addresses, {group} ({len(asked)}): right first", 100 * right / len(asked), least)


def _first(gazetteer: Gazetteer, address: str) -> str:
    found = gazetteer.search(address, default_province_code=HOME)
    return f"{found[0].commune.province_code} {found[0].commune.full_name}" if found else ""


def _percentiles(
    look_up: Callable[[float, float], object], points: Iterable[tuple[float, float]]
) -> tuple[float, float]:
    """p50 and p99 in microseconds."""
    spent = []
    for lat, lon in points:
        start = time.perf_counter_ns()
        look_up(lat, lon)
        spent.append(time.perf_counter_ns() - start)
    cuts = statistics.quantiles(spent, n=100)
    return cuts[49] / 1000, cuts[98] / 1000


def _most(name: str, value: float, unit: str, limit_name: str, limit: float, times: float = 1.0) -> Figure:
    ratio = value / limit
    return Figure(name, value, unit, limit_name, limit, ratio, f"at most {times:g} ×", ratio <= times)


def _least(name: str, percent: float, least: float) -> Figure:
    return Figure(name, percent, "%", "bar", least, percent / least, "at least 1 ×", percent >= least)
