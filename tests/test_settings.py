import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from app import settings
from app.accounts.model import Role
from app.settings import Settings, SettingsError
from app.settings.channels import Telegram

ROOT = Path(__file__).parent.parent
TOKEN = "123456:secret-token_A"
SECRET = "s" * 40
URL = "postgresql://phananh:very-secret@db.example/phananh"


@pytest.fixture
def home(tmp_path: Path) -> dict[str, str]:
    """The least a test sets, so that nothing is written into the checkout."""
    return {"PHANANH_HOME": str(tmp_path / "home"), "PHANANH_RULES": str(ROOT / "pyproject.toml")}


def problems(env: dict[str, str]) -> list[str]:
    with pytest.raises(SettingsError) as refused:
        settings.load(env)
    return refused.value.problems


def write(folder: Path, name: str, text: str) -> str:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return str(path)


def test_nothing_set_means_the_embedded_defaults(home: dict[str, str]) -> None:
    got = settings.load(home)
    assert got.embedded_database
    assert got.simulated
    assert got.s3 is None
    assert (got.host, got.port, got.simulator_port, got.bot_port) == (
        "127.0.0.1", 8000, 8081, 8082,
    )  # fmt: skip
    assert got.public_url == "http://localhost:8000"
    assert got.simulator_url == "http://127.0.0.1:8081"
    assert (got.database_pool, got.log_level, got.log_json) == (10, "INFO", True)


def test_people_are_left_to_sleep_unless_the_chat_is_only_played(home: dict[str, str]) -> None:
    assert settings.load(home).quiet_hours is None
    real = home | {"PHANANH_TELEGRAM_TOKEN": TOKEN}
    assert settings.load(real).quiet_hours == (21 * 60, 6 * 60 + 30)
    assert settings.load(real | {"PHANANH_QUIET_HOURS": "none"}).quiet_hours is None
    assert settings.load(home | {"PHANANH_QUIET_HOURS": "22:15 - 5:00"}).quiet_hours == (22 * 60 + 15, 300)
    for wrong in ("21-6", "25:00-06:00", "06:00-06:00", "21:00"):
        (problem,) = problems(home | {"PHANANH_QUIET_HOURS": wrong})
        assert "QUIET_HOURS must look like 21:00-06:30" in problem


def test_home_and_rules_default_to_the_working_folder(tmp_path: Path) -> None:
    write(tmp_path, "routing_rules.yaml", "")
    code = "from app import settings; s = settings.load({}); print(s.home, s.rules)"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, env={"PYTHONPATH": str(ROOT)}, capture_output=True, check=True
    )
    assert done.stdout.decode().split() == [str(tmp_path / "var"), "routing_rules.yaml"]


def test_the_environment_of_the_process_is_read_when_none_is_given(home: dict[str, str]) -> None:
    code = "from app import settings; print(settings.load().port)"
    env = {**home, "PHANANH_PORT": "8765", "PATH": os.environ["PATH"]}
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, env=env, capture_output=True, check=True)
    assert done.stdout.decode().strip() == "8765"


def test_everything_can_be_set(home: dict[str, str]) -> None:
    got = settings.load(
        home
        | {
            "PHANANH_DATABASE_URL": URL,
            "PHANANH_DATABASE_POOL": "25",
            "PHANANH_S3_ENDPOINT": "s3.example:8333",
            "PHANANH_S3_ACCESS_KEY": "access",
            "PHANANH_S3_SECRET_KEY": "hidden",
            "PHANANH_S3_BUCKET": "photos",
            "PHANANH_S3_REGION": "vn-1",
            "PHANANH_S3_TLS": "no",
            "PHANANH_TELEGRAM_TOKEN": TOKEN,
            "PHANANH_TELEGRAM_WEBHOOK_URL": "https://bot.example/telegram",
            "PHANANH_TELEGRAM_WEBHOOK_SECRET": "hook_secret-1",
            "PHANANH_HOST": "0.0.0.0",
            "PHANANH_PORT": "80",
            "PHANANH_SIMULATOR_PORT": "81",
            "PHANANH_BOT_PORT": "82",
            "PHANANH_PUBLIC_URL": "https://phananh.example/",
            "PHANANH_TILE_URL": "https://{s}.tiles.example:8443/{z}/{x}/{y}.png?key=k",
            "PHANANH_TILE_CREDIT": "© Sở",
            "PHANANH_SECRET_KEY": SECRET,
            "PHANANH_LOG_LEVEL": "debug",
            "PHANANH_LOG_JSON": "no",
        }
    )
    assert got.database_url == URL
    assert not got.embedded_database
    assert got.s3 == settings.S3("s3.example:8333", "access", "hidden", "photos", "vn-1", tls=False)
    assert got.telegram == Telegram(TOKEN, "https://bot.example/telegram", "hook_secret-1")
    assert not got.simulated
    assert (got.host, got.port, got.simulator_port, got.bot_port) == ("0.0.0.0", 80, 81, 82)
    assert got.public_url == "https://phananh.example"
    assert got.tiles is not None
    assert (got.tiles.credit, got.tiles.origin) == ("© Sở", "https://*.tiles.example:8443")
    assert got.secret_key == SECRET.encode()
    assert (got.database_pool, got.log_level, got.log_json) == (25, "DEBUG", False)


