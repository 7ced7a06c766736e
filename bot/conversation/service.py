"""From one update to its replies: read the draft, fetch photos, hold the dialogue, fulfil its wishes, write it down.

Reading costs one statement and writing one; what a wish needs comes on top and happens before the writing.
"""

import time
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import msgspec
from msgspec import Struct

from app.accounts import citizens
from app.db import Pool, transaction
from app.errors import Invalid, Problem
from app.i18n import DEFAULT, LANGS, Lang, t
from app.notify.manners import ZONE
from app.notify.model import Refused
from app.photos.model import MAX_BYTES
from app.photos.service import store_photo
from app.pins import map_link
from app.reports.model import CONSENT_VERSION
from bot.conversation import store
from bot.conversation.channel import Channel, Heard, Update
from bot.conversation.dialogue import converse
from bot.conversation.draft import Draft
from bot.conversation.filling import photo_use
from bot.conversation.fulfilment import Fulfilment, Parts
from bot.conversation.model import Choice, Incoming, Photo, Reply
from bot.conversation.store import Chat, Queued, Result
from bot.conversation.turn import Knowledge, Outcome
from bot.officers import store as staff_drafts
from bot.officers.desk import OfficersDesk
from bot.officers.model import Answer

REMIND_AFTER = timedelta(hours=3)
EXPIRE_AFTER = timedelta(hours=24)
_TIME_TO_ANSWER = timedelta(hours=2)
_AWAKE = range(7, 21)
"""Hours of the day, Vietnam's time, in which people are reminded."""
_MESSAGES_KEPT = timedelta(days=30)


class Handled(Struct, frozen=True):
    """``settling``: an album is arriving, and the answer is due once nothing more comes. ``notice``: for the eyes of
    whoever pressed a button, where it does not only say that the press has arrived."""

    replies: list[Queued]
    settling: bool = False
    notice: str = ""
    alert: bool = False


