"""Following an area among many published reports: feeds over HTTP, whom a morning's digests are for, what a chat asks.

PHANANH_BENCH_REPORTS=50000 PHANANH_BENCH_FOLLOWERS=5000 python -m tests.bench feeds      with other numbers
"""

import asyncio
import http.client
import os
import statistics
import time
from datetime import datetime, timedelta
from uuid import UUID

from app.db import Pool, connect_pool, migrate
from app.places.dataset import known
from app.routing import service as routing
from app.routing.calendar import VIETNAM
from app.routing.ruleset import RuleSet
from app.subscriptions import sending, service
from tests.bench import Figure
from tests.bench._database import database
from tests.bench._reports import fill
from tests.bench.queue import _api, _figure
from tests.small_world import counted, counting
from tests.world import RULES

_REPORTS = int(os.environ.get("PHANANH_BENCH_REPORTS", "200_000"))
_FOLLOWERS = int(os.environ.get("PHANANH_BENCH_FOLLOWERS", "50_000"))
_ROUNDS = 30
_PAGE_MS, _KNOWN_MS, _CHAT_MS = 60, 40, 5
_PLAN_S = 60.0
"""Seconds in which everybody's morning is planned: the bot and the mail server take longer to send."""
_STATEMENTS = 10.0
"""For five hundred followers, transaction included."""
_PATHS = {
    "the province": "/feeds/reports.atom",
    "a commune": "/feeds/communes/32002.atom",
    "a category": "/feeds/categories/street-light.atom",
    "a group": "/feeds/groups/{group}.atom",
    "a category in a commune": "/feeds/communes/32002/categories/street-light.atom",
}


async def run() -> list[Figure]:
    rules = routing.load(RULES)
    async with database(durable=False) as (folder, server):
        url = server.url()
        await migrate(url)
        async with await connect_pool(url, 4) as pool:
            communes = [c for c in known().communes if c.province_code == rules.province_code]
            await routing.install(pool, rules, [(c.code, c.full_name) for c in communes], "bench", "bench")
            await fill(pool, rules, _REPORTS, [])
            await _publish(pool)
            await _follow(pool, rules)
        async with _api(url, folder) as port:
            figures = await asyncio.to_thread(_feeds, port, rules)
        return [*figures, *await _morning(url, rules), *await _chat(url)]


async def _publish(pool: Pool) -> None:
    """All of them when they were sent; a third of them has an answer that is told."""
    await pool.execute("UPDATE reports SET published_at = submitted_at, visibility = 'public'", timeout=1800)
    await pool.execute(
        """
        INSERT INTO report_events (report_id, seq, kind, at, actor_kind, data, hash)
        SELECT report_id, 2, 'published', published_at, 'system', '{}', sha256('') FROM reports
        """,
        timeout=1800,
    )
    await pool.execute(
        """
        INSERT INTO report_messages (report_id, message_id, at, kind, author_kind, visibility, body)
        SELECT report_id, gen_random_uuid(), submitted_at, 'resolution', 'staff', 'public', 'Đã thay bóng mới.'
        FROM reports WHERE resolved_at IS NOT NULL
        """,
        timeout=1800,
    )
    await pool.execute("VACUUM ANALYZE", timeout=1800)


