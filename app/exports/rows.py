"""The list of reports, piece by piece: no statement lasts longer than a piece and no connection waits for a reader.

What was known at a moment stays what it was, so pieces that are read one after the other belong together as if they
had been read at once.
"""

from collections.abc import AsyncIterator, Callable, Sequence
from functools import cache
from typing import Any
from uuid import UUID

import asyncpg

from app.accounts.model import Actor
from app.db import Pool
from app.exports import store_rows
from app.exports.columns import COLUMNS, Row
from app.exports.store_rows import Behind
from app.i18n import Lang, t
from app.reports.masking import mask
from app.stats import store as stats_store
from app.stats.model import By, Question
from app.stats.names import Names
from app.stats.store import Words

_FIRST, _PIECE = 200, 2000
"""The first piece is small, so that its reader sees at once that something comes."""
_SOURCES = {"category_id": "category", "commune_code": "commune", "agency_id": "agency"}
Say = Callable[[Any], Any]


async def pieces(
    pool: Pool, names: Names, reader: Actor, question: Question, columns: Sequence[str], lang: Lang
) -> AsyncIterator[list[Row]]:
    """The reports received in the period, in the order in which they were sent, with these columns. Nothing is yielded
    where there are none."""
    behind, limit = Behind(question.start, UUID(int=0)), _FIRST
    while True:
        async with pool.acquire() as conn:
            state = await stats_store.state(conn)
            found = await store_rows.piece(conn, state, question, reader, behind, limit)
        if not found:
            return
        say = _Saying(names, state.words, columns, lang)
        if rows := say.rows([row for row in found if row["wanted"]]):
            yield rows
        behind, limit = Behind(found[-1]["at"], found[-1]["report_id"]), _PIECE


class _Saying:
    """Ids and codes become words, each looked up once."""

    def __init__(self, names: Names, words: Words, columns: Sequence[str], lang: Lang) -> None:
        self._names, self._words, self._lang = names, words, lang
        self._plan = [(_SOURCES.get(name, name), self._way(name)) for name in columns]

    def rows(self, found: Sequence[asyncpg.Record]) -> list[Row]:
        return [[row[name] if say is None else say(row[name]) for name, say in self._plan] for row in found]

    def _way(self, column: str) -> Say | None:
        match column:
            case "category" | "commune" | "agency":
                by: By = column
                return cache(lambda code: self._names.of(by, self._words.word(code), self._lang))
            case "category_id" | "commune_code" | "agency_id":
                return self._words.word
            case "channel":
                return cache(lambda key: self._names.of("channel", key, self._lang))
            case "status" | "timeliness" | "rating":
                return cache(lambda value: t(f"exports.{column}_{value}", self._lang) if value else None)
            case "words" | "address":
                return lambda text: mask(text, self._lang) if text else None
            case _ if COLUMNS[column].kind == "moment":
                return lambda moment: moment.isoformat(" ", "seconds") if moment else None
        return None
