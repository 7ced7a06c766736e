"""``phananh rules check`` and ``explain`` as a person runs them."""

import json
from pathlib import Path

import pytest

from tests.cli.test_commands import Shell, phananh
from tests.routing.small import SMALL, changed

__all__ = ["phananh"]  # the fixture


@pytest.fixture
def write(tmp_path: Path) -> Path:
    return tmp_path / "rules.yaml"


def test_mistakes_end_with_2_and_warnings_with_0(phananh: Shell, write: Path) -> None:
    write.write_text(changed(("{agency: roads}", "{agency: rods}")), encoding="utf-8")
    bad = phananh("rules", "check", str(write), "--lang", "en")
    assert bad.returncode == 2
    assert "rules.yaml:69:20: There is no agency “rods”. Did you mean “roads”?" in bad.stderr
    write.write_text(SMALL, encoding="utf-8")
    good = phananh("rules", "check", str(write), "--lang", "en")
    assert good.returncode == 0, good.stderr
    assert "rules.yaml:14:3: No rule uses the area “inner-city”." in good.stderr
    assert "3 rules, 4 categories, 4 agencies, 0 examples" in good.stdout


def test_a_commune_that_does_not_exist_is_found_without_a_database(phananh: Shell, write: Path) -> None:
    write.write_text(changed(('"32014"]', '"99999"]')), encoding="utf-8")
    done = phananh("rules", "check", str(write))
    assert done.returncode == 2
    assert "99999" in done.stderr


def test_gaps_are_a_table(phananh: Shell, write: Path) -> None:
    write.write_text(SMALL, encoding="utf-8")
    done = phananh("rules", "check", str(write), "--lang", "en")
    assert "Reports that only the fallback takes" in done.stdout
    assert "Noise" in done.stdout
    assert "Pothole" not in done.stdout


def test_explain_says_who_by_when_and_why_in_text_and_as_json(phananh: Shell) -> None:
    given = ("rules", "explain", "hát karaoke ồn ào", "--place", "phường 5 TP Cà Mau", "--time", "2026-11-05 23:15")
    told = phananh(*given)
    assert told.returncode == 0, told.stderr
    for said in ("Phường Tân Thành", "Công an tỉnh Cà Mau (cong-an-tinh)", "UBND phường Tân Thành", "on-ban-dem", "✗"):
        assert said in told.stdout
    found = json.loads(phananh(*given, "--json").stdout)
    assert (found["rule"], found["agency"], found["urgency"]) == ("on-ban-dem", "cong-an-tinh", "urgent")
    assert found["handling_due"] == "2026-11-06T03:15:00+07:00"
    assert found["guesses"][0]["category"] == "noise"


@pytest.mark.parametrize(
    "options",
    [("--place", "Sao Hỏa"), ("--time", "mai"), ("--category", "spaceship"), ("--channel", "fax"), ("--point", "x")],
)
def test_what_cannot_be_understood_ends_with_2_and_a_sentence(phananh: Shell, options: tuple[str, str]) -> None:
    done = phananh("rules", "explain", "rác", *options)
    assert done.returncode == 2
    assert options[1] in done.stderr
    assert "Traceback" not in done.stderr
