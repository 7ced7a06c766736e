"""Hearing what a reporter said. A voice is an identity: coordinators only, with a reason, and each time on record."""

from uuid import UUID

from msgspec import Struct

from app.accounts.model import Actor
from app.db import Conn, Pool
from app.errors import NotFound
from app.history.model import Kind
from app.reports import service
from app.reports.model import Report
from app.routing.ruleset import RuleSet
from app.sounds import service as sounds
from storage.objects import ObjectStore


class Voice(Struct, frozen=True):
    content_type: str
    data: bytes


async def hear(
    pool: Pool, objects: ObjectStore, rules: RuleSet, actor: Actor, report: Report, number: int, reason: str
) -> Voice:
    """The report's voice message of this number, from 1. Raises Forbidden, Invalid, and NotFound for none."""

    async def find(conn: Conn, report_id: UUID) -> tuple[str, str]:
        row = await conn.fetchrow(
            """
            SELECT encode(sha256, 'hex') AS sha256, content_type FROM report_sounds JOIN sound_blobs USING (sha256)
            WHERE report_id = $1 ORDER BY at, sha256 OFFSET $2 LIMIT 1
            """,
            report_id,
            number - 1,
        )
        if row is None:
            raise NotFound("sounds.not_found")
        return row["sha256"], row["content_type"]

    if number < 1:
        raise NotFound("sounds.not_found")
    sha256, kind = await service.about_reporter(pool, rules, actor, report, Kind.IDENTITY_VIEWED, reason, find)
    return Voice(kind, await sounds.read_sound(objects, sha256))