def test_a_database_address_may_name_a_socket_or_several_servers(home: dict[str, str]) -> None:
    for url in ("postgresql://phananh@/phananh?host=/run/postgresql", "postgres://u:p@db1:5432,db2:5432/phananh"):
        assert settings.load(home | {"PHANANH_DATABASE_URL": url}).database_url == url


def test_an_empty_variable_is_not_set(home: dict[str, str]) -> None:
    names = ("DATABASE_URL", "DATABASE_URL_FILE", "TELEGRAM_TOKEN", "S3_ENDPOINT", "PORT", "LOG_LEVEL", "S3_TLS")
    assert settings.load(home | {f"PHANANH_{name}": "" for name in names}).embedded_database


def test_other_programs_variables_are_none_of_our_business(home: dict[str, str]) -> None:
    assert settings.load(home | {"PORT": "nonsense", "PATH": "/bin", "XPHANANH_PORT": "1"}).port == 8000


@pytest.mark.parametrize("name", ["DATABASE_URL", "TELEGRAM_TOKEN", "SECRET_KEY"])
def test_a_secret_is_read_from_a_file_and_loses_its_line_end(name: str, home: dict[str, str], tmp_path: Path) -> None:
    value = {"DATABASE_URL": URL, "TELEGRAM_TOKEN": TOKEN, "SECRET_KEY": SECRET}[name]
    got = settings.load(home | {f"PHANANH_{name}_FILE": write(tmp_path, "secret", value + "\n")})
    token = got.telegram.token if got.telegram else None
    assert value in (got.database_url, token, got.secret_key.decode())


def test_keys_of_the_object_store_are_read_from_files(home: dict[str, str], tmp_path: Path) -> None:
    got = settings.load(
        home
        | {
            "PHANANH_S3_ENDPOINT": "s3.example",
            "PHANANH_S3_ACCESS_KEY_FILE": write(tmp_path, "a", "access\r\n"),
            "PHANANH_S3_SECRET_KEY_FILE": write(tmp_path, "b", "hidden"),
        }
    )
    assert got.s3 is not None
    assert (got.s3.access_key, got.s3.secret_key, got.s3.tls, got.s3.bucket) == ("access", "hidden", True, "phananh")


@pytest.mark.parametrize("name", ["DATABASE_URL", "TELEGRAM_TOKEN", "SECRET_KEY"])
def test_a_secret_file_that_cannot_be_used_is_one_problem(name: str, home: dict[str, str], tmp_path: Path) -> None:
    binary = tmp_path / "binary"
    binary.write_bytes(b"\xff\xfe\x00")
    cases = {
        str(tmp_path / "none"): f"cannot read {tmp_path / 'none'} (No such file or directory)",
        str(tmp_path): f"cannot read {tmp_path} (Is a directory)",
        str(binary): f"cannot read {binary} (not UTF-8 text)",
        write(tmp_path, "blank", " \n"): f"{tmp_path / 'blank'} is empty",
    }
    for path, says in cases.items():
        assert problems(home | {f"PHANANH_{name}_FILE": path}) == [f"PHANANH_{name}_FILE: {says}"]


