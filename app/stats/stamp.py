"""How far the statistics have come, for whoever wants to know whether an answer could be another one by now."""

from datetime import datetime

from msgspec import Struct

from app.db import Conn
from app.stats import store


class Stamp(Struct, frozen=True):
    """With the same ``mark`` the same question (its "as of" included) has the same answer."""

    mark: str
    read_at: datetime


async def stamp(conn: Conn) -> Stamp:
    state = await store.state(conn)
    return Stamp(" ".join(map(str, (state.generation, *state.cursor))), state.read_at)
