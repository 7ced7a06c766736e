"""People for the bot benchmark, inside the local Bot API server, in a process of its own: each sends a report in four
messages, waits for every answer, thinks, and begins again.

    python -m tests.bench._crowd PORT PEOPLE SECONDS

Prints one JSON object: the wrong answers, the milliseconds from a message to its answer in a steady crowd and
when all write in the same instant, and when the steady part began and ended.
"""

import asyncio
import json
import random
import sys
import time

import uvicorn
import uvloop

from bot.simulator.actor import Actor
from bot.simulator.core import Simulator
from bot.simulator.model import Person
from bot.simulator.server import create_app
from bot.telegram.client import SIMULATOR_TOKEN

# What somebody says, and what the answer must have in it: anything else is an answer lost or out of order.
TALK = (
    ("Đèn đường hỏng đã ba hôm ở phường An Xuyên", "đúng không"),
    ("đúng rồi", "xem lại"),
    ("đồng ý", "Đã gửi"),
    ("cảm ơn", "cảm ơn"),
)
SAME, OTHER = "hình như", ("không phải", "xem lại")
"""Everybody reports the same lamp; whoever is offered another's report says that it is another."""
THINK = (2.0, 4.0)
BURSTS = 5


class Crowd:
    def __init__(self, sim: Simulator, people: int) -> None:
        self._sim = sim
        self._people = [sim.add_person(f"Dân {n}") for n in range(people)]
        self._random = random.Random(1)  # when people write, not what is secret
        self.wrong: list[tuple[str, str]] = []

    async def _say(self, person: Person, words: str, expected: str) -> float:
        """Milliseconds until the answer."""
        chat = self._sim.chat(person.id)
        Actor(self._sim, person.id).text(words)
        began, version = time.perf_counter(), chat.version
        await self._sim.pulse.until(lambda: chat.version > version, 60)
        took = (time.perf_counter() - began) * 1000
        got = list(chat.messages.values())[-1].get("text", "")
        if expected not in got and SAME not in got:
            self.wrong.append((words, got))
        return took

    async def steady(self, seconds: float) -> list[float]:
        """Everybody talks, each at their own pace."""
        end = time.perf_counter() + seconds
        taken: list[float] = []

        async def live(person: Person) -> None:
            await asyncio.sleep(self._random.uniform(0, THINK[1]))
            while time.perf_counter() < end:
                for words, expected in TALK:
                    taken.append(await self._say(person, words, expected))
                    await asyncio.sleep(self._random.uniform(*THINK))
                    if SAME in list(self._sim.chat(person.id).messages.values())[-1].get("text", ""):
                        taken.append(await self._say(person, *OTHER))
                        await asyncio.sleep(self._random.uniform(*THINK))

        await asyncio.gather(*(live(person) for person in self._people))
        return taken

    async def at_once(self) -> list[float]:
        """Everybody in the same instant, some times over."""
        taken = []
        for _ in range(BURSTS):
            taken += await asyncio.gather(*(self._say(person, "/trogiup", "113") for person in self._people))
        return taken


async def main(port: int, people: int, seconds: float) -> None:
    sim = Simulator(SIMULATOR_TOKEN)
    config = uvicorn.Config(create_app(SIMULATOR_TOKEN, sim=sim), port=port, log_level="warning", access_log=False)
    server = uvicorn.Server(config)
    serving = asyncio.create_task(server.serve())
    await sim.pulse.until(lambda: sim.updates.is_listening(time.monotonic()), 60)
    crowd = Crowd(sim, people)
    await crowd.steady(5)  # processes and connections get warm
    crowd.wrong.clear()
    marks = [time.time()]
    steady = await crowd.steady(seconds)
    marks.append(time.time())
    burst = await crowd.at_once()
    print(json.dumps({"steady": steady, "burst": burst, "wrong": crowd.wrong, "marks": marks}), flush=True)  # noqa: T201  # the answer
    sim.pulse.close()
    server.should_exit = True
    await serving


if __name__ == "__main__":
    uvloop.run(main(int(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3])))