def test_a_secret_given_twice_is_refused(home: dict[str, str], tmp_path: Path) -> None:
    env = home | {"PHANANH_TELEGRAM_TOKEN": TOKEN, "PHANANH_TELEGRAM_TOKEN_FILE": write(tmp_path, "t", TOKEN)}
    assert problems(env) == ["PHANANH_TELEGRAM_TOKEN and PHANANH_TELEGRAM_TOKEN_FILE are both set; keep one of them"]


def test_only_secrets_may_come_from_files(home: dict[str, str], tmp_path: Path) -> None:
    env = home | {"PHANANH_PORT_FILE": write(tmp_path, "port", "80")}
    assert problems(env) == ["PHANANH_PORT_FILE is not a setting; see docs/operations.md for the list"]


def test_an_unknown_variable_is_named(home: dict[str, str]) -> None:
    env = home | {"PHANANH_TELEGRAM_TOKN": TOKEN, "PHANANH_DATABSE_URL": URL}
    named = problems(env)
    assert [text.split()[0] for text in named] == ["PHANANH_DATABSE_URL", "PHANANH_TELEGRAM_TOKN"]
    assert TOKEN not in str(named)


BAD = {
    "DATABASE_URL": ["mysql://x@y/z", "nonsense", "postgresql://", "postgresql://[::1/db", "postgres://h:99999/db"],
    "DATABASE_POOL": ["0", "1", "201", "many", "2.5"],
    "S3_ENDPOINT": ["https://s3.example", "s3.example/bucket", "key:secret@s3.example"],
    "S3_TLS": ["maybe", "2"],
    "TELEGRAM_TOKEN": ["no-colon", "bot123456:abc", "123456:abc def", ":abc"],
    "TELEGRAM_WEBHOOK_URL": ["bot.example/telegram", "ftp://bot.example"],
    "TELEGRAM_WEBHOOK_SECRET": ["with space", "x" * 257, "chữ-Việt"],
    "PORT": ["0", "65536", "-1", "http"],
    "SIMULATOR_PORT": ["0", "abc"],
    "BOT_PORT": ["0", "abc"],
    "PUBLIC_URL": ["phananh.example", "https://", "https://phananh.example:port"],
    "SECRET_KEY": ["short"],
    "LOG_LEVEL": ["LOUD"],
    "LOG_JSON": ["maybe"],
    "RULES": ["/no/such/file.yaml", "/"],
}
COMPLETE = {
    "PHANANH_S3_ENDPOINT": "s3.example",
    "PHANANH_S3_ACCESS_KEY": "access",
    "PHANANH_S3_SECRET_KEY": "hidden",
    "PHANANH_TELEGRAM_TOKEN": TOKEN,
    "PHANANH_TELEGRAM_WEBHOOK_URL": "https://bot.example",
    "PHANANH_TELEGRAM_WEBHOOK_SECRET": "hook",
}


@pytest.mark.parametrize(("name", "value"), [(name, value) for name, values in BAD.items() for value in values])
def test_a_value_that_cannot_be_used_is_one_problem_that_names_its_variable(
    name: str, value: str, home: dict[str, str]
) -> None:
    named = problems(home | COMPLETE | {f"PHANANH_{name}": value})
    assert len(named) == 1
    assert named[0].startswith(f"PHANANH_{name}")


def test_every_problem_is_named_at_once(home: dict[str, str]) -> None:
    env = home | {f"PHANANH_{name}": values[0] for name, values in BAD.items()} | {"PHANANH_TYPO": "1"}
    named = problems(env)
    for name in (*BAD, "TYPO"):
        assert any(f"PHANANH_{name} " in text or f"PHANANH_{name}:" in text for text in named), name


def test_what_belongs_together_must_be_set_together(home: dict[str, str]) -> None:
    assert problems(home | {"PHANANH_S3_ENDPOINT": "s3.example"}) == [
        "PHANANH_S3_ACCESS_KEY is missing although PHANANH_S3_ENDPOINT is set",
        "PHANANH_S3_SECRET_KEY is missing although PHANANH_S3_ENDPOINT is set",
    ]
    assert problems(home | {"PHANANH_S3_SECRET_KEY": "hidden"}) == [
        "PHANANH_S3_ENDPOINT is missing although S3 keys are set"
    ]
    webhook = {"PHANANH_TELEGRAM_WEBHOOK_URL": "https://bot.example"}
    assert problems(home | webhook) == [
        "PHANANH_TELEGRAM_TOKEN is missing although PHANANH_TELEGRAM_WEBHOOK_URL is set"
    ]
    assert problems(home | webhook | {"PHANANH_TELEGRAM_TOKEN": TOKEN}) == [
        "PHANANH_TELEGRAM_WEBHOOK_SECRET is missing although PHANANH_TELEGRAM_WEBHOOK_URL is set"
    ]


