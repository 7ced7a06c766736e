"""The ``phananh`` command as an operator meets it: what it prints and how it exits."""

import re
from pathlib import Path

import pytest

from tests.cli.shell import ROOT
from tests.cli.shell import Shell as Shell


@pytest.fixture
def phananh(tmp_path: Path, database_url: str) -> Shell:
    return Shell(tmp_path, database_url)


def test_every_wrong_setting_is_named_at_once_and_nothing_starts(phananh: Shell) -> None:
    done = phananh("api", PHANANH_PORT="abc", PHANANH_TYPO="1", PHANANH_LOG_LEVEL="loud")
    assert done.returncode == 2
    for name in ("PHANANH_PORT", "PHANANH_TYPO", "PHANANH_LOG_LEVEL"):
        assert name in done.stderr
    assert "Traceback" not in done.stderr


def test_a_mistake_in_the_rules_stops_the_start_with_line_and_column(phananh: Shell, tmp_path: Path) -> None:
    shipped = (ROOT / "routing_rules.yaml").read_text(encoding="utf-8")
    broken = tmp_path / "broken.yaml"
    broken.write_text(shipped.replace("kind: operations_centre", "kind: operation_centre", 1), encoding="utf-8")
    line = 1 + broken.read_text(encoding="utf-8").split("kind: operation_centre")[0].count("\n")
    done = phananh("worker", PHANANH_RULES=str(broken))
    assert done.returncode == 2
    assert f"broken.yaml:{line}:" in done.stderr
    assert "operations_centre" in done.stderr
    assert "Traceback" not in done.stderr


def test_the_shipped_rules_pass_their_check(phananh: Shell) -> None:
    done = phananh("rules", "check")
    assert done.returncode == 0, done.stderr
    assert "routing_rules.yaml" in done.stdout


def test_a_database_that_does_not_answer_is_one_sentence(phananh: Shell) -> None:
    done = phananh("migrate", PHANANH_DATABASE_URL="postgresql://nobody@127.0.0.1:9/none")
    assert done.returncode == 1
    assert "phananh doctor" in done.stderr
    assert "Traceback" not in done.stderr


def test_an_account_is_made_once_and_its_password_shown(phananh: Shell) -> None:
    wanted = ("staff", "add", "lan", "--full-name", "Nguyễn Thị Lan", "--agency", "so-xay-dung", "--role", "officer")
    made = phananh(*wanted)
    assert made.returncode == 0, made.stderr
    assert made.stdout.startswith("lan: ")
    again = phananh(*wanted)
    assert again.returncode == 2
    assert "lan" in again.stderr


def test_an_account_is_reset_closed_and_opened(phananh: Shell) -> None:
    made = phananh("staff", "add", "hoa", "--full-name", "Hoa", "--agency", "so-xay-dung", "--role", "lead")
    first = made.stdout.removeprefix("hoa: ")
    second = phananh("staff", "reset", "hoa")
    assert second.stdout.startswith("hoa: ")
    assert second.stdout.removeprefix("hoa: ") != first
    assert phananh("staff", "disable", "hoa").stdout == "hoa: disabled\n"
    assert phananh("staff", "enable", "hoa").stdout == "hoa: enabled\n"
    unknown = phananh("staff", "reset", "nobody")
    assert unknown.returncode == 2
    assert "Traceback" not in unknown.stderr


def test_a_chat_code_is_for_an_open_account_alone(phananh: Shell) -> None:
    phananh("staff", "add", "bich", "--full-name", "Bích", "--agency", "so-xay-dung", "--role", "officer")
    assert re.fullmatch(r"/canbo [0-9A-Z]{4}-[0-9A-Z]{4}\n", phananh("staff", "chat-code", "bich").stdout)
    phananh("staff", "disable", "bich")
    for name in ("bich", "nobody"):
        refused = phananh("staff", "chat-code", name)
        assert (refused.returncode, "Traceback" in refused.stderr) == (2, False)


def test_a_table_of_accounts_is_tried_and_then_taken_once(phananh: Shell, tmp_path: Path) -> None:
    table = tmp_path / "staff.csv"
    line = "ut.le,Lê Thị Út,so-xay-dung,officer,,street-light,32002"
    table.write_text(f"username,full_name,agency,role,email,categories,communes\n{line}\n", encoding="utf-8")
    tried = phananh("staff", "import", str(table), "--dry-run")
    assert tried.stdout == "ut.le: new\nwould be: 1 new, 0 changed, 0 same\n", tried.stderr
    taken = phananh("staff", "import", str(table))
    assert taken.stdout.endswith("\n1 new, 0 changed, 0 same\n")
    assert len(taken.stdout.splitlines()[0]) == len("ut.le: abcd-efgh-jkmn-pqrs")
    assert phananh("staff", "import", str(table)).stdout == "0 new, 0 changed, 1 same\n"
    table.write_text("username,full_name,agency,role\nA b,,none,boss\n", encoding="utf-8")
    refused = phananh("staff", "import", str(table))
    assert refused.returncode == 2
    assert refused.stderr.count("Line 2:") == 4
    assert phananh("staff", "import", str(tmp_path / "none.csv")).returncode == 2


def test_an_account_in_no_agency_or_role_is_refused(phananh: Shell) -> None:
    nowhere = phananh("staff", "add", "minh", "--full-name", "Minh", "--agency", "so-la", "--role", "officer")
    assert nowhere.returncode == 2
    assert "so-la" in nowhere.stderr
    boss = phananh("staff", "add", "minh", "--full-name", "Minh", "--agency", "so-xay-dung", "--role", "boss")
    assert boss.returncode == 2
    assert "coordinator" in boss.stderr


def test_an_empty_history_verifies_and_an_unknown_code_is_refused(phananh: Shell) -> None:
    assert phananh("audit", "verify").returncode == 0
    unknown = phananh("audit", "verify", "--report", "PA-0000-0001")
    assert unknown.returncode == 2
    assert "PA-0000-0001" in unknown.stderr


def test_a_boundary_file_that_is_none_is_refused(phananh: Shell, tmp_path: Path) -> None:
    (tmp_path / "communes.geojson").write_text("not json")
    done = phananh("places", "import", str(tmp_path / "communes.geojson"))
    assert done.returncode == 2
    assert "communes.geojson" in done.stderr


@pytest.mark.parametrize("command", ["simulator", "demo"])
def test_nothing_is_played_beside_a_real_bot(phananh: Shell, command: str) -> None:
    done = phananh(command, PHANANH_TELEGRAM_TOKEN="123456789:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA")
    assert done.returncode == 2
    assert "PHANANH_TELEGRAM_TOKEN" in done.stderr
    assert "AAAA" not in done.stderr + done.stdout


def test_with_too_few_handled_reports_nothing_is_learned(phananh: Shell) -> None:
    done = phananh("rules", "learn")
    assert done.returncode == 2
    assert "only 0 handled reports; at least 200" in done.stderr
    assert "Traceback" not in done.stderr


def test_erasing_needs_one_person_or_all_that_are_due_and_knows_who_exists(phananh: Shell) -> None:
    assert phananh("privacy", "list").stdout.strip() == "nobody is waiting"
    assert "nobody's time is up" in phananh("privacy", "erase", "--due", "--yes").stdout
    nobody = "0198c6a2-0000-7000-8000-000000000000"
    for wrong in ((), ("PA-0000-0000", "--due"), ("PA-0000-0000", "--yes"), (nobody, "--yes")):
        done = phananh("privacy", "erase", *wrong)
        assert done.returncode == 2, done.stdout
        assert "Traceback" not in done.stderr
