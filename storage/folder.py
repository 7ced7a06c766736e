"""Objects as files under one folder: the embedded default."""

import asyncio
import contextlib
import fcntl
import io
import os
import shutil
import tempfile
import time
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from typing import BinaryIO, TypeVar
from uuid import uuid4

from storage.keys import check_key
from storage.objects import ObjectMissing, StoreUnavailable

_T = TypeVar("_T")
_THREADS = 8
_PIECE = 1 << 20
_ABANDONED = 24 * 3600.0  # seconds after which a half-written file can belong to no living writer


class FolderStore:
    """An ``ObjectStore`` in ``root``. Several processes may share it: a file appears whole or not at all."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._halves = root / ".half-written"  # no key starts with a dot
        self._threads = ThreadPoolExecutor(_THREADS, thread_name_prefix="folder-store")

    async def put(self, key: str, data: bytes, content_type: str) -> None:  # noqa: ARG002 - files have no media type
        path = self._path(key)
        await self._run(lambda: self._write(path, io.BytesIO(data)))

    async def put_file(self, key: str, path: Path, content_type: str) -> None:  # noqa: ARG002 - files have no media type
        target = self._path(key)

        def copy() -> None:
            with path.open("rb") as source:
                self._write(target, source)

        await self._run(copy)

    async def get(self, key: str) -> bytes:
        path = self._path(key)
        return await self._run(lambda: self._read(key, path))

    async def pieces(self, key: str, start: int = 0) -> AsyncIterator[bytes]:
        path = self._path(key)
        file = await self._run(lambda: self._open(key, path))
        try:
            file.seek(start)
            while piece := await self._run(lambda: file.read(_PIECE)):
                yield piece
        finally:
            file.close()

    async def delete(self, keys: Sequence[str]) -> None:
        paths = [self._path(key) for key in keys]
        await self._run(lambda: self._remove(paths))

    async def signed_url(self, key: str, lifetime: timedelta) -> str | None:  # noqa: ARG002 - a folder has no address
        check_key(key)
        return None

    async def check(self) -> None:
        await self._run(self._tidy)
        key, data = f"check/{uuid4().hex}", os.urandom(16)
        await self.put(key, data, "application/octet-stream")
        if await self.get(key) != data:
            raise StoreUnavailable(f"the folder {self._root} gives back other bytes than were written")
        await self.delete([key])

    async def close(self) -> None:
        await asyncio.to_thread(self._threads.shutdown)

    def _path(self, key: str) -> Path:
        return self._root.joinpath(*check_key(key).split("/"))

    async def _run(self, work: Callable[[], _T]) -> _T:
        try:
            return await asyncio.get_running_loop().run_in_executor(self._threads, work)
        except OSError as error:
            raise StoreUnavailable(f"the folder {self._root}: {error.strerror}") from error

    def _write(self, path: Path, source: BinaryIO) -> None:
        self._halves.mkdir(parents=True, exist_ok=True)
        descriptor, name = tempfile.mkstemp(dir=self._halves)
        half = Path(name)
        try:
            with os.fdopen(descriptor, "wb") as file:
                shutil.copyfileobj(source, file, _PIECE)
                file.flush()
                os.fsync(file.fileno())
            with self._tree(fcntl.LOCK_SH):
                path.parent.mkdir(parents=True, exist_ok=True)
                half.replace(path)
        except BaseException:
            half.unlink(missing_ok=True)
            raise
        # A new name is durable once every folder on the way to it is.
        for folder in path.parents:
            _sync_folder(folder)
            if folder == self._root:
                break

    @contextlib.contextmanager
    def _tree(self, mode: int) -> Iterator[None]:
        """Shared: folders that exist stay. Exclusive: nobody is between making a folder and moving a file into it."""
        descriptor = os.open(self._halves, os.O_RDONLY | os.O_DIRECTORY)
        try:
            fcntl.flock(descriptor, mode)
            yield
        finally:
            os.close(descriptor)

    def _read(self, key: str, path: Path) -> bytes:
        with self._open(key, path) as file:
            return file.read()

    @staticmethod
    def _open(key: str, path: Path) -> BinaryIO:
        try:
            return path.open("rb")
        except (FileNotFoundError, IsADirectoryError, NotADirectoryError):
            raise ObjectMissing(key) from None

    def _remove(self, paths: list[Path]) -> None:
        for path in paths:
            with contextlib.suppress(FileNotFoundError, NotADirectoryError):
                path.unlink()
        self._halves.mkdir(parents=True, exist_ok=True)
        with self._tree(fcntl.LOCK_EX):
            for path in paths:
                for folder in path.parents:
                    if folder == self._root:
                        break
                    try:
                        folder.rmdir()
                    except OSError:  # not empty, or already gone
                        break

    def _tidy(self) -> None:
        """Make the folder, for our eyes only, and drop what writers that were killed left behind."""
        self._root.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._halves.mkdir(exist_ok=True)
        for half in self._halves.iterdir():
            with contextlib.suppress(FileNotFoundError):
                if time.time() - half.stat().st_mtime > _ABANDONED:
                    half.unlink()


def _sync_folder(folder: Path) -> None:
    with contextlib.suppress(FileNotFoundError):  # deleted meanwhile: nothing left to keep
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
