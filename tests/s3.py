"""A real S3 server for tests: SeaweedFS on loopback, with a folder and ports of its own."""

import ctypes
import io
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import urllib3
from minio import Minio
from minio.error import MinioException
from msgspec import Struct

from tests.ports import free_ports

_PORTS = (
    "master.port", "master.port.grpc", "volume.port", "volume.port.grpc", "filer.port", "filer.port.grpc",
    "s3.port", "s3.port.grpc", "admin.port", "admin.port.grpc",
)  # fmt: skip
_READY_SECONDS = 90.0
_PR_SET_PDEATHSIG = 1


class S3Server(Struct, frozen=True):
    """Where it listens (``host:port``, plain HTTP), its keys, and its process for tests that break it."""

    endpoint: str
    access_key: str
    secret_key: str
    process: subprocess.Popen[bytes]
    ports: tuple[int, ...]

    def client(self) -> Minio:
        """A plain client that neither waits nor tries again."""
        http = urllib3.PoolManager(retries=False, timeout=30)
        return Minio(
            self.endpoint, self.access_key, self.secret_key, secure=False, region="us-east-1", http_client=http
        )


@contextmanager
def seaweedfs() -> Iterator[S3Server]:
    """Start a server with no buckets, wait until it answers, and kill it at the end (its data is temporary)."""
    with tempfile.TemporaryDirectory(prefix="s3-") as folder:
        server = _start(Path(folder))
        try:
            _wait_ready(server, Path(folder) / "log")
            yield server
        finally:
            server.process.kill()
            server.process.wait()
            for port in server.ports:  # it puts sockets outside its folder and only a slow, graceful stop removes them
                for left in Path("/tmp").glob(f"seaweedfs-*-{port}.sock"):
                    left.unlink()


def _start(folder: Path) -> S3Server:
    ports = dict(zip(_PORTS, free_ports(len(_PORTS)), strict=True))
    options = {
        **ports, "dir": folder, "ip": "127.0.0.1", "ip.bind": "127.0.0.1", "master.telemetry": "false",
        "webdav": "false", "admin.ui": "false", "s3.autoCreateBucket": "false",
        "s3.port.iceberg": 0, "s3.port.lance": 0,
        "s3.localSocket": folder / "s3.sock", "filer.localSocket": folder / "filer.sock",
        "volume.max": 100, "master.volumeSizeLimitMB": 64,
    }  # fmt: skip
    access_key, secret_key = "test-access-key", "test-secret-key-0123456789"
    libc = ctypes.CDLL(None)

    def end_with_parent() -> None:
        libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)

    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(
            [str(Path(sys.executable).parent / "weed"), "mini", *(f"-{k}={v}" for k, v in options.items())],
            cwd=folder,
            env={
                "PATH": os.environ.get("PATH", ""),
                "HOME": str(folder),
                "TMPDIR": str(folder),
                "AWS_ACCESS_KEY_ID": access_key,
                "AWS_SECRET_ACCESS_KEY": secret_key,
            },
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            preexec_fn=end_with_parent,
        )
    return S3Server(f"127.0.0.1:{ports['s3.port']}", access_key, secret_key, process, tuple(ports.values()))


def _wait_ready(server: S3Server, log: Path) -> None:
    client = server.client()
    give_up = time.monotonic() + _READY_SECONDS
    while server.process.poll() is None and time.monotonic() < give_up:
        try:
            # Listing answers before the volume server has joined; only a written object proves that all parts are up.
            if not client.bucket_exists("ready"):
                client.make_bucket("ready")
            client.put_object("ready", "probe", io.BytesIO(b"x"), 1)
            client.remove_object("ready", "probe")
            client.remove_bucket("ready")
        except (MinioException, urllib3.exceptions.HTTPError, OSError):
            time.sleep(0.05)
        else:
            return
    raise RuntimeError(f"SeaweedFS did not start:\n{log.read_text(errors='replace')[-2000:]}")
