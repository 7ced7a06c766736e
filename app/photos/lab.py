"""Where photos are worked on: a few processes beside the server, each decoding one photo at a time.

Threads were measured and are not enough: Pillow keeps the interpreter lock for 36 ms of a 12 megapixel JPEG and for
0.6 s of a large WebP. A process can also be ended: when a photo crashes its decoder, or was built to busy it for hours.
"""

import asyncio
import os
import queue
import socket
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import TracebackType
from typing import Self

import msgspec
import structlog

from app.errors import Invalid, Unavailable
from app.i18n import Lang
from app.photos.model import (
    CARD,
    PAIR,
    PHOTO,
    READY,
    REDACT,
    Box,
    Card,
    Done,
    Drawn,
    Pair,
    Paired,
    PreparedPhoto,
    Redaction,
    Refusal,
    Reply,
)
from app.photos.sniff import sniff

_log = structlog.get_logger(__name__)
_TRIES = 2  # a worker may die of something else than the photo; of the same photo twice is no accident
_START_SECONDS, _STOP_SECONDS = 30.0, 10.0
_ROOT = Path(__file__).parents[2]
# glibc would give each picture's memory back to the kernel and ask for it anew: 7,000 page faults, a tenth of the time.
_KEEP_MEMORY = {"MALLOC_MMAP_THRESHOLD_": str(32 * 2**20), "MALLOC_TRIM_THRESHOLD_": str(64 * 2**20)}


class PhotoLab:
    """``workers`` processes, started when first needed. A photo that takes longer than ``patience`` seconds is refused.

    Memory: a worker takes 30 MB before its first photo, 70 to 90 MB at rest after it, and 0.3 GB at most while it
    works; one of them at a time, with a picture of more than 16 megapixels, up to 0.9 GB. Waiting photos cost what
    their senders hold anyway.
    """

    def __init__(self, workers: int = 2, patience: float = 20.0) -> None:
        self._patience = patience
        self._threads = ThreadPoolExecutor(workers, thread_name_prefix="photo-lab")
        self._idle: queue.LifoQueue[_Worker] = queue.LifoQueue()
        self._heavy = tempfile.TemporaryFile()  # noqa: SIM115 - the workers lock it; closed in close()
        self._decoder: msgspec.msgpack.Decoder[Reply] = msgspec.msgpack.Decoder(Reply)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def prepare(self, data: bytes, name: str = "1") -> PreparedPhoto:
        """``name`` is what the sender knows the photo by, for the message: the file's name or its place in the row.

        Raises Invalid (``photos.…``, with ``name`` among the parameters) and Unavailable when no worker can start.
        """
        try:
            sniff(data)  # most of what is no photo need not travel to find out
        except Invalid as error:
            raise Invalid(error.key, name=name, **error.problems[0].params) from None
        reply = await self._answer(PHOTO, data)
        if isinstance(reply, Refusal):
            raise Invalid(reply.key, name=name, **reply.params)
        assert isinstance(reply, Done)
        return reply.prepared

    async def redact(self, data: bytes, boxes: tuple[Box, ...]) -> PreparedPhoto:
        """The photo (as it was uploaded) with the boxes burnt in: a photo of its own, whose original is as blind as its
        copies. Raises Invalid and Unavailable."""
        reply = await self._answer(REDACT, msgspec.msgpack.encode(Redaction(data, boxes)))
        if isinstance(reply, Refusal):
            raise Invalid(reply.key, **{"name": "1", **reply.params})
        assert isinstance(reply, Done)
        return reply.prepared

    async def side_by_side(self, before: bytes, after: bytes, lang: Lang) -> bytes:
        """Two public copies as one JPEG (``app.photos.pair``). Raises Invalid and Unavailable."""
        reply = await self._answer(PAIR, msgspec.msgpack.encode(Pair(before, after, lang)))
        if isinstance(reply, Refusal):
            raise Invalid(reply.key, **reply.params)
        assert isinstance(reply, Paired)
        return reply.data

    async def card(self, card: Card) -> bytes:
        """A published report's card as PNG (``app.photos.card``). Raises Invalid and Unavailable."""
        reply = await self._answer(CARD, msgspec.msgpack.encode(card))
        if isinstance(reply, Refusal):
            raise Invalid(reply.key, **reply.params)
        assert isinstance(reply, Drawn)
        return reply.data

    async def _answer(self, kind: bytes, data: bytes) -> Reply:
        return await asyncio.get_running_loop().run_in_executor(self._threads, self._work, kind, data)

    def pids(self) -> list[int]:
        """The processes that wait for work."""
        return [worker.process.pid for worker in list(self._idle.queue)]

    async def close(self) -> None:
        """Finish what was taken, then end the workers."""
        await asyncio.to_thread(self._close)

    def _close(self) -> None:
        self._threads.shutdown()
        while not self._idle.empty():
            self._idle.get_nowait().end()
        self._heavy.close()

    def _work(self, kind: bytes, data: bytes) -> Reply:
        for _ in range(_TRIES):
            worker = self._take()
            try:
                reply = self._decoder.decode(worker.ask(kind, data))
            except TimeoutError:
                worker.kill()
                _log.warning("photo_refused", reason="took too long", bytes=len(data))
                break
            except (OSError, EOFError):
                worker.kill()
                _log.warning("photo_worker_died", exit=worker.process.returncode, bytes=len(data))
            except BaseException:
                worker.kill()
                raise
            else:
                self._idle.put(worker)
                return reply
        return Refusal("photos.unreadable", {})

    def _take(self) -> "_Worker":
        try:
            return self._idle.get_nowait()
        except queue.Empty:
            pass
        try:
            return _Worker(self._heavy.fileno(), self._patience)
        except (OSError, EOFError) as error:
            _log.error("photo_worker_not_started", error=str(error))
            raise Unavailable("photos.unavailable") from error


class _Worker:
    """One process and our end of the socket to it."""

    def __init__(self, heavy: int, patience: float) -> None:
        self._socket, theirs = socket.socketpair()
        self._socket.settimeout(_START_SECONDS)
        with theirs:
            # Strangers' bytes are decoded there: the process gets none of our environment, where the secrets are.
            self.process = subprocess.Popen(
                [sys.executable, "-m", "app.photos.worker", str(heavy)],
                stdin=theirs.fileno(),
                stdout=subprocess.DEVNULL,
                cwd=_ROOT,
                env=_KEEP_MEMORY | {n: os.environ[n] for n in ("PATH", "LD_LIBRARY_PATH") if n in os.environ},
                pass_fds=(heavy,),
            )
        try:
            self._receive(len(READY))
            self._socket.settimeout(patience)
        except BaseException:
            self.kill()
            raise

    def ask(self, kind: bytes, data: bytes) -> bytearray:
        """Raises TimeoutError, or OSError or EOFError when the process has ended."""
        self._socket.sendall(kind + len(data).to_bytes(8, "big"))
        self._socket.sendall(data)
        return self._receive(int.from_bytes(self._receive(8), "big"))

    def end(self) -> None:
        self._socket.close()
        try:
            self.process.wait(_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self.kill()

    def kill(self) -> None:
        self._socket.close()
        self.process.kill()
        self.process.wait()

    def _receive(self, count: int) -> bytearray:
        buffer = bytearray(count)
        view, at = memoryview(buffer), 0
        while at < count:
            received = self._socket.recv_into(view[at:])
            if not received:
                raise EOFError("the worker process ended")
            at += received
        return buffer
