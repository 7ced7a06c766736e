"""Changing the rules from the command line: look, try, put into force, go back."""

import csv
import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from app.db import Pool
from app.reports.workflow import Act
from app.routing.ruleset import load
from tests import small_world as world
from tests.cli.test_commands import Shell
from tests.routing.small import emptied

OLD, NEW = "{group: streets}, then: {agency: roads}", "{group: streets}, then: {agency: police}"


@pytest.fixture(scope="module")
async def filled(pool: Pool) -> Pool:
    """The small world with two potholes and a noise in it."""
    await emptied(pool)
    await world.settle(pool)
    for category in ("pothole", "pothole", "noise"):
        await world.file(pool, category=category)
    return pool


@pytest.fixture
def phananh(tmp_path: Path, database_url: str, filled: Pool) -> Shell:
    # The file on disk says something else all the time: no command here may take it.
    (tmp_path / "on_disk.yaml").write_text(world.RULES.source.replace("Ổ gà", "Ổ voi"), encoding="utf-8")
    shell = Shell(tmp_path, database_url)
    shell.env["PHANANH_RULES"] = str(tmp_path / "on_disk.yaml")
    return shell


@pytest.fixture
def candidate(tmp_path: Path) -> Path:
    assert OLD in world.RULES.source
    path = tmp_path / "candidate.yaml"
    path.write_text(world.RULES.source.replace(OLD, NEW), encoding="utf-8")
    return path


def test_a_candidate_is_compared_with_what_is_in_force(phananh: Shell, candidate: Path) -> None:
    done = phananh("rules", "diff", str(candidate), "--lang", "en")
    assert (done.returncode, done.stdout) == (0, "~ Rule streets: changed\n    then.agency: roads → police\n"), (
        done.stderr
    )
    found = json.loads(phananh("rules", "diff", str(candidate), "--json").stdout)
    assert [(one["name"], one["change"], one["details"][0]["new"]) for one in found] == [
        ("streets", "changed", "police")
    ]
    same = phananh("rules", "diff", str(candidate), "--against", "0000")
    assert same.returncode == 2
    assert "0000" in same.stderr


def test_a_candidate_is_tried_on_history(phananh: Shell, candidate: Path, tmp_path: Path) -> None:
    shown = phananh("rules", "replay", str(candidate), "--csv", str(tmp_path / "changed.csv"))
    assert shown.returncode == 0, shown.stderr
    assert "another answer: 2 (66.7%)" in shown.stdout
    with (tmp_path / "changed.csv").open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [(row["agency"], row["new_agency"], row["category"]) for row in rows] == [("roads", "police", "pothole")] * 2
    assert all(row["code"].startswith("PA-") and row["commune"] == "Phường An Xuyên" for row in rows)
    counted = json.loads(phananh("rules", "replay", str(candidate), "--json", "--since", "2026-01-01").stdout)
    assert (counted["reports"], counted["agency"]) == (3, 2)
    assert (
        json.loads(phananh("rules", "replay", str(candidate), "--json", "--since", "2027-01-01").stdout)["reports"] == 0
    )


def test_a_candidate_with_mistakes_goes_nowhere(phananh: Shell, candidate: Path) -> None:
    candidate.write_text(candidate.read_text(encoding="utf-8").replace("agency: police", "agency: polise"), "utf-8")
    for command in (("apply", str(candidate), "--note", "thử"), ("diff", str(candidate)), ("replay", str(candidate))):
        done = phananh("rules", *command)
        assert done.returncode == 2
        assert "candidate.yaml:" in done.stderr
        assert "Traceback" not in done.stderr


async def test_rules_are_applied_recorded_and_taken_back(phananh: Shell, candidate: Path, filled: Pool) -> None:
    unsaid = phananh("rules", "apply", str(candidate), "--note", "")
    assert unsaid.returncode == 2
    applied = phananh("rules", "apply", str(candidate), "--note", "Công an nhận việc")
    assert applied.returncode == 0, applied.stderr
    assert await filled.fetchval("SELECT version FROM rule_sets WHERE active") == load(candidate).version
    again = phananh("rules", "apply", str(candidate), "--note", "Công an nhận việc")
    assert again.returncode == 2
    assert "in force already" in again.stderr
    back = phananh("rules", "rollback", "--note", "Công an trả lại")
    assert back.returncode == 0, back.stderr
    log = json.loads(phananh("rules", "history", "--json").stdout)
    assert [(one["how"], one["note"]) for one in log] == [
        ("rollback", "Công an trả lại"), ("command", "Công an nhận việc"), ("file", ""),
    ]  # fmt: skip
    assert log[0]["version"] == world.RULES.version
    assert log[1]["by"].endswith("(command line)")
    assert "Công an trả lại" in phananh("rules", "history").stdout


async def test_rules_that_send_wrongly_are_listed(phananh: Shell, filled: Pool) -> None:
    recent = (await world.file(filled, datetime.now(UTC), category="pothole")).report
    await world.do(filled, world.OFFICER, recent, Act.RETURN, at=datetime.now(UTC), text="Không thuộc thẩm quyền.")
    (streets,) = json.loads(phananh("rules", "misrouted", "--json", "--days", "2").stdout)
    assert (streets["rule_id"], streets["returned"], streets["ended_up"]) == (
        "streets", 1, [{"agency_id": "ioc", "reports": 1}],
    )  # fmt: skip
    assert "ioc 1" in phananh("rules", "misrouted", "--days", "2").stdout
