"""A load generator that costs little, so that it does not take the processor from what it measures: raw HTTP over
keep-alive connections, in a process of its own.

    python -m tests.bench._load REQUESTS PORT SECONDS CONNECTIONS

``REQUESTS`` is a file of JSON bodies, one a line. Prints a JSON object: rate a second, p50 and p99 in seconds.
"""

import asyncio
import itertools
import json
import sys
import time
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import cast

import uvloop

_NUMBERS = itertools.count()


class _Client(asyncio.Protocol):
    """One connection: sends a report, waits for the whole answer, sends the next."""

    def __init__(self, requests: Iterator[tuple[bytes, bytes]], run: str, done: list[float]) -> None:
        self._requests, self._run, self._done = requests, run, done
        self._received = b""
        self._began = 0.0
        self.failed: bytes | None = None
        self.stopped = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        self._send()

    def _send(self) -> None:
        head, body = next(self._requests)
        self._began = time.perf_counter()
        self._transport.write(b"%b%b-%d\r\n\r\n%b" % (head, self._run.encode(), next(_NUMBERS), body))

    def data_received(self, data: bytes) -> None:
        self._received += data
        head, found, rest = self._received.partition(b"\r\n\r\n")
        if not found or len(rest) < (length := _length(head)):
            return
        if not head.startswith(b"HTTP/1.1 201"):
            self.failed = self._received
            self._transport.close()
            return
        self._received = rest[length:]
        self._done.append(time.perf_counter() - self._began)
        if self.stopped:
            self._transport.close()
        else:
            self._send()


def _length(head: bytes) -> int:
    return int(head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0])


def _requests(file: Path, port: int) -> list[tuple[bytes, bytes]]:
    """Each request but for its key: the head up to the key's place, and the body."""
    head = (
        f"POST /api/v1/reports HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nContent-Type: application/json\r\n"
        "Content-Length: {}\r\nIdempotency-Key: "
    )
    return [(head.format(len(body)).encode(), body) for body in file.read_bytes().splitlines()]


async def _run(file: Path, port: int, seconds: float, connections: int) -> None:
    requests = itertools.cycle(_requests(file, port))
    run, done = uuid.uuid4().hex, list[float]()
    loop = asyncio.get_running_loop()
    made = [
        await loop.create_connection(lambda: _Client(requests, run, done), "127.0.0.1", port)
        for _ in range(connections)
    ]
    done.clear()
    began = time.perf_counter()
    await asyncio.sleep(seconds)
    count, took = len(done), time.perf_counter() - began
    latencies = sorted(done)
    for _, client in made:
        client.stopped = True
    failed = next((client.failed for _, client in made if client.failed), None)
    if failed:
        sys.exit(failed.decode(errors="replace"))
    json.dump({"rate": count / took, "p50": latencies[count // 2], "p99": latencies[count * 99 // 100]}, sys.stdout)


if __name__ == "__main__":
    uvloop.run(_run(Path(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3]), int(sys.argv[4])))
