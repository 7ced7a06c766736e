"""The operators' guides, in both languages, held against the program: settings, metrics, services, backups."""

import ast
import os
import re
import shlex
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from app.api.metrics import Metrics, Outward
from app.embedded import EmbeddedPostgres
from tests.compose import ROOT, compose

GUIDES = {"en": ROOT / "docs/operations.md", "vi": ROOT / "docs/vi/van-hanh.md"}
in_both_languages = pytest.mark.parametrize("lang", GUIDES)
SECRET = {"en": "*secret*", "vi": "*bí mật*"}


def rows(lang: str) -> dict[str, list[str]]:
    """Every row of every table, by what its first cell names."""
    lines = GUIDES[lang].read_text(encoding="utf-8").splitlines()
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines if line.startswith("| `")]
    return {first.strip("`"): rest for first, *rest in cells}


def settings_read() -> dict[str, tuple[object, bool]]:
    """Each setting that is read: its default, where that is written out, and whether it is a secret."""
    found: dict[str, tuple[object, bool]] = {}
    source = "\n".join(path.read_text(encoding="utf-8") for path in sorted((ROOT / "app" / "settings").glob("*.py")))
    for call in ast.walk(ast.parse(source)):
        match call:
            case ast.Call(func=ast.Attribute(value=ast.Name("read")), args=[ast.Constant(str(name)), *rest]):
                default = next((arg.value for arg in rest if isinstance(arg, ast.Constant)), None)
                found[f"PHANANH_{name}"] = default, any(word.arg == "secret" for word in call.keywords)
    return found


def words(default: object) -> str:
    return {True: "yes", False: "no"}[default] if isinstance(default, bool) else str(default)


@in_both_languages
def test_the_table_has_every_setting_and_no_other(lang: str) -> None:
    listed = {name: row for name, row in rows(lang).items() if name.startswith("PHANANH_")}
    read = settings_read()
    assert len(read) > 15
    assert listed.keys() == read.keys()
    for name, (default, secret) in read.items():
        shown, meaning = listed[name]
        assert (SECRET[lang] in meaning) == secret, name
        assert default is None or shown == f"`{words(default)}`", name


@in_both_languages
def test_the_guides_name_the_metrics_there_are(lang: str) -> None:
    known = set(re.findall(rb"^# TYPE (\w+)", Metrics().page(0.0, {"web": 1}, {"sent": 1}, Outward()), re.MULTILINE))
    listed = {name.encode() for name in rows(lang) if name.startswith("phananh_")}
    assert listed <= known
    assert len(listed) == 9


@in_both_languages
def test_the_guides_name_services_networks_and_variables_there_are(lang: str) -> None:
    text = GUIDES[lang].read_text(encoding="utf-8")
    file = compose()
    for line in re.findall(r"docker compose (?:exec|run|logs|restart|stop) ([^`\n#<>\\]*)", text):
        without = re.sub(r"--volume \S+|-\S+", "", line)
        assert without.split()[:1] in [[name] for name in file["services"]] or not without.strip(), line
    assert "phananh_back" in text
    assert "back" in file["networks"]
    variables = set(re.findall(r"\$\{(\w+):-", (ROOT / "compose.yaml").read_text(encoding="utf-8")))
    assert {name for name in rows(lang) if name.isupper() and not name.startswith("PHANANH_")} == variables


def test_both_guides_give_the_same_commands() -> None:
    commands = {
        lang: [
            line
            for line in path.read_text(encoding="utf-8").splitlines()
            if re.match(r"    (docker|sh|make|mkdir) ", line)
        ]
        for lang, path in GUIDES.items()
    }
    assert commands["en"] == commands["vi"]
    assert len(commands["en"]) > 12


def test_what_the_guide_backs_up_can_be_restored_and_its_history_verifies() -> None:
    """The guide's own pg_dump and pg_restore, from one server into another that is empty."""
    text = GUIDES["en"].read_text(encoding="utf-8")
    dump = shlex.split(re.findall(r"exec -T db (pg_dump [^>\n]*) > ", text)[0])
    restore = shlex.split(re.findall(r"exec -T db (pg_restore [^<\n]*) < ", text)[0])
    with tempfile.TemporaryDirectory(prefix="phananh-backup-") as folder:
        Path(folder).chmod(0o755)
        quick = {"fsync": "off"}
        first, second = (EmbeddedPostgres(Path(folder) / name, settings=quick) for name in ("first", "second"))
        first.start()
        second.start()
        try:
            assert phananh(Path(folder), first, "demo", "--reports", "3")
            saved = run(first, dump)
            assert len(saved) > 10_000
            run(second, restore, saved)
            reports = ["psql", "--username=phananh", "-XtAc", "SELECT count(*) FROM report_events", "phananh"]
            assert run(second, reports) == run(first, reports)
            assert "3 reports verified, no difference" in phananh(Path(folder), second, "audit", "verify")
        finally:
            first.stop()
            second.stop()


def run(server: EmbeddedPostgres, command: list[str], given: bytes = b"") -> bytes:
    program, *rest = command
    command = [str(server.bin / program), f"--host={server.socket}", *rest]
    return subprocess.run(command, input=given, check=True, capture_output=True).stdout


def phananh(home: Path, server: EmbeddedPostgres, *words: str) -> str:
    env = {"PATH": os.environ["PATH"], "PHANANH_HOME": str(home), "PHANANH_DATABASE_URL": server.url()}
    done = subprocess.run([sys.executable, "-m", "app.cli", *words], cwd=ROOT, env=env, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout
