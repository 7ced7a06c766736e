"""Neighbours who saw the same thing: they follow a report instead of sending another one."""

import random
from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from app.accounts import citizens
from app.db import Conn
from app.demo import stories
from app.i18n import DEFAULT
from app.photos.model import StoredPhoto
from app.reports import following
from app.reports.model import Form, Rating, Report
from app.wiring import Parts

_PEOPLE = 12


async def neighbours(conn: Conn) -> list[UUID]:
    """Citizens of a chat that reaches nobody, and who want no news: demo people are not written to, and the page of the
    system's state counts none of them as missed."""
    found = []
    for number in range(_PEOPLE):
        name = stories.NAMES[number % len(stories.NAMES)]
        person = await citizens.citizen(conn, "telegram", f"demo-{number}", name, DEFAULT)
        await citizens.unreachable(conn, "telegram", f"demo-{number}", "demo")
        await citizens.mute(conn, person.citizen_id, muted=True)
        found.append(person.citizen_id)
    return found


async def join(
    parts: Parts, report: Report, person: UUID, words: str, shots: Sequence[StoredPhoto], at: datetime
) -> Report:
    """One more voice, now and then with a photo."""
    form = Form(
        text=words,
        photos=tuple(shots),
        client_key=f"demo:{person}",
    )
    return await following.follow(parts.pool, report, person, form, at)


async def rate(parts: Parts, report: Report, person: UUID, chance: random.Random, at: datetime) -> Report:
    """What a follower thinks of the result."""
    return await following.rate(parts.pool, report, person, chance.choices(list(Rating), [6, 3, 1])[0], at)
