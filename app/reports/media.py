"""A photo that a report's sender named by its address instead of sending it: fetched once the report is filed, through
the guarded way out (``app.outward``), and kept or refused aloud, by a note in the case."""

import asyncio
from urllib.parse import urlsplit
from uuid import UUID

import structlog
from msgspec import Struct

from app import outward
from app.accounts.model import SYSTEM, Actor
from app.db import Pool
from app.errors import Conflict, Invalid
from app.i18n import t
from app.photos import service as photos
from app.photos.lab import PhotoLab
from app.photos.model import MAX_BYTES, StoredPhoto
from app.reports import service
from app.reports.model import Form
from app.reports.workflow import Act
from app.routing.ruleset import RuleSet
from storage.objects import ObjectStore

log = structlog.get_logger()

_KEY = "media_url"
"""Of the act or the note that comes of it: once, however often the job runs."""
PAUSES = (2.0, 15.0)
"""Seconds before each further try; whoever publishes a photo may be a moment behind."""


class Refused(Exception):
    """``key``: why, in the catalogue."""

    def __init__(self, key: str) -> None:
        super().__init__(key)
        self.key = key


class Means(Struct, frozen=True):
    """``networks``: where the photo may lie besides the internet."""

    pool: Pool
    objects: ObjectStore
    lab: PhotoLab
    rules: RuleSet
    http: outward.Client
    networks: outward.Networks = ()


async def fetch(means: Means, report_id: UUID, url: str, pauses: tuple[float, ...] = PAUSES) -> None:
    """Put the photo at an address into a report. Raises Unavailable while our own store is away."""
    async with means.pool.acquire() as conn:
        report = await service.get(conn, report_id)
    try:
        form = Form(photos=(await _fetched(means, url, pauses),), client_key=_KEY)
        await service.perform(means.pool, means.rules, Actor("citizen"), report, Act.ADD_PHOTOS, form)
    except (Refused, Conflict) as refused:
        why = t(refused.key if isinstance(refused, Refused) else "reports.media_late", report.lang)
        words = t("reports.media_refused", report.lang, host=(urlsplit(url).hostname or "?")[:100], why=why)
        form = Form(text=words, client_key=_KEY)
        await service.perform(means.pool, means.rules, SYSTEM, report, Act.NOTE, form)
        log.info("a photo was not fetched", report_id=str(report_id), why=type(refused).__name__)


async def _fetched(means: Means, url: str, pauses: tuple[float, ...]) -> StoredPhoto:
    """Raises Refused, and Unavailable while our own store is away."""
    try:
        await outward.check(url, means.networks)
    except Invalid:
        raise Refused("reports.media_address") from None
    for pause in (*pauses, None):
        if (data := await _asked(means, url)) is not None:
            try:
                return await photos.store_photo(means.pool, means.objects, means.lab, data)
            except Invalid:
                raise Refused("reports.media_no_photo") from None
        if pause is not None:
            await asyncio.sleep(pause)
    raise Refused("reports.media_silent")


async def _asked(means: Means, url: str) -> bytes | None:
    try:
        answer = await means.http.request("GET", url, most=MAX_BYTES)
    except outward.Unreached:
        return None
    return answer.body if answer.whole and answer.status == 200 else None  # what HTTP calls success
