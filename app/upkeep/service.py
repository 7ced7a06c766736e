"""The system's own state, for whoever looks after it, and what can be done about failed jobs."""

import asyncio
import contextlib
import os
import shutil
import socket
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime
from importlib.metadata import version as version_of
from pathlib import Path

import asyncpg
import structlog

from app.accounts import store as accounts
from app.accounts.model import Actor, Entry, EventKind
from app.accounts.permissions import Permission, require
from app.db import Pool, transaction
from app.errors import Invalid
from app.upkeep import store
from app.upkeep.model import BEAT_EVERY, WAITS_LONG, Disk, ProcessName, State
from storage.objects import ObjectStore, StoreUnavailable

log = structlog.get_logger()

FAILURES_SHOWN = 100
_BACKUPS_SHOWN = 7
_NOTE_MOST = 200
_PATIENCE = 5.0


async def state(pool: Pool, objects: ObjectStore, home: Path, rules_version: str, actor: Actor) -> State:
    """Everything at once. Raises Forbidden."""
    require(actor, Permission.MANAGE_SYSTEM)
    async with pool.acquire() as conn:
        count, size = await store.photos(conn)
        return State(
            at=datetime.now(UTC),
            queues=await store.queues(conn),
            failures=await store.failures(conn, FAILURES_SHOWN),
            processes=await store.processes(conn),
            backups=await store.backups(conn, _BACKUPS_SHOWN),
            database=await store.database(conn),
            chats=await store.chats(conn, WAITS_LONG),
            photos=count,
            photo_bytes=size,
            store_answers=await _answers(objects),
            disk=disk_of(home),
            boundaries=await store.boundaries(conn),
            rules_version=rules_version,
            version=version_of("phananh"),
        )


async def _answers(objects: ObjectStore) -> bool:
    try:
        async with asyncio.timeout(_PATIENCE):
            await objects.check()
    except (StoreUnavailable, TimeoutError):
        return False
    return True


def disk_of(home: Path) -> Disk:
    while not home.exists():
        home = home.parent
    usage = shutil.disk_usage(home)
    return Disk(str(home), usage.free, usage.total)


async def retry(pool: Pool, actor: Actor, ids: Sequence[int]) -> int:
    """Try held jobs again; gives how many were held. What was sent stays sent: each asks first what became of it."""
    return await _on_jobs(pool, actor, ids, EventKind.JOBS_RETRIED)


async def discard(pool: Pool, actor: Actor, ids: Sequence[int]) -> int:
    """Give held jobs up: what they were to do is never done. Gives how many were held."""
    return await _on_jobs(pool, actor, ids, EventKind.JOBS_DISCARDED)


async def _on_jobs(pool: Pool, actor: Actor, ids: Sequence[int], kind: EventKind) -> int:
    require(actor, Permission.MANAGE_SYSTEM)
    async with transaction(pool) as conn:
        kinds = await (store.retry if kind is EventKind.JOBS_RETRIED else store.discard)(conn, ids)
        if kinds:
            said = ", ".join(f"{entrypoint} {count}" for entrypoint, count in sorted(Counter(kinds).items()))
            await accounts.record(conn, Entry(kind, actor, None, {"jobs": said}))
    return len(kinds)


async def backup_done(pool: Pool, size_bytes: int | None = None, note: str = "") -> None:
    """Note that a backup was finished just now. Raises Invalid."""
    if len(note) > _NOTE_MOST or (size_bytes is not None and size_bytes <= 0):
        raise Invalid("system.backup_wrong", field="size", most=_NOTE_MOST)
    async with pool.acquire() as conn:
        await store.add_backup(conn, size_bytes, note)


@contextlib.asynccontextmanager
async def alive(pool: Pool, name: ProcessName) -> AsyncIterator[None]:
    """As long as the block lasts, the database knows that this process lives."""
    me = (name, socket.gethostname(), os.getpid())
    beating = asyncio.create_task(_beat(pool, *me))
    try:
        yield
    finally:
        beating.cancel()
        await asyncio.gather(beating, return_exceptions=True)
        # A process that is killed stays on the list, silent; one that was told to stop does not.
        with contextlib.suppress(OSError, asyncpg.PostgresError, asyncpg.InterfaceError):
            async with pool.acquire() as conn:
                await store.gone(conn, *me)


async def _beat(pool: Pool, name: ProcessName, host: str, pid: int) -> None:
    started_at, version = datetime.now(UTC), version_of("phananh")
    while True:
        try:
            async with pool.acquire() as conn:
                await store.beat(conn, name, host, pid, version, started_at)
        except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
            log.warning("sign of life not written", error=type(error).__name__)
        await asyncio.sleep(BEAT_EVERY.total_seconds())
