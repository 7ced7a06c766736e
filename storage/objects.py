"""The object store as the rest of the system sees it. Two implementations: ``s3`` (any S3) and ``folder``."""

from collections.abc import AsyncIterator, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Protocol


class ObjectMissing(Exception):
    """No object under this key."""


class StoreUnavailable(Exception):
    """The store does not answer or refuses our credentials; the message says which, without secrets."""


class ObjectStore(Protocol):
    """Keys are ``/``-separated ASCII paths. All methods raise StoreUnavailable when the store cannot be reached."""

    async def put(self, key: str, data: bytes, content_type: str) -> None:
        """Write an object; writing the same key again replaces it. Durable when this returns."""
        ...

    async def put_file(self, key: str, path: Path, content_type: str) -> None:
        """``put`` of a file of any size, without holding it in memory."""
        ...

    async def get(self, key: str) -> bytes:
        """Raises ObjectMissing."""
        ...

    def pieces(self, key: str, start: int = 0) -> AsyncIterator[bytes]:
        """``get`` from this byte on, piece by piece. Raises ObjectMissing with the first one."""
        ...

    async def delete(self, keys: Sequence[str]) -> None:
        """Remove objects; keys that do not exist are no error."""
        ...

    async def signed_url(self, key: str, lifetime: timedelta) -> str | None:
        """A short-lived public address, or None where the store has none (then our API serves the bytes)."""
        ...

    async def check(self) -> None:
        """Prove that the store can be written and read, creating bucket or folder when missing."""
        ...

    async def close(self) -> None: ...
