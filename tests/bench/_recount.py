"""The answer to a question, counted one by one from what happened: slow, and in the plainest way."""

from app.db import Conn
from app.stats import store
from app.stats.measures import FIGURES, SPREAD, Measure
from app.stats.model import Count, Question
from app.stats.spread import spread_of


async def recounted(conn: Conn, question: Question) -> dict[str, dict[Measure, Count]]:
    state = await store.state(conn)
    shown = {m for figure in FIGURES.values() for m in figure.measures}
    stocks = {m for figure in FIGURES.values() if figure.kind == "stock" for m in figure.measures}
    rows = await conn.fetch(
        f"""
        SELECT measure, agency, category, commune, channel, count(*) AS n, coalesce(sum(seconds), 0)::bigint AS seconds,
               array_agg(seconds) FILTER (WHERE seconds IS NOT NULL) AS times
        FROM {state.occurrences}
        WHERE at < $1 AND (at >= $2 OR measure = ANY($3::smallint[])) AND measure = ANY($4::smallint[])
          AND known_from <= $5 AND (known_until IS NULL OR known_until > $5)
        GROUP BY 1, 2, 3, 4, 5
        """,  # a name of our own
        question.end,
        question.start,
        state.words.known(stocks),
        state.words.known(shown),
        question.as_of,
        timeout=3600,
    )
    word = state.words.word
    found: dict[str, dict[Measure, Count]] = {}
    for row in rows:
        measure = Measure(word(row["measure"]))
        names = {name: word(row[name]) for name in ("agency", "category", "commune", "channel")}
        wanted = (question.agencies, question.categories, question.communes, question.channels)
        if any(some and name not in some for some, name in zip(wanted, names.values(), strict=True)):
            continue
        group = found.setdefault(names[question.by] if question.by else "", {})
        spread = spread_of(row["times"]) if measure in SPREAD else {}
        group[measure] = group.get(measure, Count()) + Count(row["n"], row["seconds"], spread)
    return found
