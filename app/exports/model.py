"""A file that was ordered, and what a process that makes one is given. No I/O."""

import hashlib
from datetime import datetime, timedelta
from typing import Any, Literal
from urllib.parse import parse_qsl
from uuid import UUID

import msgspec
from msgspec import Struct

from app.accounts.model import Actor
from app.errors import Problem
from app.exports.formats import FORMATS, Maker
from app.exports.summary import Provenance, Summary
from app.i18n import Lang
from app.stats.asked import Asked, asked

KEPT = timedelta(days=7)
"""A file is there for so long after it was ordered; then it is made again by asking again."""
RUNNING_MOST = 5
"""Files that wait or are being made for one person."""
ROWS_MOST = 1_000_000
"""Of a list of reports; a worksheet ends soon after."""
EDITION = 2
"""Grows when the same question would give other bytes than before by a change of this program."""

State = Literal["waiting", "making", "ready", "failed", "cancelled"]
UNDERWAY: tuple[State, ...] = ("waiting", "making")


class Export(Struct, frozen=True, kw_only=True):
    """``query``: what was asked, within the orderer's rights; ``as_of``: as known then, and what the question is asked
    with as "now". ``done`` of ``total`` reports of the list are written. ``rule_set``, ``read_at``, ``sha256`` (in hex)
    and ``size_bytes`` once it is ready; ``problem`` when it failed."""

    export_id: UUID
    staff_id: UUID
    format: str
    lang: Lang
    query: str
    as_of: datetime
    columns: tuple[str, ...]
    state: State
    ordered_at: datetime
    ended_at: datetime | None
    done: int
    total: int | None
    rule_set: str | None
    read_at: datetime | None
    sha256: str | None
    size_bytes: int | None
    problem: Problem | None

    @property
    def maker(self) -> Maker:
        return FORMATS[self.format]

    @property
    def asked(self) -> Asked:
        return asked(parse_qsl(self.query), self.as_of)

    @property
    def expires_at(self) -> datetime:
        return self.ordered_at + KEPT

    @property
    def underway(self) -> bool:
        return self.state in UNDERWAY

    @property
    def file_name(self) -> str:
        return file_name(self.asked, self.as_of, self.maker.extension)


class Making(Struct, frozen=True):
    """What the process that writes a file is given, before the rows. ``summary``: for what shows figures;
    ``page``: the texts of what is paper."""

    format: str
    provenance: Provenance
    summary: Summary | None
    columns: tuple[str, ...]
    page: dict[str, Any] | None = None


class Wanted(Struct, frozen=True, kw_only=True):
    """What a file is to say, and for whom: ``asked`` is within the reader's rights already."""

    reader: Actor
    asked: Asked
    format: str
    lang: Lang
    as_of: datetime
    columns: tuple[str, ...]


class Made(Struct, frozen=True):
    sha256: str
    size_bytes: int
    rows: int
    provenance: Provenance
    read_at: datetime


def file_name(asked: Asked, as_of: datetime, extension: str) -> str:
    """ "phan-anh-2026-11-20261130-2400.csv": what it is, of when, as known when."""
    from app.routing.calendar import VIETNAM

    key = asked.period.key.replace("..", "_")
    return f"phan-anh-{key}-{as_of.astimezone(VIETNAM):%Y%m%d-%H%M}.{extension}"


def object_key(sha256: str) -> str:
    return f"exports/{sha256[:2]}/{sha256}"


def sameness(actor: Actor, asked: Asked, as_of: datetime, **more: Any) -> bytes:
    """Equal for orders that give the same bytes: what is asked, as known when, in which form, by which rights."""
    rights = (
        actor.sees_all,
        *([] if actor.sees_all else [sorted(actor.agencies)]),
        sorted(actor.categories),
        sorted(actor.communes),
    )
    said = (EDITION, asked.query(), as_of, rights, sorted(more.items()))
    return hashlib.sha256(msgspec.json.encode(said)).digest()
