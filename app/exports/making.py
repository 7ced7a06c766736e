"""Making a file: read here, written by a process of its own, stored under its digest; told once.

Cut off anywhere, the job begins again and makes the same bytes. The one who settles the order is the one who tells.
"""

import asyncio
import hashlib
import os
import sys
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

import asyncpg
import msgspec
import structlog

from app.accounts import service as accounts
from app.accounts.model import Actor
from app.db import Conn, Pool, transaction
from app.errors import AppError, Conflict, Forbidden, Invalid, Problem, Unavailable
from app.escalation import notices
from app.exports import pdf, store
from app.exports.formats import FORMATS
from app.exports.model import ROWS_MOST, Export, Made, Making, Wanted, object_key
from app.exports.pdf_content import content
from app.exports.rows import pieces
from app.exports.service import check_covered
from app.exports.summary import Provenance, Summary, provenance, summary
from app.exports.worker import framed
from app.jobs import Job, enqueue
from app.places.gazetteer import Gazetteer
from app.routing.ruleset import RuleSet
from app.stats import projection
from app.stats import store as stats_store
from app.stats.names import Names, names
from storage.objects import ObjectStore, StoreUnavailable

_log = structlog.get_logger(__name__)
_ROOT = Path(__file__).parents[2]
_SETTLED = timedelta(seconds=2)
"""So long after a moment, at the most, what happened until then is committed."""
_PATIENCE = 60.0
"""Seconds for the statistics to have read the history so far."""
_SAID_EVERY = 0.5
"""Seconds between two looks whether the file is still wanted."""
_WRITERS = asyncio.Semaphore(2)
Said = Callable[[int, int], Awaitable[None]]
"""Told of reports written, of; raises ``Stopped`` to end it."""


class Stopped(Exception):
    """Nobody wants the file any more."""


async def silent(*_: int) -> None:
    """For those who want to hear nothing of it."""


# ---------------------------------------------------------------- the job


async def make(pool: Pool, objects: ObjectStore, rules: RuleSet, gazetteer: Gazetteer, export_id: UUID) -> None:
    """Make what was ordered, unless it was cancelled. What stands in its way is told in words; only when the database
    is away the job is tried again."""
    async with pool.acquire() as conn:
        export = await store.begin(conn, export_id, datetime.now(UTC))
        if export is None:
            return
        actor = await accounts.actor_of(conn, export.staff_id)
    try:
        if actor is None:
            raise Forbidden("exports.account_closed")
        check_covered(actor, export)
        with tempfile.TemporaryDirectory(prefix="phananh-export-") as folder:
            path = Path(folder) / f"file.{export.maker.extension}"
            made = await _made(pool, rules, gazetteer, actor, export, path)
            await _keep(pool, objects, export, made, path)
    except Stopped:
        return
    except (ConnectionError, asyncpg.PostgresError, asyncpg.InterfaceError):
        raise
    except AppError as error:
        await _give_up(pool, export, error.problems[0])
    except Exception as error:  # a fault of ours: said in words, and tried again by hand
        _log.error("a file was not made", export=str(export.export_id), exc_info=error)
        await _give_up(pool, export, Problem("exports.broken"))


async def _made(pool: Pool, rules: RuleSet, gazetteer: Gazetteer, actor: Actor, export: Export, path: Path) -> Made:
    looked = [0.0]

    async def said(done: int, total: int) -> None:
        now = asyncio.get_running_loop().time()
        if now - looked[0] >= _SAID_EVERY:
            looked[0] = now
            async with pool.acquire() as conn:
                if not await store.progress(conn, export.export_id, done, total):
                    raise Stopped

    await settle_figures(pool, export.as_of)
    async with pool.acquire() as conn:
        called = await names(conn, rules, gazetteer)
    wanted = Wanted(
        reader=actor, asked=export.asked, format=export.format, lang=export.lang, as_of=export.as_of,
        columns=export.columns,
    )  # fmt: skip
    return await produce(pool, called, wanted, path, said)


async def _keep(pool: Pool, objects: ObjectStore, export: Export, made: Made, path: Path) -> None:
    async with pool.acquire() as conn:
        # Before the object, so that a sweep which is deleting the very same one is waited for.
        await store.touch_blob(conn, bytes.fromhex(made.sha256), made.size_bytes)
    try:
        await objects.put_file(object_key(made.sha256), path, export.maker.content_type)
    except StoreUnavailable as error:
        raise Unavailable("storage.unavailable") from error
    await _settle(
        pool, export, lambda conn: store.ready(conn, export.export_id, made, datetime.now(UTC)), "export_ready"
    )


