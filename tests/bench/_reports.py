"""Many made-up reports as a province has them after some years: a tenth is open, most are for a few agencies, and
people say the same things in other words."""

import random
from datetime import UTC, datetime, timedelta
from uuid import UUID

from app.db import Pool
from app.i18n.text import fold
from app.places.dataset import known
from app.reports.workflow import DESK
from app.routing.model import commune_office_id
from app.routing.ruleset import RuleSet

_TEMPLATES = 10_000
_OPEN = (
    ("submitted", 5),
    ("received", 3),
    ("returned", 2),
    ("assigned", 45),
    ("in_progress", 35),
    ("awaiting_info", 10),
)
_DONE = (("resolved", 6), ("closed", 84), ("rejected", 8), ("withdrawn", 2))
_WORDS = ("ba đêm nay chưa ai sửa", "gần trường học, rất nguy hiểm", "đề nghị xử lý gấp", "đã gọi mấy lần rồi", "")
_COLUMNS = (
    "report_id", "code", "secret_hash", "version", "last_seq", "last_hash", "status", "category", "body", "search_text",
    "channel", "lang", "lat", "lon", "address", "commune_code", "commune_name", "province_code", "place_approximate",
    "agency_id", "assignee_id", "urgency", "visibility", "rule_set", "rule_id", "submitted_at", "assigned_at",
    "resolved_at", "ended_at", "intake_due_at", "due_at", "handling", "paused_at", "rating", "updated_at", "tags",
)  # fmt: skip
_DATES = (
    "submitted_at",
    "assigned_at",
    "resolved_at",
    "ended_at",
    "intake_due_at",
    "due_at",
    "paused_at",
    "updated_at",
)


async def fill(pool: Pool, rules: RuleSet, count: int, officers: list[tuple[str, UUID]]) -> None:
    """So many reports in all, together with those there are. ``officers``: agency and id of those who have cases."""
    templates = min(count, _TEMPLATES)
    async with pool.acquire() as conn:
        there = await conn.fetchval("SELECT count(*) FROM reports")
        if not there:
            rows = _made(rules, templates, officers)
            await conn.copy_records_to_table("reports", records=rows, columns=_COLUMNS)
            await _photos(pool)
            there = templates
        if more := count // templates - there // templates:
            copied = ", ".join(_moved(column) for column in _COLUMNS)
            await conn.execute(
                f"INSERT INTO reports ({', '.join(_COLUMNS)}) SELECT {copied} FROM reports r, generate_series(1, $1) n",
                more,
                timeout=1800,
            )
        await conn.execute("VACUUM ANALYZE reports", timeout=1800)


def _moved(column: str) -> str:
    """A copy is another report, up to ten days earlier or later, numbered by its words."""
    if column == "report_id":
        return "gen_random_uuid()"
    if column == "search_text":
        return "search_text || ' ' || n"
    return f"{column} + hashtext(code || n) % 900000 * interval '1 second'" if column in _DATES else column


async def _photos(pool: Pool) -> None:
    async with pool.acquire() as conn:
        await conn.execute(
            """
            INSERT INTO photo_blobs (sha256, phash, width, height, size_bytes, content_type)
            SELECT sha256(n::text::bytea), n, 640, 480, 1000, 'image/jpeg' FROM generate_series(1, 200) n
            """
        )
        await conn.execute(
            """
            INSERT INTO report_photos (report_id, photo_id, sha256, stage, at, added_by)
            SELECT report_id, gen_random_uuid(), sha256((1 + row_number() OVER () % 200)::text::bytea), 'before',
                   submitted_at, 'citizen'
            FROM reports WHERE random() < 0.6
            """
        )


def _pick(dice: random.Random, choices: tuple[tuple[str, int], ...]) -> str:
    return dice.choices([name for name, _ in choices], [weight for _, weight in choices])[0]


def _made(rules: RuleSet, count: int, officers: list[tuple[str, UUID]]) -> list[tuple[object, ...]]:
    dice = random.Random(count)
    now = datetime.now(UTC)
    communes = [c for c in known().communes if c.province_code == rules.province_code]
    usual = [c for c in rules.categories.values() if c.visibility == "public" and not c.out_of_scope]
    weights = [6 if c.category_id == "street-light" else 1 for c in usual]
    large = sorted({agency for agency, _ in officers})
    workers = {one: [officer for agency, officer in officers if agency == one] for one in large}
    rows: list[tuple[object, ...]] = []
    for number in range(count):
        category, commune = dice.choices(usual, weights)[0], dice.choice(communes)
        is_open = dice.random() < 0.1
        status = _pick(dice, _OPEN if is_open else _DONE)
        sent = now - timedelta(minutes=dice.randrange(20 * 1440) if is_open else dice.randrange(15 * 1440, 900 * 1440))
        due = sent + timedelta(days=dice.choice((1, 3, 5, 10)))
        desk = status in DESK
        agency = rules.coordinator_id if desk else dice.choice([*large, commune_office_id(commune.code)])
        assignee = dice.choice(workers[agency]) if agency in workers and not desk and dice.random() < 0.5 else None
        ended = sent + timedelta(days=dice.randrange(1, 12))
        body = f"{dice.choice(category.examples)} {dice.choice(_WORDS)} {commune.full_name}"
        rows.append((
            UUID(int=dice.getrandbits(128)), f"PA-0000-{number:04d}", bytes(32), 1, 1, bytes(32), status,
            category.category_id, body, fold(body), dice.choice(("telegram", "web", "hotline", "zalo_bot")), "vi",
            commune.lat + dice.gauss(0, 0.01), commune.lon + dice.gauss(0, 0.01), f"{number % 400} Lý Bôn",
            commune.code, commune.full_name, commune.province_code, False, agency, assignee,
            "urgent" if dice.random() < 0.05 else "normal", "public", rules.version, "fallback", sent,
            None if desk else sent, ended if status in ("resolved", "closed") else None,
            ended if status in ("closed", "rejected", "withdrawn") else None, sent, due, "3 working days",
            sent if status == "awaiting_info" else None,
            dice.choice(("satisfied", "dissatisfied", None, None)) if status == "closed" else None, sent,
            ["mùa mưa"] if dice.random() < 0.01 else [],
        ))  # fmt: skip
    return rows
