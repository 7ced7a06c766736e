"""The parts every process is made of, built from the settings in one place."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import asyncpg
import structlog
from msgspec import Struct

from app.db import Pool, connect_pool, is_migrated, migrate
from app.photos.lab import PhotoLab
from app.places import service as places
from app.places.gazetteer import Gazetteer
from app.routing import service as routing
from app.routing.ruleset import RuleSet
from app.settings import Settings
from storage.folder import FolderStore
from storage.objects import ObjectStore
from storage.s3 import S3Store

log = structlog.get_logger()

_REFRESH = 30.0
"""Seconds after which every process knows of newly imported boundaries."""


class Parts(Struct):
    """What handlers, jobs and the bot work with, shared by everything in one process.

    Read ``gazetteer`` anew for each piece of work: an import replaces it. Nothing else changes.
    """

    settings: Settings
    pool: Pool
    objects: ObjectStore
    lab: PhotoLab
    gazetteer: Gazetteer
    rules: RuleSet


def object_store(settings: Settings) -> ObjectStore:
    """S3 when an endpoint is set, else a folder."""
    if settings.s3 is None:
        return FolderStore(settings.home / "photos")
    s3 = settings.s3
    return S3Store(s3.endpoint, s3.access_key, s3.secret_key, s3.bucket, region=s3.region, tls=s3.tls)


async def prepare(settings: Settings) -> None:
    """What must be true before any process serves: schema up to date, these rules and their agencies in the database.

    Costs next to nothing when it is so already. Safe to call from several processes at once.
    """
    assert settings.database_url is not None
    rules = routing.load(settings.rules)
    pool = await connect_pool(settings.database_url, 2)
    try:
        async with pool.acquire() as conn:
            if await is_migrated(conn) and await routing.is_installed(conn, rules):
                return
        await migrate(settings.database_url)
        await install_rules(pool, settings)
    finally:
        await pool.close()


async def install_rules(pool: Pool, settings: Settings) -> None:
    """The rules of the settings, their agencies and an office for each commune of the province, into the database."""
    rules = routing.load(settings.rules)
    gazetteer = await places.load(pool)
    communes = [(c.code, c.full_name) for c in gazetteer.communes if c.province_code == rules.province_code]
    await routing.install(pool, rules, communes, note="", by="start")


@asynccontextmanager
async def open_parts(settings: Settings) -> AsyncIterator[Parts]:
    """All parts, closed in reverse order at the end. Expects a prepared database (``prepare``)."""
    assert settings.database_url is not None
    rules = routing.load(settings.rules)
    objects = object_store(settings)
    lab = PhotoLab()
    pool = await connect_pool(settings.database_url, settings.database_pool)
    try:
        await objects.check()
        parts = Parts(settings, pool, objects, lab, await places.load(pool), rules)
        refreshing = asyncio.create_task(_refresh(parts))
        yield parts
        refreshing.cancel()
    finally:
        await pool.close()
        await lab.close()
        await objects.close()


async def _refresh(parts: Parts) -> None:
    while True:
        await asyncio.sleep(_REFRESH)
        try:
            parts.gazetteer = await places.refreshed(parts.pool, parts.gazetteer)
        except (OSError, asyncpg.PostgresError) as error:
            # Without the database everything else fails louder; the next round tries again.
            log.warning("boundaries not refreshed", error=type(error).__name__)
