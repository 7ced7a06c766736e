"""Finding open reports of the same matter among a million, every one of them still open: worse than life.

PHANANH_BENCH_REPORTS=100000 python -m tests.bench near      with another number of reports
"""

import os
import random
import statistics
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

from app.db import Pool, connect_pool, migrate
from app.i18n.text import fold
from app.places.dataset import known
from app.reports import near
from app.reports.near import Sought
from app.routing import service as routing
from app.routing.ruleset import RuleSet, load
from tests.bench import Figure
from tests.bench._database import database

_SHIPPED = Path(__file__).parents[2] / "routing_rules.yaml"
_REPORTS = int(os.environ.get("PHANANH_BENCH_REPORTS", "1_000_000"))
_TEMPLATES = 10_000
_LOOKS = 400
_BAR = 20.0
_NOW = datetime(2026, 11, 20, 3, tzinfo=UTC)
_WORDS = ("ba đêm nay chưa ai sửa", "gần trường học, rất nguy hiểm", "đề nghị xử lý gấp", "đã gọi mấy lần rồi", "")
_COLUMNS = (
    "report_id", "code", "secret_hash", "version", "last_seq", "last_hash", "status", "category", "body", "search_text",
    "channel", "lang", "lat", "lon", "address", "commune_code", "commune_name", "province_code", "place_approximate",
    "agency_id", "urgency", "visibility", "rule_set", "rule_id", "submitted_at", "intake_due_at", "due_at", "handling",
    "updated_at",
)  # fmt: skip


async def run() -> list[Figure]:
    rules = load(_SHIPPED)
    async with database(durable=False) as (_, server):
        await migrate(server.url())
        pool = await connect_pool(server.url())
        try:
            await _fill(pool, rules)
            return [await _measure(pool, rules)]
        finally:
            await pool.close()


async def _fill(pool: Pool, rules: RuleSet) -> None:
    """Made-up reports of three months around the centres of communes: COPY of some, multiplied in the database."""
    dice = random.Random(_REPORTS)
    communes = [c for c in known().communes if c.province_code == rules.province_code]
    await routing.install(pool, rules, [(c.code, c.full_name) for c in communes], "bench", "bench")
    usual = [c for c in rules.categories.values() if c.visibility == "public" and not c.out_of_scope]
    templates = min(_REPORTS, _TEMPLATES)
    rows = []
    for number in range(templates):
        category, commune = dice.choice(usual), dice.choice(communes)
        at = _NOW - timedelta(minutes=dice.randrange(90 * 1440))
        body = f"{dice.choice(category.examples)} {dice.choice(_WORDS)}"
        rows.append((
            UUID(int=dice.getrandbits(128)), f"PA-0000-{number:04d}", bytes(32), 1, 1, bytes(32), "submitted",
            category.category_id, body, fold(body), dice.choice(("telegram", "web", "hotline")), "vi",
            commune.lat + dice.gauss(0, 0.01), commune.lon + dice.gauss(0, 0.01), "", commune.code, commune.full_name,
            commune.province_code, False, rules.coordinator_id, "normal", "public", rules.version, "fallback", at, at,
            at, "3 working days", at,
        ))  # fmt: skip
    async with pool.acquire() as conn:
        await conn.copy_records_to_table("reports", records=rows, columns=_COLUMNS)
        moved = {
            "report_id": "gen_random_uuid()",
            "lat": "lat + (random() - 0.5) * 0.02",
            "lon": "lon + (random() - 0.5) * 0.02",
        }
        copied = ", ".join(moved.get(c, c) for c in _COLUMNS)
        await conn.execute(
            f"INSERT INTO reports ({', '.join(_COLUMNS)}) SELECT {copied} FROM reports, generate_series(1, $1) n",
            _REPORTS // templates - 1,
            timeout=1800,
        )
        await conn.execute("VACUUM ANALYZE reports", timeout=1800)


async def _measure(pool: Pool, rules: RuleSet) -> Figure:
    """Citizens who stand near reports that exist, of all categories; a third of them give no point."""
    dice = random.Random(7)
    async with pool.acquire() as conn:
        some = await conn.fetch("SELECT category, body, lat, lon, commune_code FROM reports LIMIT $1", _LOOKS)
        sought = [
            Sought(
                category=row["category"],
                text=row["body"],
                lat=row["lat"] + dice.gauss(0, 0.0002) if dice.random() < 2 / 3 else None,
                lon=row["lon"],
                commune_code=row["commune_code"],
            )
            for row in some
        ]
        found, times = 0, []
        for each in (*sought[:20], *sought):  # the first ones warm up
            began = time.perf_counter()
            found += len(await near.find(conn, rules, each, "vi", _NOW))
            times.append((time.perf_counter() - began) * 1000)
    assert found
    times = sorted(times[20:])
    p50, p99 = statistics.median(times), times[len(times) * 99 // 100]
    name = f"same matter among {_REPORTS:,} open reports, p50 (p99 {p99:.1f} ms)"
    return Figure(name, round(p50, 2), "ms", "bar", _BAR, round(p50 / _BAR, 3), "≤ 1 ×", p50 <= _BAR)
