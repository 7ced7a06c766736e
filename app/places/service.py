"""The gazetteer in use, and importing real boundaries."""

import asyncio
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from uuid import UUID

import asyncpg
import shapely
from uuid_utils.compat import uuid7

from app.db import Pool, transaction
from app.places import boundaries, store
from app.places.boundaries import Bounded, Progress
from app.places.dataset import Commune, known
from app.places.gazetteer import Gazetteer
from app.places.report import ImportReport

__all__ = ["Gazetteer", "ImportReport", "embedded_default", "import_file", "load", "refreshed"]


@cache
def embedded_default() -> Gazetteer:
    """All 3,321 communes by their centres and names, without boundaries: every look-up is approximate."""
    return Gazetteer(known().communes)


async def load(pool: Pool) -> Gazetteer:
    """The active set of boundaries, the embedded default where it has none. Ready for look-ups and searches."""
    async with pool.acquire() as conn:
        rows = await store.active_communes(conn)
    return await asyncio.to_thread(_build, rows)


async def refreshed(pool: Pool, held: Gazetteer) -> Gazetteer:
    """``held`` itself while its set is still the active one, else the new one. One small query when nothing changed."""
    async with pool.acquire() as conn:
        if await store.active_set(conn) == held.set_id:
            return held
    return await load(pool)


async def import_file(pool: Pool, path: Path, progress: Progress | None = None) -> ImportReport:
    """Make a boundary file (GeoJSON, plain or gzipped) the active set, in one transaction; earlier sets are removed.

    ``progress`` gets (done, of) from another thread. Raises Invalid when the file cannot be used; nothing has changed
    then. Running processes see the new set when they call ``refreshed``.
    """
    read = await asyncio.to_thread(boundaries.read, path, progress)
    set_id = uuid7()
    async with transaction(pool) as conn:
        await store.lock_sets(conn)
        await store.drop_sets(conn)
        await store.insert_set(conn, set_id, path.name, read.sha256, len(read.communes))
        await store.insert_communes(conn, (_row(set_id, bounded) for bounded in read.communes))
    return read.report


def _row(set_id: UUID, bounded: Bounded) -> tuple[object, ...]:
    commune = bounded.commune
    return (
        set_id, commune.code, commune.name, commune.full_name, commune.kind, commune.province_code,
        commune.province_name, commune.lat, commune.lon, shapely.to_wkb(bounded.boundary),
    )  # fmt: skip


def _build(rows: list[asyncpg.Record]) -> Gazetteer:
    if not rows:
        return embedded_default().prepared()
    shapes = shapely.from_wkb([row["boundary"] for row in rows])
    communes = [Commune(*list(row.values())[1:-1]) for row in rows]
    bounded = [Bounded(commune, shape) for commune, shape in zip(communes, shapes, strict=True)]
    return with_boundaries(bounded, rows[0]["set_id"])


def with_boundaries(bounded: Sequence[Bounded], set_id: UUID) -> Gazetteer:
    """These communes by their boundaries; those of the embedded list that none of them replaces by their centres."""
    instead = boundaries.replaced(bounded)
    listed = {one.commune.code for one in bounded} | instead.keys()
    others = [commune for commune in known().communes if commune.code not in listed]
    communes = [*(one.commune for one in bounded), *others]
    shapes = [*(one.boundary for one in bounded), *[None] * len(others)]
    return Gazetteer(communes, shapes, instead=instead, set_id=set_id).prepared()
