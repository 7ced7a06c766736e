"""One reader for any number of screens: it reads what is new, and every screen is sent what has changed for it."""

import asyncio
import time
from collections.abc import AsyncGenerator, AsyncIterator
from datetime import UTC, datetime
from typing import Any

import asyncpg
import msgspec
import structlog
from msgspec import Struct

from app.db import Conn
from app.errors import Unavailable
from app.i18n import Lang
from app.screens import board, links
from app.screens.board import Board
from app.stats import service as stats
from app.wall.scenes import Scenes
from app.wiring import Parts

log = structlog.get_logger(__name__)

_EVERY = 2.0
_QUICK, _SLOW = 20.0, 60.0
"""Seconds after which figures are read even though nothing has happened (deadlines pass), and after which those are
that need not be quick."""
_BEAT = 5.0
SCREENS_MOST = 200
_AWAY = (OSError, asyncpg.PostgresError, asyncpg.InterfaceError, TimeoutError)


class Message(Struct, frozen=True):
    """What a screen is sent: ``event`` is the part that changed, ``beat``, or ``gone``."""

    event: str
    data: str


class _Screen(Struct, eq=False):
    """A screen that is connected. ``sent``: what it shows of each part."""

    link: bytes
    lang: Lang
    sent: dict[str, str]
    woken: asyncio.Event


class Hub:
    """``scenes``: makes what is sent."""

    def __init__(self, parts: Parts, scenes: Scenes) -> None:
        self._parts = parts
        self.scenes = scenes
        self._screens: set[_Screen] = set()
        self._reader: asyncio.Task[None] | None = None
        self._lock = asyncio.Lock()
        self._board: Board | None = None
        self._seen: object = None
        self._read_at = datetime.fromtimestamp(0, UTC)
        self._looked = self._quick = self._slow = -3600.0
        self._open: set[bytes] = set()
        self._closed = False

    async def parts_of(self, lang: Lang) -> dict[str, str]:
        """Every part of the wall as it is now. Raises what the database raises when there is nothing to show yet."""
        if self._board is None or time.monotonic() - self._looked > _QUICK:
            await self._look()
        assert self._board is not None
        return await self.scenes.parts(self._board, lang)

    def check_room(self) -> None:
        """Raises Unavailable when there are too many screens, or the server is about to stop."""
        if len(self._screens) >= SCREENS_MOST or self._closed:
            raise Unavailable("wall.full")

    async def messages(self, link: bytes, lang: Lang) -> AsyncGenerator[Message, None]:
        """What a screen is sent for as long as it stays."""
        screen = _Screen(link, lang, {}, asyncio.Event())
        self._open.add(link)  # it was checked a moment ago
        self._screens.add(screen)
        if self._reader is None or self._reader.done():
            self._reader = asyncio.create_task(self._read())
        try:
            async for message in self._changes(screen):
                yield message
        finally:
            self._screens.discard(screen)

    async def _changes(self, screen: _Screen) -> AsyncIterator[Message]:
        beat_at = 0.0
        while not self._closed:
            if screen.link not in self._open:
                yield Message("gone", "")
                return
            parts = await self.scenes.parts(self._board, screen.lang) if self._board else {}
            for name, words in parts.items():
                if screen.sent.get(name) != words:
                    screen.sent[name] = words
                    yield Message(name, words)
            if time.monotonic() >= beat_at:
                beat_at = time.monotonic() + _BEAT
                yield Message("beat", self._beat())
            await screen.woken.wait()
            screen.woken.clear()

    def _beat(self) -> str:
        """Milliseconds of now and of what the figures know; which version of the page belongs to it."""
        said: dict[str, Any] = {
            "now": round(time.time() * 1000),
            "read": round(self._read_at.timestamp() * 1000),
            "page": self.scenes.version,
        }
        return msgspec.json.encode(said).decode()

    def close(self) -> None:
        """The server is about to stop: screens connect again by themselves, to the next one."""
        self._closed = True
        self._wake()

    def _wake(self) -> None:
        for screen in self._screens:
            screen.woken.set()

    # ------------------------------------------------------------ reading

    async def _read(self) -> None:
        while self._screens and not self._closed:
            try:
                await self._look()
            except _AWAY as error:
                # What was read last stays on the screens; how old it is is said there.
                log.warning("wall not refreshed", error=type(error).__name__)
            self._wake()
            await asyncio.sleep(_EVERY)

    async def _look(self) -> None:
        async with self._lock, self._parts.pool.acquire() as conn:
            if self._screens:
                self._open = await links.still_open(conn, {screen.link for screen in self._screens})
            seen, self._read_at = await stats.read_to(conn)
            at = self._looked = time.monotonic()
            is_slow = self._board is None or at - self._slow >= _SLOW
            if seen != self._seen or is_slow or at - self._quick >= _QUICK:
                self._board = await self._made(conn, datetime.now(UTC), whole=is_slow)
                self._seen, self._quick = seen, at
                self._slow = at if is_slow else self._slow

    async def _made(self, conn: Conn, now: datetime, *, whole: bool) -> Board:
        today, read_at = await board.today(conn, now)
        pins = await board.pins(conn, now)
        if not whole and self._board is not None:
            return msgspec.structs.replace(self._board, made_at=now, read_at=read_at, today=today, pins=pins)
        late, shown, days = await board.late(conn, now), await board.shown(conn, now), await board.days(conn, now)
        return Board(now, read_at, today, pins, late, shown, days)
