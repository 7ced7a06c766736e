"""``phananh stats`` as somebody who counts meets it."""

import asyncio
from pathlib import Path

import pytest

from app.db import Pool
from app.reports.model import Status
from tests import small_world as world
from tests.cli.test_commands import Shell
from tests.small_world import settled as settled


@pytest.fixture
def phananh(tmp_path: Path, database_url: str) -> Shell:
    return Shell(tmp_path, database_url)


async def test_figures_are_shown_proved_and_worked_out_anew(settled: Pool, phananh: Shell) -> None:
    await world.reach(settled, Status.CLOSED)
    await world.reach(settled, Status.IN_PROGRESS)
    shown = phananh("stats", "show", "--from", "2026-03-01", "--to", "2026-04-01", "--by", "agency", "--lang", "en")
    assert shown.returncode == 0, shown.stderr
    rows = {line.split("│")[1].strip(): line for line in shown.stdout.splitlines() if line.count("│") > 2}
    assert rows["Received"].split("│")[2].strip() == "2"
    assert "100.0 %" in rows["On-time rate"]
    exact = phananh("stats", "show", "--from", "2026-03-01", "--to", "2026-04-01", "--exact", "--lang", "en")
    assert exact.returncode == 0, exact.stderr
    assert "Time to resolve, median" in exact.stdout
    done = phananh("stats", "verify")
    assert (done.returncode, done.stdout.strip()) == (0, "✓ 0 differences")
    await settled.execute("UPDATE stats_sums_0 SET received = received + 1 WHERE grain = 0")
    wrong = phananh("stats", "verify")
    assert wrong.returncode == 1
    assert "received of the half day of 2026-03-01 17:00Z, all: 2 happened, 3 in the sums" in wrong.stdout
    assert phananh("stats", "rebuild").returncode == 0
    assert phananh("stats", "verify").returncode == 0


async def test_a_file_is_written_where_it_is_wanted(settled: Pool, phananh: Shell, tmp_path: Path) -> None:
    await world.reach(settled, Status.CLOSED)
    done = phananh("export", "csv", "--period", "2026-03", "--agency", "roads", "-o", "-")
    assert done.returncode == 0, done.stderr
    head, *rows = done.stdout.removeprefix("\ufeff").splitlines()
    assert head.startswith("Mã phản ánh,Gửi lúc")
    assert rows
    assert all("Sở Xây dựng" in row for row in rows)
    assert f"{len(rows)} reports" in done.stderr
    assert phananh("export", "xlsx", "--period", "2026-03", "-o", str(tmp_path / "book.xlsx")).returncode == 0
    assert (tmp_path / "book.xlsx").read_bytes().startswith(b"PK")


@pytest.mark.parametrize(
    "wrong",
    [
        ("doc", "-o", "-"),
        ("csv", "-o", "-", "--period", "2026-13"),
        ("csv", "-o", "/no/such/folder/list.csv"),
    ],
)
def test_a_file_that_cannot_be_made_is_said_in_a_sentence(phananh: Shell, wrong: tuple[str, ...]) -> None:
    done = phananh("export", *wrong)
    assert done.returncode == 2
    assert done.stderr.strip().startswith("✗")
    assert done.stdout == ""


async def test_a_rebuild_that_is_killed_in_the_middle_changes_nothing(settled: Pool, phananh: Shell) -> None:
    await world.reach(settled, Status.CLOSED)
    assert phananh("stats", "verify").returncode == 0
    await world.file(settled, channel="open311")
    async with settled.acquire() as conn:
        before = await conn.fetchval("SELECT generation FROM stats_state")
        holding = conn.transaction()
        await holding.start()
        # Somebody else is just giving the word a code: the rebuild waits for that in the middle of its work.
        await conn.execute("INSERT INTO stats_words (word) VALUES ('open311')")
        rebuilding = phananh.start("stats", "rebuild")
        try:
            while not await settled.fetchval(_WAITS):
                assert rebuilding.poll() is None
                await asyncio.sleep(0.02)
        finally:
            rebuilding.kill()
            rebuilding.wait()
        assert await settled.fetchval(f"SELECT to_regclass('stats_occurrences_{before + 1}')") is not None
        await holding.rollback()
    assert await settled.fetchval("SELECT generation FROM stats_state") == before
    assert phananh("stats", "verify").returncode == 0
    assert phananh("stats", "rebuild").returncode == 0
    assert phananh("stats", "verify").returncode == 0


_WAITS = """
    SELECT EXISTS (
        SELECT FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query LIKE 'INSERT INTO stats_words%'
        AND datname = current_database()
    )
"""


def test_what_cannot_be_asked_is_said_in_a_sentence(phananh: Shell) -> None:
    for command in (
        ("--from", "2026-03-01", "--to", "2026-02-01"),
        ("--from", "2026-03-01", "--to", "2026-04-01", "--by", "mood"),
    ):
        done = phananh("stats", "show", *command)
        assert done.returncode == 2
        assert "Traceback" not in done.stderr
