"""Sending what the dialogue has said: each reply at most once, in order in each chat.

A reply is claimed right before the call. Crash before the claim: it is still queued and will be sent. Crash during the
call: nobody knows, so it becomes 'uncertain' and is not sent again.
"""

from collections import deque
from collections.abc import Awaitable, Callable

import structlog

from app.accounts import citizens
from app.db import Pool
from app.notify.model import Refused, SendFailed, TryLater, Uncertain, Unreachable
from bot.conversation import store
from bot.conversation.channel import Channel
from bot.conversation.store import Queued

log = structlog.get_logger()

_TRIES = 20
_BACKOFF_MOST = 60.0

Pause = Callable[[float], Awaitable[bool]]
"""Waits so many seconds. False: we are stopping, nothing more is to be begun."""


class Outbox:
    def __init__(self, pool: Pool, channel: Channel, pause: Pause) -> None:
        self._pool = pool
        self._channel = channel
        self._pause = pause

    async def send(self, chat_id: str, replies: deque[Queued]) -> None:
        """Send and take off ``replies`` one by one; what is left on return waits for the next process.

        Raises what the database raises; then too, nothing is sent twice.
        """
        tries = 0
        while replies:
            number = replies[0].message_id
            async with self._pool.acquire() as conn:
                claimed = await store.claim(conn, self._channel.name, chat_id, number)
            failure = await self._deliver(chat_id, replies[0]) if claimed else None
            again = isinstance(failure, TryLater) and tries < _TRIES
            if claimed:
                await self._settle(chat_id, number, failure, again=again)
            if isinstance(failure, TryLater) and again:
                tries += 1
                if not await self._pause(max(failure.seconds, min(2.0**tries / 4, _BACKOFF_MOST))):
                    return
                continue
            tries = 0
            replies.popleft()
            if isinstance(failure, Unreachable):
                replies.clear()

    async def _deliver(self, chat_id: str, queued: Queued) -> SendFailed | None:
        try:
            await self._channel.deliver(chat_id, queued.reply)
        except SendFailed as failure:
            return failure
        except Exception as error:
            # A reply that cannot even be put into the channel's form must not keep the others back.
            log.exception("a reply cannot be sent", message_id=queued.message_id)
            return Refused(type(error).__name__)
        return None

    async def _settle(self, chat_id: str, number: int, failure: SendFailed | None, *, again: bool) -> None:
        name = self._channel.name
        async with self._pool.acquire() as conn:
            match failure:
                case None:
                    await store.settle(conn, name, chat_id, number, "sent")
                    return
                case Uncertain():
                    await store.settle(conn, name, chat_id, number, "uncertain", failure.reason)
                case TryLater() if again:
                    await store.settle(conn, name, chat_id, number, "queued", failure.reason)
                case Unreachable():
                    await store.settle(conn, name, chat_id, number, "failed", failure.reason)
                    await store.give_up(conn, name, chat_id, failure.reason)
                    # In a private chat, the only kind with a person behind it, chat and person have one number.
                    await citizens.unreachable(conn, name, chat_id, failure.reason)
                case _:
                    await store.settle(conn, name, chat_id, number, "failed", failure.reason)
        log.warning("a reply was not delivered", kind=type(failure).__name__, reason=failure.reason, again=again)
