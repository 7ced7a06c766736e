"""The bot in a group: an agency's own, linked by its lead, or any other, which is declined once and then left alone."""

from app.accounts import chats
from app.accounts import service as accounts
from app.accounts.chats import Officer
from app.db import transaction
from app.errors import AppError
from app.i18n import t
from app.notify import staff
from bot.conversation.channel import Heard
from bot.conversation.fulfilment import Parts
from bot.conversation.model import Incoming, Reply
from bot.officers import store
from bot.officers.acts import why_not
from bot.officers.model import SILENCE, Answer


async def changed(parts: Parts, channel: str, chat_id: str, heard: Heard) -> Answer:
    """The bot was removed, or the group has another number."""
    if heard.moved_to:
        async with transaction(parts.pool) as conn:
            await chats.move_group(conn, channel, chat_id, heard.moved_to)
            await staff.move(conn, channel, chat_id, heard.moved_to)
            await store.move(conn, channel, chat_id, heard.moved_to)
    elif heard.left:
        await chats.leave_group(parts.pool, channel, chat_id)
    return SILENCE


async def decline(parts: Parts, channel: str, chat_id: str, heard: Heard) -> Answer:
    """A group that is nobody's: one polite line when we meet, then silence."""
    said = heard.incoming
    async with parts.pool.acquire() as conn:
        new = await chats.meet_group(conn, channel, chat_id, said.group if said else "")
    return _say(t("bot.group", heard.person.lang)) if new else SILENCE


async def link(parts: Parts, channel: str, chat_id: str, said: Incoming, who: Officer) -> Answer:
    try:
        agency_id = await chats.link_group(parts.pool, who, channel, chat_id, said.group)
    except AppError as error:
        return _say(why_not(error, who.lang), said.number)
    async with parts.pool.acquire() as conn:
        name = (await accounts.agency_names(conn, [who.staff.agency_id], who.lang))[who.staff.agency_id]
    key = "officers.group_linked" if agency_id else "officers.group_linked_already"
    return _say(t(key, who.lang, agency=name, name=who.staff.full_name))


async def unlink(parts: Parts, channel: str, chat_id: str, said: Incoming, who: Officer) -> Answer:
    try:
        done = await chats.unlink_group(parts.pool, who.actor, channel, chat_id)
    except AppError as error:
        return _say(why_not(error, who.lang), said.number)
    return _say(t("officers.group_unlinked" if done else "officers.group_not_linked", who.lang))


def _say(text: str, answers: int = 0) -> Answer:
    return Answer(replies=(Reply(text=text, answers=answers),))
