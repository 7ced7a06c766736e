"""Joining two chats of one person and parting them again: each is one transaction over everything they own.

Both chats hear of it: the one that acts by the dialogue's answer, the other by a message in the outbox.
"""

from app.accounts import linking
from app.accounts.linking import Chat, Link
from app.db import Conn, Pool, transaction
from app.errors import Conflict
from app.i18n import Lang, t
from app.reports import ownership
from bot.conversation import store
from bot.conversation.model import Reply


async def join(pool: Pool, secret_key: bytes, chat: Chat, typed: str) -> Chat:
    """Make ``chat`` the person of the chat that showed the code, and give that chat. Repeating it changes nothing."""
    async with pool.acquire() as conn:
        other = await linking.look(conn, secret_key, chat, typed)
    async with transaction(pool) as conn:
        # Looked at again under its lock: of two that type the same code at once, one is too late.
        other = await linking.look(conn, secret_key, chat, typed)
        mine, theirs = await linking.persons(conn, chat, other)
        if mine != theirs:
            reports, follows = await ownership.hand_over(conn, mine, theirs)
            link = Link(chat, mine, theirs, tuple(reports), tuple(follows))
            await linking.join(conn, secret_key, typed, link)
            await store.give_draft(conn, chat.channel, chat.user_id, theirs)
            await _tell(conn, other, "linked_there", await linking.known(conn, chat))
    return other


async def part(pool: Pool, chat: Chat) -> list[Chat]:
    """Take this chat from the person's others; gives those. Raises Conflict when there are none."""
    async with transaction(pool) as conn:
        links = await linking.links_of(conn, chat)
        if not links:
            raise Conflict("accounts.link_none")
        left = list(await linking.others(conn, links[0].joined, chat))
        for link in links:
            alone = link.at and await linking.alone_in_channel(conn, link)
            later = (link.chat.channel, link.at) if link.at and alone else None
            await ownership.give_back(conn, link.joined, link.own_citizen, link.reports, link.follows, later)
            await linking.part(conn, link)
            await store.give_draft(conn, link.chat.channel, link.chat.user_id, link.own_citizen)
        me = await linking.known(conn, chat)
        for other in left:
            await _tell(conn, other, "unlinked_there", me)
    return left


async def _tell(conn: Conn, chat: Chat, key: str, about: Chat) -> None:
    lang = await store.language(conn, chat.channel, chat.user_id)
    await store.say(conn, chat.channel, chat.user_id, Reply(text=t(f"bot.{key}", lang, chat=named(about, lang))))
    await store.wake(conn)


def named(chat: Chat, lang: Lang) -> str:
    """A chat in words: the channel, and what the person calls themselves there."""
    channel = t(f"bot.channel_{chat.channel}", lang)
    return f"{channel} “{chat.name}”" if chat.name else channel
