"""Serves one bot: what lies in the inbox is answered in order in each chat, in many chats at once, exactly once each.

One process at a time does the answering, the one that holds the bot's advisory lock; others may take updates in and
stand by. So a row that is 'sending' when the lock is won belongs to a process that died, and no chat needs a lock of
its own. (Telegram takes 30 messages a second from a bot; one process answers several times as many.)
"""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Any

import asyncpg
import structlog

from app.db import Conn
from app.errors import Unavailable
from app.notify.model import TryLater
from bot.conversation import store, store_inbox
from bot.conversation.channel import Channel, Update
from bot.conversation.fulfilment import Parts
from bot.conversation.outbox import Outbox
from bot.conversation.pin import pinned
from bot.conversation.service import Desk, Handled
from bot.conversation.store import Queued

log = structlog.get_logger()

SETTLE_SECONDS = 1.0
"""An album has no end mark: it is complete when nothing more has come for so long."""
_TRIES, _PATIENT_TRIES = (0.2, 1.0), (0.2, 1.0, 3.0, 6.0)
"""Seconds between the tries of an update that fails, and of one whose photo or store does not answer just now. After
the last one the update is parked and the citizen told."""
_SWEEP_SECONDS = 60.0
_STANDBY_SECONDS = 1.0
_PRESSES_AT_ONCE = 50

NO_DATABASE = (OSError, asyncpg.PostgresError, asyncpg.InterfaceError)


class LockLost(Exception):
    """The connection that held the bot's lock is gone; another process may have taken over."""


class _Lane:
    """One chat's work: updates still to answer (None: an album to settle) and replies still to send."""

    def __init__(self) -> None:
        self.updates: deque[Update | None] = deque()
        self.replies: deque[Queued] = deque()
        self.task: asyncio.Task[None] | None = None
        self.timer: asyncio.TimerHandle | None = None


