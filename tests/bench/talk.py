"""How much a citizen has to say: messages from hello to the code, in the recorded conversations that the tests play
through every channel (``tests/channels``)."""

import statistics

from tests.bench import Figure
from tests.channels.recorded import MEDIAN, book


async def run() -> list[Figure]:
    counts = [conversation.messages for conversation in book().conversations]
    median, most = float(statistics.median(counts)), float(max(counts))
    return [
        Figure(f"messages to the code, median of {len(counts)} conversations", median, "", "bar", MEDIAN,
               median / MEDIAN, f"≤ {MEDIAN}", median <= MEDIAN),
        Figure("messages to the code, most", most, "", "median", median, most / median, "told, no bar", True),
    ]  # fmt: skip
