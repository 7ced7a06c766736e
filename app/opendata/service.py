"""Open data: whether and how it is published, a look at what would be, and the months that were made."""

import asyncio
import hashlib
from collections.abc import Sequence
from datetime import UTC, date, datetime

import structlog
from msgspec import Struct, structs

from app.accounts.model import Actor
from app.accounts.permissions import Permission, require
from app.db import Conn, Pool, transaction
from app.errors import Conflict, Invalid, NotFound, Problem
from app.i18n.text import nfc
from app.jobs import Job, enqueue
from app.opendata import files, store
from app.opendata.anonymity import GroupOf, anonymous
from app.opendata.model import (
    FORMATS,
    K_LEAST,
    K_MOST,
    LICENCES,
    File,
    Format,
    Options,
    Row,
    Settings,
    Told,
    Version,
    begins,
    due_by,
    month_after,
    month_before,
    month_of,
)
from app.places.gazetteer import Gazetteer
from app.routing.ruleset import RuleSet
from app.stats.names import names as names_of
from storage.objects import ObjectMissing, ObjectStore

log = structlog.get_logger()
_PUBLISHER_MOST = 200
_REASON_LEAST, _REASON_MOST = 5, 300
_NO_NEWER = 24


class Means(Struct, frozen=True):
    """What a month is made with."""

    pool: Pool
    objects: ObjectStore
    rules: RuleSet
    gazetteer: Gazetteer


class Preview(Struct, frozen=True):
    """What a month would be. ``sample``: some of its rows, as they would be published."""

    month: date
    told: Told
    sample: list[Row]


async def settings(pool: Pool) -> Settings | None:
    """None: nobody has ever set it up."""
    async with pool.acquire() as conn:
        return await store.settings(conn)


def usual(publisher: str, now: datetime) -> Settings:
    """What the form begins with."""
    first = due_by(now)
    return Settings(enabled=False, options=Options(), licence="CC-BY-4.0", publisher=publisher, first_month=first)


async def save(pool: Pool, actor: Actor, wanted: Settings, by: str, now: datetime | None = None) -> None:
    """From now on this holds; switched on, what is missing is made soon. Raises Forbidden and Invalid."""
    require(actor, Permission.MANAGE_SYSTEM)
    wanted = structs.replace(wanted, publisher=nfc(wanted.publisher), changed_by=by)
    check(wanted, now or datetime.now(UTC))
    async with transaction(pool) as conn:
        await store.keep_settings(conn, wanted)
        if wanted.enabled:
            await enqueue(conn, [Job("make_opendata", {}, dedupe="make_opendata")])


def check(wanted: Settings, now: datetime) -> None:
    """Raises Invalid with everything that is wrong."""
    problems = []
    if not K_LEAST <= wanted.options.k <= K_MOST:
        problems.append(Problem("opendata.k_wrong", {"least": K_LEAST, "most": K_MOST}, "k"))
    if wanted.licence not in LICENCES:
        problems.append(Problem("opendata.licence_unknown", field="licence"))
    if not 1 <= len(wanted.publisher) <= _PUBLISHER_MOST:
        problems.append(Problem("opendata.publisher_wrong", {"most": _PUBLISHER_MOST}, "publisher"))
    if not date(2000, 1, 1) <= wanted.first_month <= month_of(now):
        problems.append(Problem("opendata.month_wrong", field="first_month"))
    if problems:
        raise Invalid.many(problems)


