"""``phananh import open311`` as somebody meets it who brings another city's requests, and whose machine dies twice."""

import asyncio
from pathlib import Path

import pytest

from app.db import Pool
from tests.cli.test_commands import Shell
from tests.cli.test_importing import killed_while_writing
from tests.importing.elsewhere import elsewhere, one
from tests.small_world import settled as settled

ROWS = 560
"""More than one transaction."""
MAPPING = """
source = "Thành phố bên"
[values.category]
pothole = "pothole"
[values.agency]
"*" = ""
"""


@pytest.fixture
def phananh(tmp_path: Path, database_url: str) -> Shell:
    shell = Shell(tmp_path, database_url)
    shell.env["PHANANH_NETWORKS"] = "127.0.0.0/8"
    return shell


async def test_killed_in_the_pull_and_in_the_writing_it_goes_on_where_it_was(
    settled: Pool, phananh: Shell, tmp_path: Path
) -> None:
    (tmp_path / "noi-khac.toml").write_text(MAPPING, encoding="utf-8")
    async with elsewhere() as there:
        there.requests = [one(n) for n in range(ROWS - 1)] + [one(ROWS, status="?")]
        command = ("import", "open311", there.url, "--map", str(tmp_path / "noi-khac.toml"), "--go", "--lang", "en")
        there.before = lambda _, query: None if query.get("end_date", "") > "2025-03-05" else "usual"
        pulling = phananh.start(*command)
        try:
            await asyncio.wait_for(there.hanging.wait(), 60)
        finally:
            pulling.kill()
            pulling.wait()
        assert await settled.fetchval("SELECT count(*) FROM imported_reports") == 0
        there.before = lambda _, __: "usual"
        there.asked.clear()
        await killed_while_writing(settled, phananh, *command)
        assert await settled.fetchval("SELECT count(*) FROM imported_reports") == 500
        assert min(query["start_date"] for _, query in there.asked if query) > "2024-12"
        there.asked.clear()
        done = await asyncio.to_thread(phananh, *command)
        assert done.returncode == 2, done.stderr
        assert there.asked == []
    (run,) = await settled.fetch("SELECT * FROM import_runs")
    assert (run["kind"], run["read_from"], run["seen_until"] is None) == ("open311", there.url, False)
    assert (run["rows_done"], run["fresh"], run["same"], run["refused"]) == (ROWS, ROWS - 1, 0, 1)
    assert "1 refused rows are in" in done.stdout
    (refused,) = (tmp_path / "imports").iterdir()  # what was pulled is gone
    assert refused.name.endswith(".refused.csv")
    assert f"R-{ROWS}" in refused.read_text(encoding="utf-8-sig")
