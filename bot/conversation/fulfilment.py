"""Doing what the dialogue wishes for. After a crash a wish may be fulfilled once more, so each is safe to repeat: a
report by its draft's id, an act by the update's key.
"""

from datetime import UTC, datetime
from typing import Any, Protocol
from uuid import UUID

from uuid_utils.compat import uuid7

from app.accounts import citizens, data_requests, linking
from app.accounts import service as accounts
from app.accounts.model import Actor
from app.db import Pool, transaction
from app.errors import AppError, Conflict, Forbidden, Invalid
from app.i18n import Lang
from app.photos.lab import PhotoLab
from app.places.service import Gazetteer
from app.reports import devices, following, ownership, rights
from app.reports import service as reports
from app.reports.intake import file_report
from app.reports.limits import check_pace, check_spot
from app.reports.model import CONSENT_VERSION, Contact, NewReport, Place, Report, Status
from app.reports.publication import is_public, words_of
from app.reports.workflow import Act, acts_for
from app.routing.danger import is_danger
from app.routing.service import RuleSet
from app.settings import Settings
from app.watchwords.model import WordList
from bot.conversation import areas_kept, neighbours, store, wishes
from bot.conversation.channel import Channel
from bot.conversation.linking import join, part
from bot.conversation.store import Chat
from bot.conversation.turn import Knowledge
from bot.conversation.wishes import Wish
from storage.objects import ObjectStore

_WAITING_AMONG = 30


class Parts(Protocol):
    """What the bot works with (``app.wiring.Parts``). Rules and places may be replaced between two turns."""

    @property
    def settings(self) -> Settings: ...
    @property
    def pool(self) -> Pool: ...
    @property
    def objects(self) -> ObjectStore: ...
    @property
    def lab(self) -> PhotoLab: ...
    @property
    def gazetteer(self) -> Gazetteer: ...
    @property
    def rules(self) -> RuleSet: ...
    @property
    def words(self) -> WordList: ...


