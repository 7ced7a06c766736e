"""Finding where a photo was seen before, among a million lifelike perceptual hashes.

PHANANH_BENCH_PHOTOS=100000 python -m tests.bench proof      with another number of photos
"""

import os
import statistics
import time
from uuid import UUID

import numpy as np

from app.db import Pool, connect_pool, migrate
from app.photos.alike import says_something
from app.photos.model import StoredPhoto, signed_64
from app.reports import store_proof
from tests.bench import Figure
from tests.bench._database import database

_PHOTOS = int(os.environ.get("PHANANH_BENCH_PHOTOS", "1_000_000"))
_LOOKS = 300
_BAR = 20.0
_BLOCK = 100_000
_NOBODY = UUID(int=1)


async def run() -> list[Figure]:
    async with database() as (_, server):
        await migrate(server.url())
        pool = await connect_pool(server.url())
        try:
            hashes = await _fill(pool)
            return [await _measure(pool, hashes)]
        finally:
            await pool.close()


async def _fill(pool: Pool) -> list[int]:
    """Photos of no report: finding them is the work. Gives some of their hashes."""
    dice, some = np.random.default_rng(_PHOTOS), []
    async with pool.acquire() as conn:
        for first in range(0, _PHOTOS, _BLOCK):
            hashes = _lifelike(dice, min(_BLOCK, _PHOTOS - first))
            numbers = range(first, first + len(hashes))
            rows = [
                (bytes(24) + at.to_bytes(8, "big"), phash, 1, 1, 1, "image/jpeg")
                for at, phash in zip(numbers, hashes, strict=True)
            ]
            columns = ["sha256", "phash", "width", "height", "size_bytes", "content_type"]
            await conn.copy_records_to_table("photo_blobs", records=rows, columns=columns)
            some += hashes[: _LOOKS * _BLOCK // _PHOTOS + 1]
        await conn.execute("VACUUM ANALYZE photo_blobs")
    return [each for each in some if says_something(each)][:_LOOKS]


def _lifelike(dice: np.random.Generator, count: int) -> list[int]:
    """Hashes of made-up brightness: soft shapes of three sizes, some noise, dark and bright ones cut off. Neighbouring
    bits hang together in them as they do in photos of skies, streets and nights; even chances would flatter us."""
    field = np.zeros((count, 8, 9), np.float32)
    for grid, weight in ((2, 60), (3, 40), (5, 25)):
        corners = dice.normal(0, weight, (count, grid, grid)).astype(np.float32)
        y, x = np.linspace(0, grid - 1, 8), np.linspace(0, grid - 1, 9)
        top, left = np.minimum(y.astype(int), grid - 2), np.minimum(x.astype(int), grid - 2)
        down, right = (y - top)[:, None], (x - left)[None, :]
        for dy, dx in ((0, 0), (0, 1), (1, 0), (1, 1)):
            share = (down if dy else 1 - down) * (right if dx else 1 - right)
            field += corners[:, top + dy][:, :, left + dx] * share
    bright, contrast = dice.uniform(30, 220, (count, 1, 1)), dice.uniform(0.2, 1.2, (count, 1, 1))
    noise = dice.normal(0, 1, field.shape) * dice.uniform(0, 6, (count, 1, 1))
    grey = np.clip(bright + contrast * field + noise, 0, 255).astype(np.uint8)
    bits = np.packbits((grey[:, :, :-1] > grey[:, :, 1:]).reshape(count, 64), axis=1)
    return [signed_64(int(value)) for value in bits.view(">u8").ravel()]


async def _measure(pool: Pool, hashes: list[int]) -> Figure:
    times = []
    async with pool.acquire() as conn:
        for at, phash in enumerate(hashes):
            photo = StoredPhoto(f"{at:064x}", phash, 1, 1, 1, "image/jpeg", None, None, None)
            began = time.perf_counter()
            await store_proof.seen(conn, _NOBODY, [photo])
            times.append((time.perf_counter() - began) * 1000)
    times.sort()
    slow = times[int(len(times) * 0.99)]
    name = f"where a photo was seen before, {_PHOTOS:,} photos, p50 (p99 {slow:.1f} ms)"
    p50 = statistics.median(times)
    return Figure(name, round(p50, 2), "ms", "bar", _BAR, round(p50 / _BAR, 3), "≤ 1 ×", p50 <= _BAR)
