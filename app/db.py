"""The connection pool, transactions and migrations."""

import asyncio
import os
import shutil
import sys
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

import asyncpg
import msgspec

if TYPE_CHECKING:
    from asyncpg.pool import PoolConnectionProxy

    Pool = asyncpg.Pool[asyncpg.Record]
    Conn = asyncpg.Connection[asyncpg.Record] | PoolConnectionProxy[asyncpg.Record]
else:
    Pool = asyncpg.Pool
    Conn = asyncpg.Connection

AWAY = (
    ConnectionError,
    asyncpg.PostgresConnectionError,
    asyncpg.CannotConnectNowError,
    asyncpg.TooManyConnectionsError,
    asyncpg.InterfaceError,
)
"""What is raised while the database cannot be reached: nothing of ours is wrong, and another try later may do."""
_RECONNECT = 1.0
"""Seconds between tries to listen again after the connection was lost."""
_CLOSING = 5.0
"""Seconds for connections in use to be given back when a process ends."""
MIGRATIONS = Path(__file__).parent.parent / "migrations"


class MigrationFailed(Exception):
    """dbmate refused or failed; the message is its own last line."""


async def _setup(conn: Conn) -> None:
    for kind in ("json", "jsonb"):
        await conn.set_type_codec(
            kind,
            schema="pg_catalog",
            encoder=lambda value: msgspec.json.encode(value).decode(),
            decoder=lambda text: msgspec.json.decode(text),
        )
    # Asks the server about arrays of these now, once, rather than in front of somebody's first intake.
    await conn.fetchval("SELECT $1::jsonb[]", [])


async def _leave(_: Conn) -> None:
    """asyncpg would send a statement after each use of a connection, to clear away what the session may hold. Whoever
    takes a session's lock or listens gives it back, so that round trip is spared."""


async def connect_pool(url: str, size: int = 10) -> Pool:
    """A pool whose connections speak JSON both ways. Raises OSError or asyncpg.PostgresError when it cannot connect."""
    return await asyncpg.create_pool(
        url,
        min_size=min(2, size),
        max_size=size,
        init=_setup,
        reset=_leave,
        command_timeout=60,
        server_settings={"timezone": "UTC"},
    )


async def close_pool(pool: Pool, patience: float = _CLOSING) -> None:
    """Close it; a connection that nobody gives back, as when the database went in the middle of something, is cut.

    ``pool.close()`` alone would wait for it for ever, and the process with it.
    """
    with suppress(TimeoutError):
        async with asyncio.timeout(patience):
            await pool.close()  # terminates what is left when it is cancelled


@asynccontextmanager
async def transaction(pool: Pool) -> AsyncIterator[Conn]:
    """One connection inside one transaction: committed at the end, rolled back on any error."""
    async with pool.acquire() as conn, conn.transaction():
        yield conn


async def wakeups(url: str, channel: str, every: float) -> AsyncGenerator[None, None]:
    """A beat at once, after each NOTIFY on the channel, after each lost connection, and at least ``every`` seconds.

    Listens on a connection of its own and connects again by itself. Close it (``aclosing``) to let go of it.
    """
    woken = asyncio.Event()
    listening: asyncpg.Connection[asyncpg.Record] | None = None
    try:
        while True:
            if listening is None or listening.is_closed():
                listening = await _listen(url, channel, woken)
            yield
            with suppress(TimeoutError):
                async with asyncio.timeout(every if listening else _RECONNECT):
                    await woken.wait()
            woken.clear()
    finally:
        if listening is not None:
            listening.terminate()


async def _listen(url: str, channel: str, woken: asyncio.Event) -> "asyncpg.Connection[asyncpg.Record] | None":
    try:
        conn = await asyncpg.connect(url, timeout=5)
    except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError):
        return None  # whoever waits for beats gets them slowly meanwhile
    try:
        conn.add_termination_listener(lambda *_: woken.set())
        await conn.add_listener(channel, lambda *_: woken.set())
    except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError):
        conn.terminate()
        return None
    except BaseException:
        conn.terminate()  # we were told to stop in the middle of it
        raise
    return conn


def _for_dbmate(url: str, *, tls: bool) -> str:
    """dbmate's driver wants ``socket=`` for a socket folder, and demands TLS unless told that there is none."""
    parts = urlsplit(url)
    query: dict[str, Any] = dict(parse_qsl(parts.query))
    if "host" in query:
        query["socket"] = query.pop("host")
    query.setdefault("sslmode", "require" if tls else "disable")
    if query["sslmode"] == "prefer":  # known to asyncpg alone
        query["sslmode"] = "require" if tls else "disable"
    return urlunsplit(("postgres", parts.netloc, parts.path, urlencode(query, safe="/"), ""))


async def is_migrated(conn: Conn) -> bool:
    """Whether every migration here has been applied. Cheap: one query."""
    if await conn.fetchval("SELECT to_regclass('schema_migrations')") is None:
        return False
    done = {row["version"] for row in await conn.fetch("SELECT version FROM schema_migrations")}
    return done >= {path.name.split("_")[0] for path in MIGRATIONS.glob("*.sql")}


async def migrate(url: str) -> None:
    """Bring the schema up to date. Safe to call from several processes at once. Raises MigrationFailed."""
    dbmate = shutil.which("dbmate", path=f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}")
    if dbmate is None:
        raise MigrationFailed("the dbmate program is not installed")
    conn = await asyncpg.connect(url)
    try:
        # dbmate itself takes no lock; two processes starting together would run the same migration twice.
        await conn.execute("SELECT pg_advisory_lock(hashtext('phananh migrate'))")
        tls = await conn.fetchval("SELECT coalesce((SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()), false)")
        process = await asyncio.create_subprocess_exec(
            dbmate, "--no-dump-schema", "--migrations-dir", str(MIGRATIONS), "migrate",
            env={"DATABASE_URL": _for_dbmate(url, tls=tls), "PATH": os.environ.get("PATH", "")},
            stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
        )  # fmt: skip
        output, _ = await process.communicate()
    finally:
        await conn.close()
    if process.returncode:
        raise MigrationFailed(output.decode(errors="replace").strip().splitlines()[-1])
