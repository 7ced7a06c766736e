"""A durable database of a benchmark's own, in a temporary folder."""

import asyncio
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from app.embedded import EmbeddedPostgres


@asynccontextmanager
async def database() -> AsyncIterator[tuple[Path, EmbeddedPostgres]]:
    """The folder, for other things too, and the running server; both are gone afterwards."""
    with tempfile.TemporaryDirectory(prefix="phananh-bench-") as name:
        server = await asyncio.to_thread(_start, Path(name))
        try:
            yield Path(name), server
        finally:
            await asyncio.to_thread(server.stop)


def _start(folder: Path) -> EmbeddedPostgres:
    # The server may run under another account.
    folder.chmod(0o755)
    server = EmbeddedPostgres(folder / "database")
    server.start()
    return server
