"""The list of words after which a person looks first: read by every process, kept by coordinators and
administrators."""

from app.accounts import store as accounts
from app.accounts.model import Actor, Entry, EventKind
from app.accounts.permissions import Permission, require
from app.db import Conn, Pool, transaction
from app.errors import Conflict, Invalid, NotFound
from app.i18n.text import nfc
from app.routing.versions import CHANNEL
from app.watchwords.model import MOST, Watchword, WordList, tidy

_REASON_LEAST, _REASON_MOST = 5, 300
_WORD_LEAST, _WORD_MOST = 2, 60


async def listed(conn: Conn) -> list[Watchword]:
    rows = await conn.fetch("SELECT word, reason, added_by, added_at FROM watchwords ORDER BY word")
    return [Watchword(*row.values()) for row in rows]


async def current(pool: Pool, known: WordList) -> WordList:
    """The list as it is now; the very same where nothing has changed."""
    async with pool.acquire() as conn:
        words = tuple(sorted(word.word for word in await listed(conn)))
    return known if words == known.words else WordList(words)


async def add(pool: Pool, actor: Actor, word: str, reason: str, by: str) -> str:
    """Gives the word as it is kept. Raises Forbidden, Invalid, Conflict."""
    require(actor, Permission.MANAGE_WORDS)
    word, reason = tidy(word), nfc(reason)
    if not _WORD_LEAST <= len(word) <= _WORD_MOST:
        raise Invalid("system.word_length", field="word", least=_WORD_LEAST, most=_WORD_MOST)
    if not _REASON_LEAST <= len(reason) <= _REASON_MOST:
        raise Invalid("system.word_reason", field="reason", least=_REASON_LEAST, most=_REASON_MOST)
    async with transaction(pool) as conn:
        if await conn.fetchval("SELECT count(*) FROM watchwords") >= MOST:
            raise Conflict("system.words_many", most=MOST)
        added = await conn.fetchval(
            "INSERT INTO watchwords (word, reason, added_by) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING RETURNING word",
            word,
            reason,
            by,
        )
        if added is None:
            raise Conflict("system.word_known", word=word)
        await accounts.record(conn, Entry(EventKind.WORD_ADDED, actor, None, {"word": word, "why": reason}))
        await conn.execute("SELECT pg_notify($1, '')", CHANNEL)
    return word


async def remove(pool: Pool, actor: Actor, word: str) -> None:
    """Raises Forbidden, NotFound."""
    require(actor, Permission.MANAGE_WORDS)
    async with transaction(pool) as conn:
        if await conn.fetchval("DELETE FROM watchwords WHERE word = $1 RETURNING word", word) is None:
            raise NotFound("system.word_gone")
        await accounts.record(conn, Entry(EventKind.WORD_REMOVED, actor, None, {"word": word}))
        await conn.execute("SELECT pg_notify($1, '')", CHANNEL)
