"""Many chats at once while the bot's processes are killed (-9) again and again.

Everybody sends a report in twenty messages and waits for nothing. Each answer repeats all words so far, so it shows
which message it answers, and that none before it was lost or came out of turn.
"""

import asyncio
import random
import re
import signal
from pathlib import Path

from msgspec import Struct

from app.db import Pool
from app.routing.ruleset import RuleSet
from bot.simulator.actor import Actor
from bot.simulator.core import Simulator
from bot.simulator.server import running
from bot.telegram.client import SIMULATOR_TOKEN
from tests.telegram.process import BotProcess

LINES = 18
MESSAGES = LINES + 2
"""Where it is comes first, then the lines, then the consent that sends it."""
_DONE_SECONDS = 180.0
_LINE = re.compile(r"tin (\d\d)")


class Soaked(Struct, frozen=True):
    """What became of it. ``answered``: answers that show lines. ``uncertain``: answers that were on their way when a
    process died; they are not sent again.

    ``lost`` counts people whose report is not there once with every line in order, and answers that nobody got though
    they were not uncertain; ``doubled`` answers that came twice, ``disordered`` chats with answers out of turn.
    """

    messages: int
    kills: int
    answered: int
    lost: int
    doubled: int
    disordered: int
    uncertain: int


async def soak(
    home: Path, database_url: str, pool: Pool, rules: RuleSet, communes: list[str], people: int, kills: int, pace: float
) -> Soaked:
    """Play it. ``pace``: seconds between two messages of a person, in the mean; ``communes``: where the reports are."""
    sim = Simulator(SIMULATOR_TOKEN)
    chance = random.Random(7)  # when people write and processes die, not what is secret
    # No two report the same kind of matter in the same commune: nobody is to be asked about somebody else's report.
    matters = [(category, commune) for category in rules.categories for commune in communes]
    chosen = chance.sample(matters, people)
    async with running(sim) as url:
        bots = [BotProcess(_folder(home, name), database_url, url) for name in ("one", "other")]
        for bot in bots:
            bot.start()
        chats = [sim.add_person(f"Dân {number}").id for number in range(people)]
        talking = asyncio.gather(
            *(_talk(sim, chat, where, pace, chance) for chat, where in zip(chats, chosen, strict=True))
        )
        for number in range(kills):
            # A tenth of the work passes between two deaths at least, and a process has time to come up.
            await asyncio.sleep(chance.uniform(0.5, 1.5) * MESSAGES * pace / kills)
            await asyncio.to_thread(bots[number % 2].end, signal.SIGKILL)
            bots[number % 2].start()
        await talking
        async with asyncio.timeout(_DONE_SECONDS):
            while await _unfinished(pool, people):  # noqa: ASYNC110  # what is waited for stands in a database
                await asyncio.sleep(0.2)
        for bot in bots:
            await asyncio.to_thread(bot.end, signal.SIGTERM)
    return await _judge(sim, pool, chats, kills)


def _folder(home: Path, name: str) -> Path:
    folder = home / name
    folder.mkdir()
    return folder


async def _talk(sim: Simulator, chat: int, where: tuple[str, str], pace: float, chance: random.Random) -> None:
    category, commune = where
    words = [f"/start c-{category}__x-{commune}", *(f"Hỏng rồi, tin {n:02}" for n in range(LINES)), "Tôi đồng ý"]
    for line in words:
        await asyncio.sleep(chance.uniform(0, 2 * pace))
        Actor(sim, chat).text(line)


async def _unfinished(pool: Pool, people: int) -> bool:
    query = """
        SELECT count(*) = $1 AND bool_and(processed_at IS NOT NULL)
           AND NOT EXISTS (SELECT 1 FROM outbox WHERE status IN ('queued', 'sending'))
        FROM inbox
    """
    return not await pool.fetchval(query, people * MESSAGES)


async def _judge(sim: Simulator, pool: Pool, chats: list[int], kills: int) -> Soaked:
    answered = lost = doubled = disordered = 0
    for chat in chats:
        told = [m.get("text", "") for m in sim.chat(chat).messages.values() if m["from"]["is_bot"]]
        lines = [tuple(_LINE.findall(text)) for text in told]
        doubled += len(told) - len(set(told))
        # Every answer has the lines so far, none missing; later ones have more.
        whole = all(line == tuple(f"{n:02}" for n in range(len(line))) for line in lines)
        counts = [len(line) for line in lines if line]
        disordered += not (whole and counts == sorted(counts))
        lost += await pool.fetchval(_MISSING, str(chat), "\n".join(f"Hỏng rồi, tin {n:02}" for n in range(LINES)))
        answered += len([line for line in lines if line])
        lost += abs(len(told) - await pool.fetchval(_ARRIVED, str(chat), len(told)))
    uncertain = await pool.fetchval("SELECT count(*) FROM outbox WHERE status = 'uncertain'")
    return Soaked(len(chats) * MESSAGES, kills, answered, lost, doubled, disordered, uncertain)


_MISSING = """
    SELECT (count(*) FILTER (WHERE r.body = $2) <> 1 OR count(*) <> 1)::int
    FROM channel_identities i JOIN report_contacts c USING (citizen_id) JOIN reports r USING (report_id)
    WHERE i.channel_user_id = $1
"""
# An uncertain answer may have arrived or not.
_ARRIVED = """
    SELECT least(greatest($2::int, count(*) FILTER (WHERE status = 'sent')),
                 count(*) FILTER (WHERE status IN ('sent', 'uncertain')))::int
    FROM outbox WHERE chat_id = $1
"""
