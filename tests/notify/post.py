"""A channel's way out that keeps what it was given: a small real implementation of ``Sender``, in memory."""

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

import msgspec

from app.db import Pool
from app.notify import service as notify
from app.notify.model import SendFailed, Telling
from app.notify.store import Key
from app.reports.model import Report
from storage.folder import FolderStore
from storage.objects import ObjectStore


class Post:
    """Delivers to ``boxes``, by person. ``troubles`` are met first, one a call; a closed ``gate`` holds calls up."""

    def __init__(self, *troubles: Exception) -> None:
        self.boxes: dict[str, list[Telling]] = {}
        self.troubles = list(troubles)
        self.calls = 0
        self.called = asyncio.Event()
        self.gate = asyncio.Event()
        self.gate.set()

    async def send(self, user_id: str, telling: Telling) -> str:
        self.calls += 1
        self.called.set()
        await self.gate.wait()
        if self.troubles:
            raise self.troubles.pop(0)
        self.boxes.setdefault(user_id, []).append(telling)
        return f"ref-{self.calls}"

    def texts(self, user_id: str) -> list[str]:
        return [telling.text for telling in self.boxes.get(user_id, [])]


class _Tell(msgspec.Struct):
    report_id: UUID
    first: int
    last: int


class _Deliver(msgspec.Struct):
    report_id: UUID
    seq: int
    recipient: str
    channel: str


async def take_jobs(pool: Pool, entrypoint: str) -> list[bytes]:
    """The waiting jobs of a kind, taken off the queue as PgQueuer would."""
    async with pool.acquire() as conn:
        rows = await conn.fetch(
            """
            WITH taken AS (DELETE FROM pgqueuer WHERE entrypoint = $1 AND status = 'queued' RETURNING id, payload)
            SELECT payload FROM taken ORDER BY id
            """,
            entrypoint,
        )
    return [row["payload"] for row in rows]


async def tell_all(pool: Pool) -> int:
    """Work all 'tell' jobs off; gives how many messages were entered."""
    jobs = [msgspec.json.decode(payload, type=_Tell) for payload in await take_jobs(pool, "tell")]
    return sum([await notify.tell(pool, job.report_id, job.first, job.last) for job in jobs])


async def keys(pool: Pool) -> list[Key]:
    """What the 'deliver' jobs say is to be sent."""
    jobs = [msgspec.json.decode(payload, type=_Deliver) for payload in await take_jobs(pool, "deliver")]
    return [(job.report_id, job.seq, job.recipient, job.channel) for job in jobs]


async def deliver_all(pool: Pool, post: Post, folder: Path, channels: Sequence[str] = ("telegram",)) -> None:
    """Tell and deliver everything that waits, an hour after whatever was sent before: nothing of it is a flood."""
    at = datetime.now(UTC) + timedelta(hours=1)
    await tell_all(pool)
    for key in await keys(pool):
        await notify.deliver(pool, objects(folder), dict.fromkeys(channels, post), key, at=at)


def objects(folder: Path) -> ObjectStore:
    return FolderStore(folder)


async def ledger(pool: Pool, report: Report) -> list[tuple[str, str, int, str | None]]:
    """(template, status, attempts, reason) of each message about a report, oldest first."""
    async with pool.acquire() as conn:
        return [
            (r["template"], r["status"], r["attempts"], r["reason"])
            for r in await notify.ledger(conn, report.report_id)
        ]


__all__ = ["Post", "SendFailed", "deliver_all", "keys", "ledger", "objects", "take_jobs", "tell_all"]