async def _give_up(pool: Pool, export: Export, problem: Problem) -> None:
    async def settle(conn: Conn) -> bool | None:
        return await store.failed(conn, export.export_id, problem.key, problem.params, datetime.now(UTC))

    await _settle(pool, export, settle, "export_failed")


async def _settle(pool: Pool, export: Export, settle: Callable[[Conn], Awaitable[bool | None]], kind: str) -> None:
    """The end and the news of it are one transaction."""
    async with transaction(pool) as conn:
        if await settle(conn):
            about = f"{export.format.upper()} · {export.asked.period.title(export.lang)}"
            await notices.tell(conn, export.staff_id, kind, f"/console/exports/{export.export_id}", about)
            await enqueue(conn, [Job("tell_export", {"export_id": str(export.export_id)})])


# ---------------------------------------------------------------- the file


async def settle_figures(pool: Pool, as_of: datetime) -> None:
    """Wait until the statistics know all that happened before this moment. Raises Unavailable."""
    with suppress(TimeoutError):
        async with asyncio.timeout(_PATIENCE):
            while True:
                async with pool.acquire() as conn:
                    read_at = (await stats_store.state(conn)).read_at
                if read_at >= min(as_of + _SETTLED, datetime.now(UTC)):
                    return
                await projection.catch_up(pool)
                await asyncio.sleep(0.1)
    raise Unavailable("exports.figures_behind")


async def produce(pool: Pool, names: Names, wanted: Wanted, path: Path, said: Said = silent) -> Made:
    """Write the file to ``path``. Raises Invalid when there are more reports than a file takes, Unavailable when it
    could not be written, and whatever ``said`` raises."""
    maker, asked, lang, as_of = FORMATS[wanted.format], wanted.asked, wanted.lang, wanted.as_of
    async with pool.acquire() as conn, conn.transaction(isolation="repeatable_read", readonly=True):
        tell = summary if maker.figures else provenance
        told: Provenance = await tell(conn, names, asked, lang, as_of)
        read_at = (await stats_store.state(conn)).read_at
        page = None
        if maker.paper and isinstance(told, Summary):
            page = content(await pdf.read(conn, names, told, asked, as_of, wanted.reader.agency_id or ""))
    if maker.lists and told.count > ROWS_MOST:
        raise Invalid("exports.too_many_rows", count=told.count, most=ROWS_MOST)
    await said(0, told.count)
    figures = told if isinstance(told, Summary) else None
    plain = told if figures is None else msgspec.convert(told, Provenance, from_attributes=True)
    rows = 0
    async with _writer(Making(wanted.format, plain, figures, wanted.columns, page), path) as write:
        if maker.lists:
            async for piece in pieces(pool, names, wanted.reader, asked.question(as_of), wanted.columns, lang):
                await write(msgspec.msgpack.encode(piece))
                rows += len(piece)
                await said(rows, max(rows, told.count))
    if maker.lists and rows != told.count:
        raise Conflict("exports.count_differs", rows=rows, count=told.count)
    return Made(*await asyncio.to_thread(_digest, path), rows, plain, read_at)


def _digest(path: Path) -> tuple[str, int]:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest(), path.stat().st_size


@asynccontextmanager
async def _writer(making: Making, path: Path) -> AsyncIterator[Callable[[bytes], Awaitable[None]]]:
    """A process that writes the file; done when this ends well, killed when it does not. Raises Unavailable."""
    async with _WRITERS:
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "app.exports.worker",
            str(path),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.PIPE,
            cwd=_ROOT,
            env={name: os.environ[name] for name in ("PATH", "LD_LIBRARY_PATH") if name in os.environ}
            | {"HOME": "/nonexistent", "TMPDIR": str(path.parent)},
        )
        assert process.stdin is not None
        stdin = process.stdin

        async def write(message: bytes) -> None:
            stdin.write(framed(message))
            await stdin.drain()

        try:
            try:
                await write(msgspec.msgpack.encode(making))
                yield write
                await write(b"")
            except (BrokenPipeError, ConnectionResetError):
                pass  # it ended before us; what it said is read below
            _, complaint = await process.communicate()
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()
    if process.returncode != 0:
        _log.error("file not written", exit=process.returncode, said=complaint.decode(errors="replace")[-1000:])
        raise Unavailable("exports.broken")