class Runner:
    """``serve`` runs until ``stop``; ``take`` is called by whoever receives updates, in this process."""

    def __init__(self, parts: Parts, channel: Channel) -> None:
        self._pool = parts.pool
        self._channel = channel
        self._desk = Desk(parts, channel)
        self._outbox = Outbox(parts.pool, channel, self._pause)
        self._lanes: dict[str, _Lane] = {}
        self._in_hand: set[int] = set()
        self._stopping = asyncio.Event()
        self._woken = asyncio.Event()
        self._lost = False
        self.leading = asyncio.Event()
        """Set while this process is the one that answers."""
        self._presses: set[asyncio.Task[None]] = set()

    # ------------------------------------------------------------ taking in

    async def take(self, updates: Sequence[Update]) -> None:
        """Keep updates in the inbox; when this returns, they are safe and may be acknowledged.

        They are worked off here when this process leads, else the leading one is told. Raises what the database raises.
        """
        async with self._pool.acquire() as conn:
            fresh = await store_inbox.receive(conn, self._channel.bot, updates)
            if fresh and not self.leading.is_set():
                await store.wake(conn)
        if self.leading.is_set():
            for update in fresh:
                self._put(update)

    async def keep(self, updates: Sequence[Update]) -> None:
        """``take``, however long the database takes to come back: for whoever fetches updates, before acknowledging."""
        while updates:
            try:
                await self.take(updates)
            except NO_DATABASE as error:
                log.warning("the database does not answer", error=type(error).__name__)
                await asyncio.sleep(_STANDBY_SECONDS)
            else:
                return

    def _put(self, update: Update) -> None:
        if update.update_id in self._in_hand or self._stopping.is_set():
            return
        self._in_hand.add(update.update_id)
        lane = self._lanes.setdefault(update.chat_id, _Lane())
        lane.updates.append(update)
        self._start(update.chat_id, lane)

    def _start(self, chat_id: str, lane: _Lane) -> None:
        if lane.task is None:
            lane.task = asyncio.create_task(self._work(chat_id, lane), name=f"chat {chat_id}")

    # ------------------------------------------------------------ leading

    async def serve(self) -> None:
        """Lead whenever the lock can be had, until stopped; what was begun is finished first."""
        while not self._stopping.is_set():
            try:
                async with self._leadership() as conn:
                    await self._lead(conn)
            except (LockLost, *NO_DATABASE) as error:
                log.warning("the bot lost its database connection", error=type(error).__name__)
                await self._drop_everything()
                await self._pause(_STANDBY_SECONDS)
        if self._presses:
            await asyncio.wait(self._presses, timeout=5)

    def stop(self) -> None:
        """Take nothing more on; ``serve`` returns once the work in hand is done."""
        self._stopping.set()
        self._woken.set()

    @asynccontextmanager
    async def _leadership(self) -> AsyncIterator[Conn]:
        """The lock, held by a connection of its own: should the process die, the lock is free."""
        async with self._pool.acquire() as conn:
            await self._win(conn)
            self._lost = False

            def lost(_: Any) -> None:
                self._lost = True
                self._woken.set()

            def woken(*_: Any) -> None:
                self._woken.set()

            conn.add_termination_listener(lost)
            await conn.add_listener(store.WAKE, woken)
            try:
                yield conn
            finally:
                self.leading.clear()
                if not conn.is_closed():
                    conn.remove_termination_listener(lost)
                    await conn.remove_listener(store.WAKE, woken)
                    await conn.execute("SELECT pg_advisory_unlock_all()")

    async def _win(self, conn: Conn) -> None:
        key = f"phananh bot {self._channel.bot}"
        told = False
        while not await conn.fetchval("SELECT pg_try_advisory_lock(hashtextextended($1, 0))", key):
            if not told:
                log.info("another process serves this bot; standing by", bot=self._channel.bot)
                told = True
            if not await self._pause(_STANDBY_SECONDS):
                return

    async def _lead(self, conn: Conn) -> None:
        if self._stopping.is_set():
            return
        if unknown := await store.interrupted(conn, self._channel.name):
            log.warning("replies whose fate is unknown are not sent again", replies=unknown)
        # What lies there already comes before what comes in from now on.
        await self._take_up(conn)
        self.leading.set()
        self._woken.set()
        log.info("serving chats", bot=self._channel.bot)
        while not self._stopping.is_set():
            if self._woken.is_set():
                self._woken.clear()
                await self._take_up(conn)
            try:
                await asyncio.wait_for(self._woken.wait(), _SWEEP_SECONDS)
            except TimeoutError:
                # Nothing should be left lying; should it be, it is found here.
                self._woken.set()
            if self._lost:
                raise LockLost
        await self._finish()

    async def _take_up(self, conn: Conn) -> None:
        """Whatever another process, or an earlier life of this one, has left in the inbox or outbox."""
        for update in await store_inbox.unprocessed(conn, self._channel.bot):
            self._put(update)
        known = {queued.message_id for lane in self._lanes.values() for queued in lane.replies}
        for chat_id, queued in await store.unsent(conn, self._channel.name):
            if queued.message_id not in known:
                self._lanes.setdefault(chat_id, _Lane()).replies.append(queued)
        for chat_id in await store.settling(conn, self._channel.name):
            lane = self._lanes.setdefault(chat_id, _Lane())
            if lane.task is None and lane.timer is None:
                self._settle_later(chat_id, lane)
        for chat_id, lane in self._lanes.items():
            if lane.updates or lane.replies:
                self._start(chat_id, lane)

    async def _finish(self) -> None:
        for lane in self._lanes.values():
            if lane.timer is not None:
                lane.timer.cancel()
        if tasks := [lane.task for lane in self._lanes.values() if lane.task is not None]:
            await asyncio.wait(tasks)

    async def _drop_everything(self) -> None:
        """Not ours any more: whoever leads next finds it all in the database."""
        for lane in self._lanes.values():
            if lane.task is not None:
                lane.task.cancel()
        await self._finish()
        self._lanes.clear()
        self._in_hand.clear()

    # ------------------------------------------------------------ one chat

    async def _work(self, chat_id: str, lane: _Lane) -> None:
        """One update after the other; each one's replies go out before the next is begun."""
        try:
            while True:
                await self._send(chat_id, lane)
                if not lane.updates or self._stopping.is_set():
                    break
                update = lane.updates.popleft()
                handled = await self._answer(chat_id, update)
                lane.replies.extend(handled.replies)
                if handled.settling:
                    self._settle_later(chat_id, lane)
                if update is not None:
                    self._in_hand.discard(update.update_id)
        finally:
            lane.task = None
            if lane.timer is None and not lane.updates and not lane.replies:
                self._lanes.pop(chat_id, None)

    async def _send(self, chat_id: str, lane: _Lane) -> None:
        while lane.replies:
            try:
                await self._outbox.send(chat_id, lane.replies)
            except NO_DATABASE as error:
                log.warning("the database does not answer", error=type(error).__name__)
                await self._pause(_STANDBY_SECONDS)
            if self._stopping.is_set():
                return

    def _settle_later(self, chat_id: str, lane: _Lane) -> None:
        def settle() -> None:
            lane.timer = None
            lane.updates.append(None)
            self._start(chat_id, lane)

        if lane.timer is not None:
            lane.timer.cancel()
        if not self._stopping.is_set():
            lane.timer = asyncio.get_running_loop().call_later(SETTLE_SECONDS, settle)

    async def _answer(self, chat_id: str, update: Update | None) -> Handled:
        """Try until it works, or park it. While the database is away no try counts: it is not the update's fault."""
        if update is None:
            return await self._try(lambda: self._desk.settle(chat_id), None)
        try:
            heard = pinned(update, self._channel.bot) or self._channel.read(update.content)
        except Exception as error:
            # It will not become readable by trying again.
            log.exception("an update cannot be read", update_id=update.update_id)
            why = type(error).__name__
            return await self._try(lambda: self._desk.park(update, why), update)
        if heard is not None and heard.press_id and not heard.is_staff_press:
            self._acknowledge(heard.press_id)
        handled = await self._try(lambda: self._desk.handle(update, heard), update)
        if heard is not None and heard.is_staff_press:
            self._acknowledge(heard.press_id, handled.notice, alert=handled.alert)
        return handled

    async def _try(self, work: Callable[[], Awaitable[Handled]], update: Update | None) -> Handled:
        tried, parking = 0, False
        while True:
            try:
                return await work()
            except Exception as error:
                # Whatever it was, it must neither end this chat's work nor be lost from sight.
                log.exception("an update failed", update_id=update.update_id if update else None)
                why = type(error).__name__
                waits = _PATIENT_TRIES if isinstance(error, TryLater | Unavailable) else _TRIES
                counted = await self._note(update, why)
            tried += counted
            if tried <= len(waits) or parking or not counted:
                if not await self._pause(waits[min(tried, len(waits)) - 1]):
                    return Handled([])
            elif update is None:
                # The draft still says that an album arrived: the next message or sweep answers it.
                return Handled([])
            else:
                parking, work = True, self._parking(update, why)

    def _parking(self, update: Update, why: str) -> Callable[[], Awaitable[Handled]]:
        return lambda: self._desk.park(update, why)

    async def _note(self, update: Update | None, why: str) -> bool:
        """Keep that a try failed; only what kind of error, not what the citizen wrote. False: the database is away."""
        try:
            async with self._pool.acquire() as conn:
                await store_inbox.failed_try(conn, self._channel.bot, update.update_id if update else None, why)
        except NO_DATABASE:
            return False
        return True

    def _acknowledge(self, press_id: str, text: str = "", *, alert: bool = False) -> None:
        """Beside the answer, not before it; with a crowd at the buttons some clocks may tick on."""
        if len(self._presses) < _PRESSES_AT_ONCE:
            task = asyncio.create_task(self._channel.acknowledge(press_id, text, alert=alert))
            self._presses.add(task)
            task.add_done_callback(self._presses.discard)

    async def _pause(self, seconds: float) -> bool:
        """Wait so long, or until we are told to stop: then False."""
        try:
            await asyncio.wait_for(self._stopping.wait(), seconds)
        except TimeoutError:
            return True
        return False
