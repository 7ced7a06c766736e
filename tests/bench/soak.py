"""The soak: 200 chats, 20 messages each, while two bot processes that stand in for each other are killed (-9).

No seconds are measured: what counts is that nothing is lost, doubled or out of order, on a database that waits for
its disk.
"""

from pathlib import Path

from app import settings as configuration
from app.db import connect_pool
from app.places.service import embedded_default
from app.routing.ruleset import load
from app.wiring import prepare
from tests.bench import Figure
from tests.bench._database import database
from tests.telegram.soak import soak

_PEOPLE, _KILLS, _PACE = 200, 12, 3.0


async def run() -> list[Figure]:
    async with database() as (folder, server):
        return await _measure(folder, server.url())


async def _measure(folder: Path, url: str) -> list[Figure]:
    settings = configuration.load({"PHANANH_HOME": str(folder), "PHANANH_DATABASE_URL": url})
    await prepare(settings)
    pool = await connect_pool(url)
    rules = load(settings.rules)
    communes = [c.code for c in embedded_default().communes if c.province_code == rules.province_code]
    found = await soak(folder, url, pool, rules, communes, _PEOPLE, _KILLS, _PACE)
    await pool.close()
    name = f"soak, {_PEOPLE} chats, {found.kills} kills"
    return [
        _none(f"{name}: reports or answers lost", found.lost, found.messages),
        _none(f"{name}: answers doubled", found.doubled, found.messages),
        _none(f"{name}: chats out of order", found.disordered, _PEOPLE),
        Figure(f"{name}: answers cut off by a kill, not repeated", found.uncertain, "", "messages", found.messages,
               found.uncertain / found.messages, "told, no bar", True),
    ]  # fmt: skip


def _none(name: str, value: int, of: int) -> Figure:
    return Figure(name, value, "", "of", of, value / of, "0", value == 0)