def test_zalos_settings_belong_together(home: dict[str, str]) -> None:
    bot = {"PHANANH_ZALO_BOT_TOKEN": "1:a", "PHANANH_ZALO_BOT_WEBHOOK_URL": "https://x.example/zalo"}
    oa = {"PHANANH_ZALO_OA_APP_ID": "1", "PHANANH_ZALO_OA_APP_SECRET": "a", "PHANANH_ZALO_OA_SECRET": "b"}
    assert problems(home | bot) == [
        "PHANANH_ZALO_BOT_WEBHOOK_SECRET is missing although PHANANH_ZALO_BOT_WEBHOOK_URL is set"
    ]
    assert problems(home | bot | {"PHANANH_ZALO_BOT_WEBHOOK_SECRET": "short"}) == [
        "PHANANH_ZALO_BOT_WEBHOOK_SECRET must have from 8 to 256 characters"
    ]
    assert problems(home | oa) == [
        "PHANANH_ZALO_OA_WEBHOOK_URL missing although other settings of the Official Account are set"
    ]
    same = (
        bot
        | oa
        | {"PHANANH_ZALO_BOT_WEBHOOK_SECRET": "12345678", "PHANANH_ZALO_OA_WEBHOOK_URL": "https://y.example/zalo"}
    )
    assert problems(home | same) == ["two webhook addresses have the same path; give each channel a path of its own"]
    got = settings.load(home | same | {"PHANANH_ZALO_OA_WEBHOOK_URL": "https://y.example/oa"})
    assert not got.simulated
    assert repr([got.zalo_bot, got.zalo_oa]) == "[ZaloBot(...), ZaloOA(...)]"


def test_two_processes_cannot_have_the_same_port(home: dict[str, str]) -> None:
    assert problems(home | {"PHANANH_PORT": "8082"}) == [
        "PHANANH_BOT_PORT and PHANANH_PORT are both 8082; give each a port of its own"
    ]


def test_no_problem_and_no_traceback_shows_a_secret(home: dict[str, str]) -> None:
    secrets = {
        "PHANANH_DATABASE_URL": "mysql://u:very-secret@h/d",
        "PHANANH_S3_ENDPOINT": "access:very-secret@s3",
        "PHANANH_S3_ACCESS_KEY": "very-secret",
        "PHANANH_S3_SECRET_KEY": "very-secret",
        "PHANANH_TELEGRAM_TOKEN": "bot1:very-secret",
        "PHANANH_TELEGRAM_WEBHOOK_URL": "bot.example/very-secret",
        "PHANANH_TELEGRAM_WEBHOOK_SECRET": "very-secret and spaces",
        "PHANANH_SECRET_KEY": "very-secret",
        "PHANANH_VERY": "very-secret",
    }
    with pytest.raises(SettingsError) as refused:
        settings.load(home | secrets)
    assert len(refused.value.problems) == 7
    assert "very-secret" not in str(refused.value)
    got = settings.load(home | COMPLETE | {"PHANANH_DATABASE_URL": URL, "PHANANH_SECRET_KEY": SECRET})
    assert repr([got, got.s3, got.telegram]) == "[Settings(...), S3(...), Telegram(...)]"


def test_the_signing_key_is_made_once_and_kept_for_our_eyes_only(home: dict[str, str]) -> None:
    first = settings.load(home)
    assert len(first.secret_key) == 64
    assert settings.load(home).secret_key == first.secret_key
    assert stat.S_IMODE((first.home / "secret_key").stat().st_mode) == 0o600
    assert [path.name for path in first.home.iterdir()] == ["secret_key"]


def test_a_given_signing_key_needs_no_folder(home: dict[str, str]) -> None:
    assert not settings.load(home | {"PHANANH_SECRET_KEY": SECRET}).home.exists()


