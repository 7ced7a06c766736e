"""What is known of the system's own state. Nothing in it is about a person."""

from datetime import datetime, timedelta
from typing import Literal

from msgspec import Struct

ProcessName = Literal["api", "worker", "bot"]
BEAT_EVERY = timedelta(seconds=30)
SILENT_AFTER = timedelta(minutes=2)
BACKUP_WITHIN = timedelta(hours=26)
"""Once a night, and a little patience."""
WAITS_LONG = timedelta(minutes=1)


class Queue(Struct, frozen=True):
    """The jobs of one kind. ``oldest_seconds``: for how long the oldest that could run has been waiting."""

    entrypoint: str
    waiting: int
    later: int
    running: int
    failed: int
    oldest_seconds: float


class Failure(Struct, frozen=True):
    """A job that failed again and again and is held. ``error`` and ``place``: the kind of its last error and the line
    it came from, never the error's own words, in which a person's may stand. ``code``: the report it is about."""

    job_id: int
    entrypoint: str
    created_at: datetime
    failed_at: datetime
    error: str
    place: str
    code: str | None


class Process(Struct, frozen=True):
    name: str
    host: str
    version: str
    started_at: datetime
    beat_at: datetime

    def silent(self, now: datetime) -> bool:
        return now - self.beat_at > SILENT_AFTER


class Backup(Struct, frozen=True):
    at: datetime
    size_bytes: int | None
    note: str


class Database(Struct, frozen=True):
    """``missing``: migrations that this program has and the database has not."""

    version: str
    size_bytes: int
    connections: int
    most_connections: int
    migration: str
    missing: int


class Chats(Struct, frozen=True):
    """Updates from citizens that no bot has answered, and replies that no bot has sent."""

    updates: int
    replies: int


class Disk(Struct, frozen=True):
    path: str
    free: int
    total: int

    @property
    def little(self) -> bool:
        """As ``phananh doctor`` judges it: small disks by their own size."""
        return self.free < min(5_000_000_000, self.total // 5)


class State(Struct, frozen=True):
    at: datetime
    queues: list[Queue]
    failures: list[Failure]
    processes: list[Process]
    backups: list[Backup]
    database: Database
    chats: Chats
    photos: int
    photo_bytes: int
    store_answers: bool
    disk: Disk
    boundaries: str
    rules_version: str
    version: str
