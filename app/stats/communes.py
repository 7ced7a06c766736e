"""A commune's figures as everybody may read them."""

from datetime import datetime

from msgspec import Struct

from app.db import Conn
from app.stats import service
from app.stats.measures import FIGURES, Figure
from app.stats.model import Question, value
from app.stats.periods import Period

SHOWN = ("received", "handled", "open", "on_time_rate", "satisfied_rate")
LEAST = 5
"""Cases that a share must be made of, to be told to everybody."""


class Told(Struct, frozen=True):
    """``value`` None: there is none, or it would be a share of too few."""

    figure: Figure
    value: float | None


async def told(conn: Conn, commune_code: str, period: Period, now: datetime) -> list[Told]:
    figures = [FIGURES[name] for name in SHOWN]
    asked = Question(start=period.start, end=period.end, as_of=now, communes=(commune_code,))
    counts = (await service.ask(conn, asked, figures)).groups.get("", {})
    shown = []
    for figure in figures:
        few = figure.kind == "share" and sum(counts[m].n for m in figure.among if m in counts) < LEAST
        shown.append(Told(figure, None if few else value(figure, counts)))
    return shown
