"""What Zalo answers, or does not, and what that means: may the message have arrived, and would another try help?"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest

from app.notify.model import Closed, Refused, SendFailed, TryLater, Uncertain, Unreachable
from app.settings.channels import ZaloBot
from bot.zalo.bot_api import BotApi, sent
from bot.zalo.channel import in_pieces
from bot.zalo.http import client, download
from bot.zalo.oa_api import _failure

TOKEN = "1000:very-secret-token"


@asynccontextmanager
async def zalo_that(answers: bytes | None) -> AsyncIterator[str]:
    """A server that reads a request and answers with these bytes, or hangs up."""

    async def one(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(65536)
        if answers is not None:
            writer.write(answers)
            await writer.drain()
        writer.close()

    server = await asyncio.start_server(one, "127.0.0.1", 0)
    async with server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"


async def failure(host: str) -> SendFailed:
    async with client(host) as http:
        with pytest.raises(SendFailed) as caught:
            await sent(BotApi(http, ZaloBot(TOKEN, None, None, host)).message("z1", "Chào"))
    assert TOKEN not in str(caught.value) + caught.value.reason
    assert caught.value.__cause__ is None
    return caught.value


def http(status: str, body: bytes = b"{}") -> bytes:
    return f"HTTP/1.1 {status}\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body


async def test_a_request_that_never_left_us_is_tried_again() -> None:
    assert isinstance(await failure("http://127.0.0.1:1"), TryLater)


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (None, Uncertain),
        (http("200 OK", b"<html>"), Uncertain),
        (http("504 Gateway Timeout"), Uncertain),
        (http("502 Bad Gateway", b"<html>"), TryLater),
        (http("429 Too Many Requests", b'{"parameters":{"retry_after":7}}'), TryLater),
        (http("401 Unauthorized", b'{"ok":false,"error_code":401}'), TryLater),
        (http("403 Forbidden", b'{"ok":false,"error_code":403,"description":"blocked"}'), Unreachable),
        (http("400 Bad Request", b'{"ok":false,"error_code":400,"description":"text is too long"}'), Refused),
        (http("200 OK", b'{"ok":false,"error_code":403,"description":"x"}'), Unreachable),
    ],
)
async def test_answers_are_told_apart(answer: bytes | None, kind: type[SendFailed]) -> None:
    async with zalo_that(answer) as host:
        assert type(await failure(host)) is kind


async def test_zalo_says_how_long_to_wait() -> None:
    async with zalo_that(http("429 Too Many Requests", b'{"parameters":{"retry_after":7}}')) as host:
        found = await failure(host)
    assert isinstance(found, TryLater)
    assert found.seconds == 7


@pytest.mark.parametrize(
    ("code", "words", "kind"),
    [
        (-213, "User has not followed OA", Unreachable),
        (-230, "User has not interacted with the OA in the past 7 days", Closed),
        (-1, "Out of quota", Closed),
        (-32, "Your application reached limit call api", TryLater),
        (-201, "Params is invalid", Refused),
        (-99_999, "Something of next year", Refused),
    ],
)
def test_an_official_accounts_errors_go_by_number_and_by_words(code: int, words: str, kind: type[SendFailed]) -> None:
    assert type(_failure(code, words)) is kind


async def test_a_picture_larger_than_a_photo_may_be_is_not_kept() -> None:
    async with zalo_that(http("200 OK", b"x" * 2000)) as host, client(host) as calls:
        with pytest.raises(Refused):
            await download(calls, f"{host}/1.jpg", 1000)
        assert len(await download(calls, f"{host}/1.jpg", 2000)) == 2000
        for address in ("nowhere", "http://", "http://127.0.0.1:99999/"):
            with pytest.raises(Refused):
                await download(calls, address, 1000)


def _outcomes(*each: Exception | str) -> tuple[list[str], Callable[[str, int], Awaitable[str]]]:
    left, said = list(each), list[str]()

    async def send(part: str, _: int) -> str:
        outcome = left.pop(0)
        if isinstance(outcome, Exception):
            raise outcome
        said.append(part)
        return outcome

    return said, send


async def test_a_later_part_is_tried_again_and_the_first_is_not() -> None:
    said, send = _outcomes("ref", TryLater("busy", 0), "x")
    assert await in_pieces(["một", "hai"], send) == "ref"
    assert said == ["một", "hai"]
    _, send = _outcomes(TryLater("busy", 0))
    with pytest.raises(TryLater):
        await in_pieces(["một", "hai"], send)


async def test_a_later_part_that_never_goes_leaves_the_whole_uncertain() -> None:
    for trouble in ([TryLater("busy", 0)] * 3, [Refused("no")]):
        said, send = _outcomes("ref", *trouble)
        with pytest.raises(Uncertain):
            await in_pieces(["một", "hai"], send)
        assert said == ["một"]