class Fulfilment:
    """Does what one turn of the dialogue wishes for, by the rules and places the turn was begun with.

    ``draft_id`` is the id the draft has afterwards.
    """

    def __init__(self, parts: Parts, channel: Channel, chat: Chat, know: Knowledge, chat_id: str = "") -> None:
        self._parts = parts
        self._channel = channel
        self._chat = chat
        self._know = know
        self._lang: Lang = chat.lang
        self.draft_id: UUID = chat.draft_id or uuid7()
        self.citizen_id: UUID = chat.citizen_id
        """Who the person is afterwards: another one once chats were linked or parted."""
        self._self = linking.Chat(channel.name, chat_id)

    async def __call__(self, wish: Wish) -> Any:
        try:
            return await self._fulfil(wish)
        except AppError as error:
            if error.status >= 500:
                raise
            return error

    async def _fulfil(self, wish: Wish) -> Any:
        pool, citizen_id = self._parts.pool, self._chat.citizen_id
        match wish:
            case wishes.FileReport():
                return await self._file(wish)
            case wishes.Waiting():
                mine = await reports.of_citizen(pool, citizen_id, _WAITING_AMONG)
                return [r.report for r in mine if r.mine and r.report.status is Status.AWAITING_INFO]
            case wishes.Mine():
                return await reports.of_citizen(pool, citizen_id, wish.most + 1, wish.skip)
            case wishes.Look():
                return await self._look(wish.code)
            case wishes.Do():
                return await self._do(wish)
            case wishes.Speak():
                self._lang = wish.lang
                async with pool.acquire() as conn:
                    await citizens.set_language(conn, citizen_id, wish.lang)
            case wishes.Erase():
                async with pool.acquire() as conn:
                    await data_requests.request_erasure(conn, citizen_id)
            case wishes.Near():
                return await neighbours.look(pool, self._know, citizen_id, wish.draft)
            case wishes.Join():
                return await self._join(wish)
            case wishes.Leave():
                return await following.unfollow(pool, await reports.find_whole(pool, wish.code), citizen_id)
            case wishes.RateFollowed():
                return await following.rate(pool, await reports.find_whole(pool, wish.code), citizen_id, wish.rating)
            case wishes.Mute():
                await self._mute(wish)
            case wishes.LinkCode() | wishes.LinkLook() | wishes.LinkJoin() | wishes.Unlink():
                return await self._link(wish)
            case wishes.WebLook() | wishes.WebTake() | wishes.WebLink():
                return await self._web(wish)
            case wishes.Areas():
                return await areas_kept.fulfil(pool, citizen_id, self._lang, wish)
            case wishes.MyData():
                return await rights.show(pool, citizen_id)
            case wishes.TurnAway():
                async with pool.acquire() as conn:
                    await store.turn_away(conn, wish.key, self._channel.name, wish.category)
        return None

    async def _join(self, wish: wishes.Join) -> wishes.Joined:
        joined = await neighbours.join(self._parts.pool, self._know, self._chat.citizen_id, self.draft_id, wish)
        report, voices, mine = joined
        if wish.draft is not None:
            # As after sending: the next report in this chat is another one.
            self.draft_id = uuid7()
        return wishes.Joined(report, await self._agency(report), voices, mine)

    async def _mute(self, wish: wishes.Mute) -> None:
        pool, citizen_id = self._parts.pool, self._chat.citizen_id
        if wish.code:
            await reports.mute(pool, await reports.find_whole(pool, wish.code), citizen_id, muted=wish.muted)
            return
        async with pool.acquire() as conn:
            await citizens.mute(conn, citizen_id, muted=wish.muted)

    async def _link(self, wish: Wish) -> Any:
        pool, key, chat = self._parts.pool, self._parts.settings.secret_key, self._self
        match wish:
            case wishes.LinkCode():
                async with pool.acquire() as conn:
                    return await linking.offer(conn, key, chat)
            case wishes.LinkLook():
                async with pool.acquire() as conn:
                    return await linking.look(conn, key, chat, wish.typed)
            case wishes.LinkJoin():
                done: Any = await join(pool, key, chat, wish.typed)
            case _:
                done = await part(pool, chat)
        async with pool.acquire() as conn:
            self.citizen_id = await citizens.of_chat(conn, chat.channel, chat.user_id) or self.citizen_id
        return done

    async def _web(self, wish: Wish) -> int | str:
        pool, settings, citizen_id = self._parts.pool, self._parts.settings, self._chat.citizen_id
        key, by = settings.secret_key, f"{self._self.channel}:{self._self.user_id}"
        if isinstance(wish, wishes.WebLook | wishes.WebTake):
            async with pool.acquire() as conn:
                await linking.check_tries(conn, self._self)
                try:
                    found = await devices.look(conn, key, wish.typed, by)
                except Invalid:
                    await linking.count_wrong(conn, self._self)
                    raise
            if isinstance(wish, wishes.WebLook):
                return len(found)
            async with transaction(pool) as conn:
                return await devices.give(conn, await devices.take(conn, key, wish.typed, by), citizen_id)
        async with pool.acquire() as conn:
            own = await devices.own(conn, citizen_id)
            return f"{settings.public_url}/mine/take?code={await devices.offer(conn, key, own)}" if own else ""

    async def _file(self, wish: wishes.FileReport) -> wishes.Sent:
        parts, draft = self._parts, wish.draft
        if self._chat.blocked:
            raise Forbidden("accounts.blocked", reason=self._chat.blocked, centre=self._know.centre())
        key = (self._channel.name, str(self.draft_id))
        async with parts.pool.acquire() as conn:
            await check_pace(conn, self._chat.citizen_id, key)
            if draft.spot and draft.category and not is_danger(draft.content.text):
                lat, lon = draft.spot.lat, draft.spot.lon
                if lat is not None and lon is not None:
                    await check_spot(conn, draft.category, (lat, lon), key)
        if wish.consents:
            async with parts.pool.acquire() as conn:
                await citizens.give_consent(conn, self._chat.citizen_id, CONSENT_VERSION, datetime.now(UTC))
        new = NewReport(
            text=draft.content.text,
            place=draft.spot.place() if draft.spot else Place(),
            channel=self._channel.name,
            lang=self._lang,
            consent=wish.consents or self._know.consented,
            category=draft.category,
            answers={question: answer for question, answer in draft.answers.items() if answer},
            photos=tuple(photo.photo for photo in draft.content.photos),
            sounds=draft.sounds,
            contact=Contact(phone=draft.phone),
            citizen_id=self._chat.citizen_id,
            key=key,
            forwarded=draft.forwarded,
        )
        know = self._know
        filed = await file_report(
            parts.pool, know.rules, know.gazetteer, parts.settings.secret_key, new, words=parts.words
        )
        # The next report in this chat is another one.
        self.draft_id = uuid7()
        return wishes.Sent(filed.report, await self._agency(filed.report))

    async def _look(self, code: str) -> wishes.Seen:
        report = await reports.find_whole(self._parts.pool, code)
        mine = await self._is_mine(report)
        async with self._parts.pool.acquire() as conn:
            case = await reports.case(conn, report)
            standing = await following.following(conn, report, self._chat.citizen_id)
        heard = ("public", "reporter") if mine else ("public",) if is_public(report) else ()
        said = [m for m in case.messages if m.visibility in heard and m.author_kind == "staff"]
        words = (said[-1].body if mine else words_of(said[-1], case.public, self._lang)) if said else ""
        acts = tuple(acts_for(Actor("citizen", self._chat.citizen_id), report)) if mine else ()
        async with self._parts.pool.acquire() as conn:
            muted = await ownership.muted(conn, self._chat.citizen_id, report.report_id)
            muted_all = await citizens.is_muted(conn, self._chat.citizen_id)
        return wishes.Seen(report, await self._agency(report), mine, acts, words, standing, muted, muted_all)

    async def _do(self, wish: wishes.Do) -> Report:
        pool, rules = self._parts.pool, self._know.rules
        report = await reports.find_whole(pool, wish.code)
        actor = await reports.reporter(pool, report, citizen_id=self._chat.citizen_id)
        if wish.act is Act.ADD_PHOTOS and await self._is_done(report, wish):
            return report
        try:
            return await reports.perform(pool, rules, actor, report, wish.act, wish.form)
        except Conflict:
            if await self._is_done(report, wish):
                return report
            raise

    async def _is_done(self, report: Report, wish: wishes.Do) -> bool:
        """Whether this is an update that comes again after a crash: what it wanted stands there already."""
        async with self._parts.pool.acquire() as conn:
            case = await reports.case(conn, report)
        if not wish.form.text:
            return {p.sha256 for p in wish.form.photos} <= {p.sha256 for p in case.pictures if p.stage == "info"}
        return any(message.client_key == wish.form.client_key for message in case.messages)

    async def _is_mine(self, report: Report) -> bool:
        try:
            await reports.reporter(self._parts.pool, report, citizen_id=self._chat.citizen_id)
        except Forbidden:
            return False
        return True

    async def _agency(self, report: Report) -> str:
        async with self._parts.pool.acquire() as conn:
            names = await accounts.agency_names(conn, [report.agency_id], self._lang)
        return names.get(report.agency_id, report.agency_id)
