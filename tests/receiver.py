"""A server of somebody else's, such as a receiver of webhooks: real HTTP, answers as it is told, keeps what it got."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from typing import Any

from msgspec import Struct
from standardwebhooks.webhooks import Webhook as Verifier


class Got(Struct, frozen=True):
    headers: dict[str, str]
    body: bytes

    @property
    def ident(self) -> str:
        return self.headers["webhook-id"]

    @property
    def event(self) -> dict[str, Any]:
        return dict(json.loads(self.body))

    def verified(self, secret: str) -> dict[str, Any]:
        """Raises WebhookVerificationError when the signature is not by this secret."""
        return dict(Verifier(secret).verify(self.body, self.headers))


Said = tuple[int, dict[str, str]] | tuple[int, dict[str, str], bytes]
Answers = Callable[[int, Got], Said]


class Receiver:
    """``answers``: from how many came before and what came, to status, headers and a body where there is one."""

    def __init__(self) -> None:
        self.got: list[Got] = []
        self.connections = 0
        self.writers: list[asyncio.StreamWriter] = []
        self.url = ""
        self.answers: Answers = lambda _, __: (204, {})

    @property
    def ids(self) -> list[str]:
        return [one.ident for one in self.got]

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        self.writers.append(writer)
        try:
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
                headers = {
                    name.lower(): value.strip() for name, _, value in (line.partition(":") for line in head[1:] if line)
                }
                got = Got(headers, await reader.readexactly(int(headers.get("content-length", "0"))))
                status, more, *rest = self.answers(len(self.got), got)
                body = b"".join(rest)
                self.got.append(got)
                said = "".join(f"{name}: {value}\r\n" for name, value in more.items())
                writer.write(f"HTTP/1.1 {status} X\r\ncontent-length: {len(body)}\r\n{said}\r\n".encode() + body)
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()


@asynccontextmanager
async def receiver() -> AsyncIterator[Receiver]:
    one = Receiver()
    server = await asyncio.start_server(one.serve, "127.0.0.1", 0)
    one.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/hook"
    try:
        yield one
    finally:
        server.close()
        for writer in one.writers:
            writer.close()
            with suppress(ConnectionError):
                await writer.wait_closed()
