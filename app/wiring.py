"""The parts every process is made of, built from the settings in one place."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing, asynccontextmanager
from pathlib import Path

import asyncpg
import structlog
from msgspec import Struct

from app.db import Pool, close_pool, connect_pool, is_migrated, migrate, wakeups
from app.outward import Client
from app.partners.client import PATIENCE
from app.partners.service import Means
from app.photos.lab import PhotoLab
from app.places import service as places
from app.places.gazetteer import Gazetteer
from app.routing import service as routing
from app.routing.examples import Place, Resolve
from app.routing.model import COMMUNE_KINDS
from app.routing.problems import RulesError
from app.routing.ruleset import RuleSet
from app.routing.versions import CHANNEL
from app.settings import Settings
from app.templates import service as templates
from app.watchwords import service as watchwords
from app.watchwords.model import NONE as NO_WORDS
from app.watchwords.model import WordList
from storage.folder import FolderStore
from storage.objects import ObjectStore

log = structlog.get_logger()

_REFRESH = 30.0
"""Seconds after which every process knows of newly imported boundaries."""
_WAITED_FOR = 10.0
"""Seconds that somebody waits for another server's answer."""
_POLL = 10.0
"""Seconds after which a process finds new rules even if it was not told of them."""


class Parts(Struct):
    """What handlers, jobs and the bot work with, shared by everything in one process.

    Read ``gazetteer``, ``rules`` and ``words`` anew for each piece of work, and once for the whole of it: an import, a
    new version, a new word replace them. Nothing else changes.
    """

    settings: Settings
    pool: Pool
    objects: ObjectStore
    lab: PhotoLab
    gazetteer: Gazetteer
    rules: RuleSet
    words: WordList = NO_WORDS


def object_store(settings: Settings) -> ObjectStore:
    """S3 when an endpoint is set, else a folder."""
    if settings.s3 is None:
        return FolderStore(settings.home / "photos")
    from storage.s3 import S3Store  # its library takes a tenth of a second that systems without S3 need not wait for

    s3 = settings.s3
    return S3Store(s3.endpoint, s3.access_key, s3.secret_key, s3.bucket, region=s3.region, tls=s3.tls)


async def prepare(settings: Settings, *, take_file: bool = False) -> None:
    """What must be true before any process serves: the schema is up to date and rules are in force.

    With ``take_file`` a rules file that has changed since it was last taken comes into force; without, the file is only
    read when no rules are in force yet. Costs next to nothing when all is so already. Safe to call from several
    processes at once. Raises RulesError when the file is needed and cannot be used.
    """
    assert settings.database_url is not None
    pool = await connect_pool(settings.database_url, 2)
    try:
        async with pool.acquire() as conn:
            migrated = await is_migrated(conn)
        if not migrated:
            await migrate(settings.database_url)
        async with pool.acquire() as conn:
            if not take_file and await routing.in_force(conn):
                return
            if await routing.is_taken(conn, routing.load(settings.rules, proven=True)):
                return
            first = not await routing.in_force(conn)
        gazetteer = await places.load(pool)
        rules = load_candidate(settings.rules, gazetteer)
        note = "first start" if first else "file changed"
        await routing.install(pool, rules, communes_of(gazetteer, rules), note, "start")
        if first:
            await templates.take_first_set(pool, rules.coordinator_id)
    finally:
        await pool.close()


def load_candidate(source: Path | str | bytes, gazetteer: Gazetteer, name: str | None = None) -> RuleSet:
    """A rule set that is about to be used: every commune it names exists, every example is true. Raises RulesError."""
    read = routing.load(source, name=name, proven=True)
    communes = {code for code, _ in communes_of(gazetteer, read)}
    return routing.load(source, name=name, communes=communes, resolve=place_finder(gazetteer))


def place_finder(gazetteer: Gazetteer) -> Resolve:
    """Places of examples as people write them; also for trying a report by hand. An address that may mean several
    communes means the likeliest."""

    def find(address: str, province_code: str) -> Place | None:
        commune = gazetteer.commune(address)
        if commune is None:
            candidates = gazetteer.search(address, default_province_code=province_code)
            commune = candidates[0].commune if candidates else None
        if commune is None:
            return None
        kind = next((kind for kind in COMMUNE_KINDS if kind == commune.kind), None)
        return Place(commune.code, commune.full_name, kind, commune.province_code)

    return find


def communes_of(gazetteer: Gazetteer, rules: RuleSet) -> list[tuple[str, str]]:
    """Code and full name of every commune of the rules' province."""
    return [(c.code, c.full_name) for c in gazetteer.communes if c.province_code == rules.province_code]


@asynccontextmanager
async def open_parts(settings: Settings) -> AsyncIterator[Parts]:
    """All parts, closed in reverse order at the end. Expects a prepared database (``prepare``)."""
    assert settings.database_url is not None
    objects = object_store(settings)
    lab = PhotoLab()
    pool = await connect_pool(settings.database_url, settings.database_pool)
    try:
        await objects.check()
        parts = Parts(settings, pool, objects, lab, await places.load(pool), await routing.active(pool))
        parts.words = await watchwords.current(pool, NO_WORDS)
        following = [asyncio.create_task(work(parts)) for work in (_follow_places, _follow_rules)]
        try:
            yield parts
        finally:
            for task in following:
                task.cancel()
            await asyncio.gather(*following, return_exceptions=True)
    finally:
        await close_pool(pool)
        await lab.close()
        await objects.close()


async def _follow_places(parts: Parts) -> None:
    while True:
        await asyncio.sleep(_REFRESH)
        try:
            parts.gazetteer = await places.refreshed(parts.pool, parts.gazetteer)
        except (OSError, asyncpg.PostgresError) as error:
            # Without the database everything else fails louder; the next round tries again.
            log.warning("boundaries not refreshed", error=type(error).__name__)


async def _follow_rules(parts: Parts) -> None:
    assert parts.settings.database_url is not None
    async with aclosing(wakeups(parts.settings.database_url, CHANNEL, _POLL)) as beats:
        async for _ in beats:
            try:
                parts.words = await watchwords.current(parts.pool, parts.words)
                rules = await routing.current(parts.pool, parts.rules)
            except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
                log.warning("rules not refreshed", error=type(error).__name__)
                continue
            except RulesError as error:
                # Put into force by a newer program than this one; it goes on deciding by what it knows.
                log.error("the rules in force cannot be read here", problem=error.lines("en")[0])
                continue
            if rules is not parts.rules:
                log.info("rules replaced", version=rules.version, instead_of=parts.rules.version)
                parts.rules = rules


def partner_means(parts: Parts, http: Client, patience: float = PATIENCE) -> Means:
    """What asking partners' servers takes, as it is now: rules are replaced. ``patience``: seconds for each call."""
    settings = parts.settings
    return Means(
        parts.pool,
        http,
        settings.secret_key,
        settings.public_url,
        parts.rules,
        parts.objects,
        parts.lab,
        settings.networks,
        patience,
    )


@asynccontextmanager
async def asking_partners(parts: Parts) -> AsyncIterator[Means]:
    """For somebody who waits for the answer, and for as long as the block lasts."""
    http = Client(parts.settings.networks)
    try:
        yield partner_means(parts, http, _WAITED_FOR)
    finally:
        await http.close()
