"""compose.yaml as data, and its secrets as deploy/setup.sh makes them."""

import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).parent.parent
TOKEN = "123456:compose-test_A"
OURS = ("migrate", "api", "worker", "bot")
_VARIABLE = re.compile(r"\$\{(\w+):-([^}]*)\}")


def compose(**variables: str) -> dict[str, Any]:
    """The file with its variables put in: those given, else their defaults."""
    loaded: dict[str, Any] = _filled(yaml.safe_load((ROOT / "compose.yaml").read_text(encoding="utf-8")), variables)
    return loaded


def _filled(value: Any, variables: dict[str, str]) -> Any:
    match value:
        case dict():
            return {key: _filled(one, variables) for key, one in value.items()}
        case list():
            return [_filled(one, variables) for one in value]
        case str():
            text = _VARIABLE.sub(lambda found: variables.get(found[1]) or found[2], value)
            assert "$" not in text, "only ${NAME:-default} is understood here"
            return text
    return value


def make_secrets(folder: Path, token: str = TOKEN) -> Path:
    """What an operator does first. Gives the folder of secrets."""
    shutil.copytree(ROOT / "deploy", folder / "deploy", ignore=shutil.ignore_patterns("secrets"), dirs_exist_ok=True)
    subprocess.run(["sh", "deploy/setup.sh"], cwd=folder, input=f"{token}\n".encode(), check=True, capture_output=True)
    return folder / "deploy" / "secrets"


def environment(service: str, secrets: Path, **variables: str) -> dict[str, str]:
    """What the service's process sees, with the container's paths turned into those of this machine."""
    given = compose(**variables)["services"][service]["environment"]
    inside = {"/run/secrets/": f"{secrets}/", "/etc/phananh/": f"{ROOT}/"}
    values = {}
    for name, value in given.items():
        assert isinstance(value, str), f"{name} must be in quotes: YAML reads {value!r} otherwise"
        for path, here in inside.items():
            value = value.replace(path, here) if value.startswith(path) else value
        values[name] = value
    return {"PATH": os.environ["PATH"], **values}