def test_processes_that_start_together_agree_on_one_signing_key(home: dict[str, str]) -> None:
    code = "import sys; from app import settings; sys.stdin.read(); print(settings.load().secret_key.decode())"
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", code], cwd=ROOT, env=home, stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        for _ in range(8)
    ]
    for process in processes:
        assert process.stdin is not None
        process.stdin.close()
        process.stdin = None
    keys = {process.communicate()[0] for process in processes}
    assert len(keys) == 1
    assert len(keys.pop().strip()) == 64


def test_a_home_that_cannot_be_used_is_a_problem_and_no_crash(home: dict[str, str], tmp_path: Path) -> None:
    file = write(tmp_path, "file", "")
    assert problems(home | {"PHANANH_HOME": file}) == [
        f"PHANANH_HOME: cannot keep a signing key in {file} (File exists)"
    ]
    (tmp_path / "odd" / "secret_key").mkdir(parents=True)
    assert problems(home | {"PHANANH_HOME": str(tmp_path / "odd")}) == [
        f"PHANANH_HOME: cannot keep a signing key in {tmp_path / 'odd'} (Is a directory)"
    ]


def test_settings_cannot_be_changed(home: dict[str, str]) -> None:
    got: Settings = settings.load(home)
    with pytest.raises(AttributeError):
        got.port = 1  # type: ignore[misc]  # that it is refused is the point


@pytest.mark.parametrize(
    "url",
    [
        "https://tiles.example/{z}/{x}.png",
        "ftp://tiles.example/{z}/{x}/{y}",
        "https://a b/{z}/{x}/{y}",
        "https://[::1/{z}/{x}/{y}",
        "https://tiles.example; script-src */{z}/{x}/{y}",
        "https://user:word@tiles.example/{z}/{x}/{y}",
    ],
)
def test_a_tile_address_that_could_not_be_used_or_would_open_the_content_policy_is_refused(url: str) -> None:
    with pytest.raises(settings.SettingsError, match="PHANANH_TILE_URL must be"):
        settings.load({"PHANANH_TILE_URL": url})


def test_whose_tiles_they_are_is_said_only_where_there_are_tiles() -> None:
    with pytest.raises(settings.SettingsError, match="PHANANH_TILE_URL is missing"):
        settings.load({"PHANANH_TILE_CREDIT": "© Sở"})


def test_roles_that_must_have_a_second_factor(home: dict[str, str]) -> None:
    assert settings.load(home).second_factor == frozenset()
    some = settings.load(home | {"PHANANH_SECOND_FACTOR": "administrator, coordinator"})
    assert some.second_factor == {"administrator", "coordinator"}
    assert settings.load(home | {"PHANANH_SECOND_FACTOR": "all"}).second_factor == {role.value for role in Role}
    (problem,) = problems(home | {"PHANANH_SECOND_FACTOR": "boss"})
    assert problem.startswith("PHANANH_SECOND_FACTOR: 'boss' is no role")


def test_single_sign_on(home: dict[str, str]) -> None:
    given = home | {
        "PHANANH_OIDC_ISSUER": "https://id.camau.example/realms/staff",
        "PHANANH_OIDC_CLIENT_ID": "phananh",
        "PHANANH_OIDC_CLIENT_SECRET": SECRET,
        "PHANANH_OIDC_SECOND_FACTOR": "mfa otp",
    }
    oidc = settings.load(given).oidc
    assert oidc is not None
    assert (oidc.issuer, oidc.client_id, oidc.name) == ("https://id.camau.example/realms/staff", "phananh", "SSO")
    assert oidc.second_factor == {"mfa", "otp"}
    assert SECRET not in repr(settings.load(given))
    assert settings.load(home).oidc is None


@pytest.mark.parametrize(
    ("env", "said"),
    [
        ({"PHANANH_OIDC_CLIENT_ID": "a"}, "OIDC_ISSUER is missing"),
        ({"PHANANH_OIDC_ISSUER": "https://a.example"}, "OIDC_CLIENT_ID is missing"),
        ({"PHANANH_OIDC_ISSUER": "http://a.example", "PHANANH_OIDC_CLIENT_ID": "a"}, "starts with https://"),
    ],
)
def test_half_a_single_sign_on_is_refused(env: dict[str, str], said: str, home: dict[str, str]) -> None:
    (problem,) = problems(home | env)
    assert said in problem
