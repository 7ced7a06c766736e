"""Replay: a million reports of a throwaway database against a candidate of Cà Mau's rules."""

import random
import time
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

from app.db import Pool, connect_pool, migrate
from app.places.dataset import known
from app.reports.replay import Changed, replay
from app.routing import service as routing
from app.routing.ruleset import RuleSet, load
from tests.bench import Figure
from tests.bench._database import database

_SHIPPED = Path(__file__).parents[2] / "routing_rules.yaml"
_REPORTS, _TEMPLATES = 1_000_000, 10_000
_SECONDS = 60.0
_WORDS = ("ba đêm nay chưa ai sửa", "gần trường học, rất nguy hiểm", "đề nghị xử lý gấp", "đã gọi mấy lần rồi", "")
_COLUMNS = (
    "report_id", "code", "secret_hash", "version", "last_seq", "last_hash", "status", "category", "body", "search_text",
    "channel", "lang", "address", "commune_code", "commune_name", "province_code", "place_approximate", "agency_id",
    "urgency", "visibility", "rule_set", "rule_id", "submitted_at", "intake_due_at", "due_at", "handling", "updated_at",
)  # fmt: skip


async def run() -> list[Figure]:
    async with database(durable=False) as (_, server):
        await migrate(server.url())
        pool = await connect_pool(server.url())
        try:
            return [await _measure(pool)]
        finally:
            await pool.close()


async def _measure(pool: Pool) -> Figure:
    now = load(_SHIPPED)
    # The power company's work goes to the department.
    then = load(now.source.replace("agency: dien-luc-ca-mau", "agency: so-xay-dung"))
    await fill(pool, now, _REPORTS)
    seen = 0

    def count(changed: Sequence[Changed]) -> None:
        nonlocal seen
        seen += len(changed)

    began = time.perf_counter()
    outcome = await replay(pool, now, then, changed=count)
    seconds = time.perf_counter() - began
    assert outcome.reports == _REPORTS
    assert seen == outcome.changed > 0
    ratio = seconds / _SECONDS
    name = f"replay of {_REPORTS:,} reports, {outcome.changed / _REPORTS:.0%} decided otherwise"
    return Figure(name, round(seconds, 1), "s", "bar", _SECONDS, round(ratio, 2), "≤ 1 ×", ratio <= 1)


async def fill(pool: Pool, rules: RuleSet, reports: int) -> None:
    """So many made-up reports over three years: COPY of some, multiplied in the database. No history, no reporters."""
    dice = random.Random(reports)
    communes = [c for c in known().communes if c.province_code == rules.province_code]
    await routing.install(pool, rules, [(c.code, c.full_name) for c in communes], "bench", "bench")
    templates = min(reports, _TEMPLATES)
    rows = []
    for number in range(templates):
        category, commune = dice.choice(list(rules.categories.values())), dice.choice(communes)
        at = datetime(2024, 1, 1, tzinfo=UTC) + timedelta(minutes=dice.randrange(3 * 525_600))
        rows.append((
            UUID(int=dice.getrandbits(128)), f"PA-0000-{number:04d}", bytes(32), 1, 1, bytes(32), "submitted",
            category.category_id, f"{dice.choice(category.examples)} {dice.choice(_WORDS)}", "",
            dice.choice(("telegram", "web", "hotline")), "vi", "", commune.code, commune.full_name,
            commune.province_code, False, rules.coordinator_id, "normal", "public", rules.version, "fallback", at, at,
            at, "3 working days", at,
        ))  # fmt: skip
    async with pool.acquire() as conn:
        await conn.copy_records_to_table("reports", records=rows, columns=_COLUMNS)
        times = reports // templates - 1
        copied = ", ".join(
            {"report_id": "gen_random_uuid()", "submitted_at": "submitted_at + n * interval '97 seconds'"}.get(c, c)
            for c in _COLUMNS
        )
        await conn.execute(
            f"INSERT INTO reports ({', '.join(_COLUMNS)}) SELECT {copied} FROM reports, generate_series(1, {times}) n",
            timeout=600,
        )
        await conn.execute("ANALYZE reports", timeout=600)