async def preview(means: Means, actor: Actor, options: Options, month: date, most: int = 8) -> Preview:
    """What a month would be if it were made now; nothing is kept. Raises Forbidden."""
    require(actor, Permission.MANAGE_SYSTEM)
    rows, told = await _anonymous(means, options, month)
    step = max(1, len(rows) // most)
    return Preview(month, told, rows[::step][:most])


async def _anonymous(means: Means, options: Options, month: date) -> tuple[list[Row], Told]:
    since, before = begins(month), begins(month_after(month))
    async with means.pool.acquire() as conn, conn.transaction(isolation="repeatable_read", readonly=True):
        found = await store.sources(conn, since, before)
        private, withdrawn = await store.never(conn, since, before)
    rows, told = await asyncio.to_thread(anonymous, found, options, _group_of(means))
    return rows, structs.replace(told, private=private, withdrawn=withdrawn)


def _group_of(means: Means) -> GroupOf:
    known = means.rules.categories

    def group_of(category: str) -> str:
        return known[category].group_id if category in known else ""

    return group_of


# ---------------------------------------------------------------- making


async def make_due(means: Means, now: datetime | None = None) -> list[Version]:
    """Make every month that is due and missing, the oldest first; what was missed is made now, once."""
    now = now or datetime.now(UTC)
    async with means.pool.acquire() as conn:
        if not await store.claim(conn):
            return []
        try:
            wanted = await store.settings(conn)
            if wanted is None or not wanted.enabled:
                return []
            there = {version.month for version in await store.versions(conn)}
            made, month = [], wanted.first_month
            while month <= due_by(now):
                if month not in there:
                    made.append(await _make(means, conn, wanted, month, 1, "", "", now))
                month = month_after(month)
            return made
        finally:
            await store.let_go(conn)


async def order_correction(pool: Pool, actor: Actor, month: date, reason: str, by: str) -> None:
    """A month is to be made anew, as another version. Raises Forbidden, NotFound, Invalid, Conflict."""
    require(actor, Permission.MANAGE_SYSTEM)
    reason = nfc(reason)
    async with transaction(pool) as conn:
        last = await store.versions(conn, [month])
        if not last:
            raise NotFound("opendata.no_month")
        if not _REASON_LEAST <= len(reason) <= _REASON_MOST:
            raise Invalid("opendata.reason_wrong", field="reason", least=_REASON_LEAST, most=_REASON_MOST)
        wanted = await store.settings(conn)
        if wanted is None or not wanted.enabled:
            raise Conflict("opendata.off_now", field="reason")
        payload = {"month": month.isoformat(), "after": last[0].version, "reason": reason, "by": by}
        await enqueue(conn, [Job("correct_opendata", payload, dedupe=f"correct_opendata {month}")])


async def correct(means: Means, month: date, after: int, reason: str, by: str) -> Version | None:
    """The job of a correction. None: the version behind ``after`` is there already."""
    async with means.pool.acquire() as conn:
        await store.wait_for_claim(conn)
        try:
            wanted, there = await store.settings(conn), await store.versions(conn, [month])
            if wanted is None or not wanted.enabled or not there or there[0].version != after:
                return None
            options = wanted.options
            for earlier in there:
                options = options.no_finer_than(earlier.options)
            stricter = structs.replace(wanted, options=options)
            return await _make(means, conn, stricter, month, after + 1, reason, by, datetime.now(UTC))
        finally:
            await store.let_go(conn)


async def _make(
    means: Means, conn: Conn, wanted: Settings, month: date, number: int, reason: str, by: str, now: datetime
) -> Version:
    """Write the files and then the row that names them; cut off before it, it is all done again."""
    rows, told = await _anonymous(means, wanted.options, month)
    known = await names_of(conn, means.rules, means.gazetteer)
    version = Version(
        month=month,
        version=number,
        made_at=now,
        options=wanted.options,
        told=told,
        files={},
        reason=reason,
        made_by=by,
    )
    about = files.about(
        title=f"{wanted.publisher} · {version.key}",
        publisher=wanted.publisher,
        licence=LICENCES[wanted.licence],
        month=version.key,
        version=number,
        k=wanted.options.k,
        generalised=told.generalised,
        withheld=told.withheld,
    )
    kept: dict[str, File] = {}
    for kind, media in FORMATS.items():
        data = await asyncio.to_thread(files.write, kind, rows, files.Written(known, about))
        await means.objects.put(version.at(kind), data, media)
        kept[kind] = File(hashlib.sha256(data).hexdigest(), len(data))
    version = structs.replace(version, files=kept)
    await store.keep_version(conn, version)
    log.info("open data made", month=version.key, version=number, rows=told.rows, withheld=told.withheld)
    return version


# ---------------------------------------------------------------- reading


class Published(Struct, frozen=True):
    """What everybody may read: the settings, and of each month the newest version, newest month first."""

    settings: Settings
    versions: list[Version]


async def published(pool: Pool) -> Published:
    """Raises NotFound while open data is switched off."""
    async with pool.acquire() as conn:
        wanted = await store.settings(conn)
        if wanted is None or not wanted.enabled:
            raise NotFound("opendata.none")
        newest: dict[date, Version] = {}
        for version in await store.versions(conn):
            if version.month >= wanted.first_month:
                newest.setdefault(version.month, version)
    return Published(wanted, list(newest.values()))


def file_of(found: Published, name: str) -> tuple[Version, Format]:
    """By what stands in its address, ``2026-10.csv``. Raises NotFound."""
    key, _, ending = name.partition(".")
    for version in found.versions:
        for kind in FORMATS:
            if (version.key, kind) == (key, ending) and kind in version.files:
                return version, kind
    raise NotFound("opendata.no_file")


async def read(objects: ObjectStore, version: Version, kind: Format) -> bytes:
    """Raises NotFound, Unavailable."""
    try:
        return await objects.get(version.at(kind))
    except ObjectMissing:
        raise NotFound("opendata.no_file") from None


def months_to_choose(now: datetime, most: int = _NO_NEWER) -> Sequence[date]:
    """First days of months, the newest that has ended first."""
    month, found = month_before(month_of(now)), []
    for _ in range(most):
        found.append(month)
        month = month_before(month)
    return found


async def all_versions(pool: Pool) -> list[Version]:
    async with pool.acquire() as conn:
        return await store.versions(conn)
