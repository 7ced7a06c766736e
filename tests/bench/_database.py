"""A database of a benchmark's own, in a temporary folder."""

import asyncio
import os
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from app.embedded import EmbeddedPostgres

_QUICK = {"fsync": "off", "synchronous_commit": "off"}


@asynccontextmanager
async def database(*, durable: bool = True) -> AsyncIterator[tuple[Path, EmbeddedPostgres]]:
    """The folder, for other things too, and the running server; both are gone afterwards. ``durable`` False: where only
    reading is timed, filling goes faster."""
    with tempfile.TemporaryDirectory(prefix="phananh-bench-") as name:
        server = await asyncio.to_thread(_start, Path(name), {} if durable else _QUICK)
        try:
            yield Path(name), server
        finally:
            await asyncio.to_thread(server.stop)


def _start(folder: Path, settings: dict[str, str]) -> EmbeddedPostgres:
    # The server may run under another account.
    folder.chmod(0o755)
    server = EmbeddedPostgres(folder / "database", settings=settings)
    server.start()
    return server


def environment(folder: Path, server: EmbeddedPostgres, port: int) -> dict[str, str]:
    """What a process of ours is told that works on this database and listens at this port."""
    return {
        "PATH": os.environ.get("PATH", ""),
        "PHANANH_HOME": str(folder / "home"),
        "PHANANH_DATABASE_URL": server.url(),
        "PHANANH_PORT": str(port),
    }
