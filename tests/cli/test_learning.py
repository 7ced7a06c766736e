"""``phananh rules learn`` on a database with handled reports."""

import asyncio
import os
import subprocess
import sys
from pathlib import Path

from app.db import Pool
from app.reports.intake import file_report
from app.routing import service as routing
from tests import small_world as world
from tests.small_world import settled  # noqa: F401  # a fixture

ROOT = Path(__file__).parents[2]
_WHERE = ("trước chợ", "sau trường", "cạnh bến đò", "trong hẻm", "ngoài lộ", "đầu cầu", "bên sông", "gần đình")
_WHEN = ("hôm qua", "tối nay", "từ tuần trước", "mấy bữa nay", "cả tháng rồi", "sáng nay", "hồi chiều", "lâu nay")
_WHAT = {"pothole": "lởm chởm khó đi", "street-light": "tối hù không thấy lối", "noise": "ca hát inh ỏi"}


async def test_it_prints_how_well_it_did_and_the_model_is_in_use(
    settled: Pool,  # noqa: F811  # the fixture
    database_url: str,
    tmp_path: Path,
) -> None:
    for category, what in _WHAT.items():
        for where in _WHERE:
            for when in (*_WHEN, "rồi đó"):
                new = world.new(category=category, text=f"{where} {what} {when}")
                await file_report(settled, world.RULES, world.GAZETTEER, world.KEY, new, world.MONDAY)
    await settled.execute("UPDATE reports SET status = 'resolved', resolved_at = submitted_at")
    rules = tmp_path / "rules.yaml"
    rules.write_text(world.RULES.source, encoding="utf-8")
    env = {
        "PATH": os.environ.get("PATH", ""),
        "PHANANH_HOME": str(tmp_path),
        "PHANANH_DATABASE_URL": database_url,
        "PHANANH_RULES": str(rules),
        "COLUMNS": "200",
    }
    command = [sys.executable, "-m", "app.cli", "rules", "learn"]
    done = await asyncio.to_thread(
        subprocess.run, command, env=env, cwd=ROOT, capture_output=True, text=True, check=False, timeout=120
    )
    assert done.returncode == 0, done.stderr
    assert "Cross-validated on 216 handled reports" in done.stdout
    in_use = (await routing.active(settled)).model_version
    assert in_use
    assert f"model {in_use} is in use" in done.stdout
