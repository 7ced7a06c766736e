"""``phananh import`` as somebody who brings an older system's list meets it."""

import asyncio
import tomllib
from pathlib import Path

import pytest

from app.cli.common import fail
from app.db import Pool
from tests.cli.test_commands import Shell
from tests.importing.lists import MAPPING, a_list, many
from tests.small_world import settled as settled

ROWS = 560
"""More than one transaction."""


@pytest.fixture
def phananh(tmp_path: Path, database_url: str) -> Shell:
    return Shell(tmp_path, database_url)


@pytest.fixture
def mapping(tmp_path: Path) -> str:
    path = tmp_path / "cu.toml"
    path.write_text(MAPPING, encoding="utf-8")
    return str(path)


async def _reports(pool: Pool) -> int:
    count: int = await pool.fetchval("SELECT count(*) FROM reports")
    return count


_WAITS = """
    SELECT EXISTS (
        SELECT FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query LIKE '%INTO import_faults%'
        AND datname = current_database()
    )
"""


async def killed_while_writing(pool: Pool, phananh: Shell, *command: str) -> None:
    """Start an import whose second batch has a row that is refused, and kill it while it writes that down."""
    async with pool.acquire() as conn:
        holding = conn.transaction()
        await holding.start()
        await conn.execute("LOCK TABLE import_faults")
        taking = phananh.start(*command)
        try:
            while not await pool.fetchval(_WAITS):
                assert taking.poll() is None
                await asyncio.sleep(0.02)
        finally:
            taking.kill()
            taking.wait()
        await holding.rollback()


async def test_a_trial_says_what_would_happen_and_writes_nothing(
    settled: Pool, phananh: Shell, tmp_path: Path, mapping: str
) -> None:
    path = a_list(tmp_path / "cu.csv", *many(4), {"Mã": "X", "Lĩnh vực": "Cây xanh"})
    done = phananh("import", "csv", str(path), "--map", mapping, "--lang", "en")
    assert done.returncode == 2, done.stderr
    for words in ("nothing has been written", "pothole", "category: 1 × “Cây xanh”", "line 6, column “Lĩnh vực”"):
        assert words in done.stdout
    assert "Nguyễn Thị Lan" not in done.stdout + done.stderr
    assert await _reports(settled) == 0
    proposal = phananh("import", "csv", "--columns", str(path), "--lang", "en", COLUMNS="30")
    assert proposal.returncode == 0, proposal.stderr
    assert tomllib.loads(proposal.stdout)["source"] == "cu"


async def test_killed_in_the_middle_it_goes_on_where_it_was(
    settled: Pool, phananh: Shell, tmp_path: Path, mapping: str
) -> None:
    rows = [row | {"Mã": f"K-{n}"} for n, row in enumerate(many(ROWS))]
    rows[-1] |= {"Ngày gửi": "?"}
    path = a_list(tmp_path / "cu.csv", *rows)
    command = ("import", "csv", str(path), "--map", mapping, "--go", "--lang", "en")
    before = await _reports(settled)
    await killed_while_writing(settled, phananh, *command)
    assert await _reports(settled) == before + 500
    done = phananh(*command)
    assert done.returncode == 2, done.stderr
    assert await _reports(settled) == before + ROWS - 1
    (run,) = await settled.fetch("SELECT * FROM import_runs")
    assert (run["rows_done"], run["fresh"], run["same"], run["refused"]) == (ROWS, ROWS - 1, 0, 1)
    assert run["finished_at"] is not None
    refused = path.with_name("cu.csv.refused.csv").read_text(encoding="utf-8-sig").splitlines()
    assert len(refused) == 2
    assert f"K-{ROWS - 1}" in refused[1]
    listed = phananh("import", "list", COLUMNS="250")
    assert f"│ {ROWS - 1}" in listed.stdout
    faults = phananh("import", "faults", str(run["run_id"]), "--lang", "en")
    assert f"K-{ROWS - 1}: line {ROWS + 1}, column “Ngày gửi”" in faults.stdout
    assert phananh("audit", "verify").returncode == 0
    assert phananh("stats", "verify").returncode == 0


@pytest.mark.parametrize(
    ("command", "words"),
    [
        (("csv", "{list}"), "--columns"),
        (("csv", "/no/such/file.csv", "--map", "{map}"), "/no/such/file.csv"),
        (("fixmystreet", "{list}"), "Report ID"),
    ],
)
def test_what_cannot_be_read_is_said_in_a_sentence(
    phananh: Shell, tmp_path: Path, mapping: str, command: tuple[str, ...], words: str
) -> None:
    path = a_list(tmp_path / "cu.csv", *many(1))
    done = phananh("import", *(each.format(list=path, map=mapping) for each in command))
    assert done.returncode == 2
    assert done.stderr.strip().startswith("✗")
    assert words in done.stderr
    assert "Traceback" not in done.stderr


def test_a_table_of_the_mapping_is_named_as_it_is_written(capsys: pytest.CaptureFixture[str]) -> None:
    fail(["[values.category]: “Điện”"])
    assert "✗ [values.category]: “Điện”" in capsys.readouterr().err
