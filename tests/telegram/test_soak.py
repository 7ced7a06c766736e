"""A small soak; ``make bench`` has the large one (tests/bench/soak.py)."""

from pathlib import Path

from app.wiring import Parts
from tests.telegram.soak import LINES, MESSAGES, soak


async def test_a_crowd_loses_nothing_and_hears_nothing_twice_while_bots_are_killed(
    parts: Parts, database_url: str, tmp_path: Path
) -> None:
    communes = [c.code for c in parts.gazetteer.communes if c.province_code == parts.rules.province_code]
    found = await soak(tmp_path, database_url, parts.pool, parts.rules, communes, people=12, kills=4, pace=0.6)
    assert found.messages == 12 * MESSAGES
    assert (found.lost, found.doubled, found.disordered) == (0, 0, 0)
    # What judges it has seen what it judges: every line's answer but those on their way when a process died.
    assert found.answered + found.uncertain >= 12 * LINES