class Desk:
    """Answers the updates of one bot. Two updates of one chat must not be at it at the same time."""

    def __init__(self, parts: Parts, channel: Channel) -> None:
        self._parts = parts
        self._channel = channel
        self._officers = OfficersDesk(parts, channel, lambda incoming: self._with_photos(Draft(), incoming))

    async def handle(self, update: Update, heard: Heard | None) -> Handled:
        """Work one update off. Raises whatever went wrong; nothing was written then, and it may be tried again."""
        if heard is None:
            return await self._save(update.chat_id, update.update_id)
        if (answer := await self._officers.answer(update.chat_id, heard)) is not None:
            return await self._save_officers(update.chat_id, update.update_id, answer)
        if heard.incoming is None:
            await self._came_or_left(heard)
            return await self._save(update.chat_id, update.update_id)
        if heard.draft_id is not None and heard.draft_id != await self._draft_id(update.chat_id):
            late = Reply(text=t("bot.map_late", heard.person.lang))
            return await self._save(update.chat_id, update.update_id, replies=(late,))
        chat = await self._chat(update.chat_id, heard)
        if self._channel.offers:
            chat = await self._with_offer(update.chat_id, chat)
        return await self._converse(update.chat_id, update.update_id, chat, heard.incoming)

    async def settle(self, chat_id: str) -> Handled:
        """Nothing more has come of an album: answer it."""
        if (answer := await self._officers.settle(chat_id)) is not None:
            return await self._save_officers(chat_id, None, answer)
        async with self._parts.pool.acquire() as conn:
            chat = await store.chat(conn, self._channel.name, chat_id)
        if chat is None or not chat.draft.settling:
            return Handled([])
        key = f"{self._channel.name}:{chat_id}:{max((p.position for p in chat.draft.photos), default=0)}"
        return await self._converse(chat_id, None, chat, Incoming(key=key, settled=True))

    async def park(self, update: Update, error: str) -> Handled:
        """Give an update up after several tries: keep why, and say sorry."""
        async with self._parts.pool.acquire() as conn:
            chat = await store.chat(conn, self._channel.name, update.chat_id)
        lang = chat.lang if chat else DEFAULT
        sorry = Reply(text=t("bot.sorry", lang), lang=lang)
        return await self._save(update.chat_id, update.update_id, replies=(sorry,), error=error)

    async def _came_or_left(self, heard: Heard) -> None:
        person = heard.person
        async with transaction(self._parts.pool) as conn:
            await citizens.citizen(conn, self._channel.name, person.user_id, person.name, person.lang)
            if heard.left:
                await citizens.unreachable(conn, self._channel.name, person.user_id, heard.left)

    async def _chat(self, chat_id: str, heard: Heard) -> Chat:
        async with self._parts.pool.acquire() as conn:
            chat = await store.chat(conn, self._channel.name, chat_id)
            if chat is not None:
                return chat
            person = heard.person
            known = await citizens.citizen(conn, self._channel.name, person.user_id, person.name, person.lang)
        return Chat(known.citizen_id, known.lang, known.consent_version)

    async def _with_offer(self, chat_id: str, chat: Chat) -> Chat:
        """A number typed now answers what a notification has offered since the person's last message."""
        async with self._parts.pool.acquire() as conn:
            offered = await store.offered(conn, self._channel.name, chat_id)
        if not offered:
            return chat
        return msgspec.structs.replace(chat, draft=msgspec.structs.replace(chat.draft, choices=offered))

    async def _draft_id(self, chat_id: str) -> UUID | None:
        async with self._parts.pool.acquire() as conn:
            chat = await store.chat(conn, self._channel.name, chat_id)
        return chat.draft_id if chat else None

    def _knowledge(self, chat: Chat | None, lang: Lang) -> Knowledge:
        return Knowledge(
            rules=self._parts.rules,
            gazetteer=self._parts.gazetteer,
            lang=lang,
            consented=chat is not None and chat.consent_version == CONSENT_VERSION,
            now=datetime.now(UTC),
            idle=chat.idle if chat else timedelta(0),
        )

    async def _converse(self, chat_id: str, update_id: int | None, chat: Chat, incoming: Incoming) -> Handled:
        if incoming.files:
            incoming = await self._with_photos(chat.draft, incoming)
        know = self._knowledge(chat, chat.lang)
        fulfil = Fulfilment(self._parts, self._channel, chat, know, chat_id)
        talk = converse(chat.draft, incoming, know)
        try:
            wish = next(talk)
            while True:
                wish = talk.send(await fulfil(wish))
        except StopIteration as done:
            outcome: Outcome = done.value
        return await self._save(
            chat_id,
            update_id,
            replies=[self._with_map(reply, chat_id, fulfil.draft_id) for reply in outcome.replies],
            citizen_id=fulfil.citizen_id,
            draft_id=fulfil.draft_id,
            # An untouched draft is written all the same: the person was here, and its time starts anew.
            draft=outcome.draft,
        )

    def _with_map(self, reply: Reply, chat_id: str, draft_id: UUID) -> Reply:
        """The reply with the address of our map page where it offers that page, or without the offer."""
        offer = reply.map_offer
        if offer is None:
            return reply
        url = map_link(
            self._parts.settings,
            bot=self._channel.bot,
            channel=self._channel.name,
            chat_id=chat_id,
            draft_id=draft_id,
            lang=reply.lang,
            now=time.time(),
        )
        return msgspec.structs.replace(reply, map_offer=msgspec.structs.replace(offer, url=url) if url else None)

    async def _save(self, chat_id: str, update_id: int | None, **values: Any) -> Handled:
        channel = self._channel
        result = Result(bot=channel.bot, channel=channel.name, chat_id=chat_id, update_id=update_id, **values)
        async with self._parts.pool.acquire() as conn:
            queued = await store.save(conn, result)
        settling = result.draft is not None and result.draft.settling
        return Handled(queued or [], settling and queued is not None)

    async def _save_officers(self, chat_id: str, update_id: int | None, answer: Answer) -> Handled:
        channel = self._channel
        result = Result(
            bot=channel.bot, channel=channel.name, chat_id=chat_id, update_id=update_id, replies=answer.replies
        )
        async with transaction(self._parts.pool) as conn:
            queued = await store.save(conn, result)
            if queued is not None:
                await staff_drafts.write(conn, channel.name, chat_id, answer.drafts)
        return Handled(queued or [], answer.settling and queued is not None, answer.notice, answer.alert)

    async def _with_photos(self, draft: Draft, incoming: Incoming) -> Incoming:
        """The message with its pictures stored, or with why they are not. One bad picture never costs another."""
        photos: list[Photo] = []
        refused: list[Problem] = []
        left = ""
        for file in incoming.files:
            if use := photo_use(draft, file):
                left = use
                continue
            name = file.name or str(len(draft.photos) + len(photos) + 1)
            try:
                if file.size is not None and file.size > MAX_BYTES:
                    size = f"{file.size / 2**20:.1f}"
                    raise Invalid("photos.too_large", name=name, size=size, limit=MAX_BYTES // 2**20)
                data = await self._channel.fetch(file)
                parts = self._parts
                stored = await store_photo(parts.pool, parts.objects, parts.lab, data, name)
                photos.append(Photo(incoming.number, file.same, stored))
            except Invalid as error:
                refused += error.problems
            except Refused:
                refused.append(Problem("bot.photo_lost", {"name": name}))
        found = {"photos": tuple(photos), "refused": (*incoming.refused, *refused), "photo_left": left, "files": ()}
        return msgspec.structs.replace(incoming, **found)


async def expire_drafts(pool: Pool, at: datetime | None = None) -> None:
    """Remind once of unfinished reports; delete them 24 hours after the last message. The worker calls it often.

    ``at`` only decides whether it is a time of day to write to people.
    """
    hour = (at or datetime.now(UTC)).astimezone(ZONE).hour
    async with transaction(pool) as conn:
        if hour in _AWAKE and await store.remind(conn, {lang: _reminder(lang) for lang in LANGS}, REMIND_AFTER):
            await store.wake(conn)
        await store.expire(conn, EXPIRE_AFTER, _TIME_TO_ANSWER)


def _reminder(lang: Lang) -> Reply:
    rows = ((Choice(t("bot.go_on", lang), "d1|go"), Choice(t("bot.drop", lang), "d1|drop")),)
    return Reply(text=t("bot.reminder", lang), lang=lang, rows=rows)


async def forget_messages(pool: Pool) -> int:
    """Delete inbox and outbox rows that are done with and a month old: they hold what people wrote. For the worker."""
    async with pool.acquire() as conn:
        return await store.forget(conn, _MESSAGES_KEPT)