async def _follow(pool: Pool, rules: RuleSet) -> None:
    """Half by mail, half by chat; four in five hear daily; one to three areas each."""
    await pool.execute(
        """
        WITH people AS (
            INSERT INTO citizens (citizen_id, lang) SELECT gen_random_uuid(), 'vi' FROM generate_series(1, $1 / 2)
            RETURNING citizen_id
        )
        INSERT INTO area_followers (follower_id, address, citizen_id, lang, rhythm, consent, consent_at, told_until)
        SELECT gen_random_uuid(), CASE WHEN citizen_id IS NULL THEN 'n' || n || '@example.vn' END, citizen_id, 'vi',
               CASE n % 5 WHEN 0 THEN 'weekly' ELSE 'daily' END, 'Tôi đồng ý.', now(), now() - interval '20 hours'
        FROM (SELECT citizen_id, row_number() OVER () AS n FROM (
            SELECT citizen_id FROM people UNION ALL SELECT NULL FROM generate_series(1, $1 - $1 / 2)) p) p
        """,
        _FOLLOWERS,
        timeout=600,
    )
    usual = [one for one in rules.categories.values() if not one.out_of_scope]
    await pool.execute(
        """
        INSERT INTO followed_areas (follower_id, commune, topic_group, category)
        SELECT follower_id, c.commune, CASE k WHEN 1 THEN g.id ELSE '' END, CASE k WHEN 2 THEN t.id ELSE '' END
        FROM area_followers f CROSS JOIN LATERAL generate_series(0, abs(hashtext(f.follower_id::text)) % 3) AS k
        CROSS JOIN LATERAL (SELECT abs(hashtext(k || f.follower_id::text)) AS die) d
        CROSS JOIN LATERAL (SELECT ($1::text[])[1 + die % cardinality($1)]) c(commune)
        CROSS JOIN LATERAL (SELECT ($2::text[])[1 + die % cardinality($2)]) g(id)
        CROSS JOIN LATERAL (SELECT ($3::text[])[1 + die % cardinality($3)]) t(id)
        ON CONFLICT DO NOTHING
        """,
        [c.code for c in known().communes if c.province_code == rules.province_code],
        sorted(rules.groups),
        sorted(one.category_id for one in usual),
        timeout=600,
    )
    await pool.execute("VACUUM ANALYZE", timeout=1800)


# ---------------------------------------------------------------- feeds


def _feeds(port: int, rules: RuleSet) -> list[Figure]:
    group = next(name for name, one in rules.groups.items() if not one.out_of_scope)
    figures = []
    for name, path in _PATHS.items():
        new, known_ = _ask(port, path.format(group=group))
        figures.append(_figure(f"feed of {name} among {_REPORTS:,} public reports, p50", new, _PAGE_MS, "ms"))
        figures.append(_figure("the same, which the reader has", known_, _KNOWN_MS, "ms"))
    return figures


def _ask(port: int, path: str) -> tuple[float, float]:
    """Milliseconds of the whole feed, and of saying that it is as it was."""
    line = http.client.HTTPConnection("127.0.0.1", port)
    tag, times = "", dict[int, list[float]]()
    for round_ in range(2 * _ROUNDS + 2):
        began = time.perf_counter()
        line.request("GET", path, headers={"If-None-Match": tag} if round_ % 2 else {})
        answer = line.getresponse()
        answer.read()
        took = (time.perf_counter() - began) * 1000
        assert answer.status == (304 if round_ % 2 else 200), (path, answer.status)
        tag = answer.headers["ETag"]
        if round_ > 1:
            times.setdefault(answer.status, []).append(took)
    return statistics.median(times[200]), statistics.median(times[304])


# ---------------------------------------------------------------- digests, chats


async def _morning(url: str, rules: RuleSet) -> list[Figure]:
    tomorrow = (datetime.now(VIETNAM) + timedelta(days=1)).replace(hour=8, minute=0)
    async with counting(url) as (pool, said):
        began = time.perf_counter()
        entered = await sending.plan(pool, rules, tomorrow)
        took = time.perf_counter() - began
        statements = len(await counted(said))
        due = await pool.fetchval("SELECT count(*) FROM area_followers WHERE told_until > now()")
    name = f"planning the digests of {due:,} followers ({entered:,} have news)"
    return [
        _figure(name, took, _PLAN_S, "s"),
        _figure("statements for each 500 of them", statements / (due / 500), _STATEMENTS, ""),
    ]


async def _chat(url: str) -> list[Figure]:
    """What a chat's command for areas asks: what somebody follows already."""
    async with await connect_pool(url, 1) as pool, pool.acquire() as conn:
        people: list[UUID] = [row[0] for row in await conn.fetch(
            "SELECT citizen_id FROM area_followers WHERE citizen_id IS NOT NULL ORDER BY random() LIMIT $1", _ROUNDS
        )]  # fmt: skip
        times = []
        for citizen_id in people:
            began = time.perf_counter()
            assert await service.of_citizen(conn, citizen_id)
            times.append((time.perf_counter() - began) * 1000)
    return [_figure(f"what somebody follows, of {_FOLLOWERS:,}, p50", statistics.median(times), _CHAT_MS, "ms")]
