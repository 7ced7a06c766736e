"""What only a server can get wrong: absence, refusal, and what it may be told."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta

import httpx
import pytest
import pytest_asyncio

from storage.objects import StoreUnavailable
from storage.s3 import S3Store
from tests.s3 import S3Server, seaweedfs

JPEG = "image/jpeg"


@pytest_asyncio.fixture
async def store(s3_server: S3Server) -> AsyncIterator[S3Store]:
    opened = S3Store(
        s3_server.endpoint,
        s3_server.access_key,
        s3_server.secret_key,
        "own-bucket",
        tls=False,
        public_endpoint=f"http://{s3_server.endpoint}",
    )
    await opened.check()
    yield opened
    await opened.close()


async def test_checking_creates_the_bucket_and_leaves_no_trace_in_it(s3_server: S3Server) -> None:
    store = S3Store(s3_server.endpoint, s3_server.access_key, s3_server.secret_key, "made-by-check", tls=False)
    client = s3_server.client()
    assert not client.bucket_exists("made-by-check")
    await store.check()
    assert client.bucket_exists("made-by-check")
    assert list(client.list_objects("made-by-check", recursive=True)) == []
    await store.close()


async def test_several_processes_may_check_a_new_bucket_at_once(s3_server: S3Server) -> None:
    stores = [
        S3Store(s3_server.endpoint, s3_server.access_key, s3_server.secret_key, "raced", tls=False) for _ in range(4)
    ]
    await asyncio.gather(*(s.check() for s in stores))
    assert s3_server.client().bucket_exists("raced")
    for store in stores:
        await store.close()


async def test_a_signed_url_opens_one_object_to_a_stranger(store: S3Store, s3_server: S3Server) -> None:
    await store.put("photos/ab/small.jpg", b"small", JPEG)
    url = await store.signed_url("photos/ab/small.jpg", timedelta(minutes=5))
    assert url is not None
    async with httpx.AsyncClient() as browser:
        answer = await browser.get(url)
        assert (answer.status_code, answer.content, answer.headers["Content-Type"]) == (200, b"small", JPEG)
        assert (await browser.get(url.partition("?")[0])).status_code == 403
        assert (await browser.get(url.replace("small.jpg", "original"))).status_code == 403
    assert s3_server.secret_key not in url


async def test_a_signed_url_ends(store: S3Store) -> None:
    await store.put("photos/ab/short.jpg", b"short", JPEG)
    url = await store.signed_url("photos/ab/short.jpg", timedelta(seconds=1))
    assert url is not None
    async with httpx.AsyncClient() as browser, asyncio.timeout(60):
        while (await browser.get(url)).status_code != 403:
            pass


@pytest.mark.parametrize(("access", "secret"), [("stranger", "whatever-secret"), (None, "the-wrong-secret")])
async def test_wrong_keys_are_a_refusal_that_does_not_repeat_them(
    s3_server: S3Server, access: str | None, secret: str
) -> None:
    store = S3Store(s3_server.endpoint, access or s3_server.access_key, secret, "own-bucket", tls=False)
    with pytest.raises(StoreUnavailable) as refused:
        await store.check()
    said = f"{refused.value!r} {refused.value.__cause__!r}"
    assert s3_server.endpoint in said
    assert "refused" in said
    assert secret not in said
    assert (access or s3_server.access_key) not in said
    await store.close()


async def test_a_server_that_is_not_there_is_unavailable(s3_server: S3Server) -> None:
    with seaweedfs() as other:
        store = S3Store(other.endpoint, other.access_key, other.secret_key, "gone", tls=False)
        await store.check()
        await store.put("a", b"x", JPEG)
    for attempt in (store.check(), store.get("a"), store.put("b", b"x", JPEG), store.delete(["a"])):
        with pytest.raises(StoreUnavailable, match="does not answer"):
            await attempt
    await store.close()


async def test_something_that_is_not_an_s3_server_is_unavailable() -> None:
    async def speak(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(
            b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 5\r\nConnection: close\r\n\r\nhello"
        )
        await writer.drain()
        writer.close()

    async with await asyncio.start_server(speak, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        store = S3Store(f"127.0.0.1:{port}", "key", "a-secret", "bucket", tls=False)
        with pytest.raises(StoreUnavailable) as refused:
            await store.check()
        assert "a-secret" not in str(refused.value)
        await store.close()


async def test_a_bucket_name_s3_does_not_allow_is_reported_by_the_check(s3_server: S3Server) -> None:
    store = S3Store(s3_server.endpoint, s3_server.access_key, s3_server.secret_key, "No Such Name!", tls=False)
    with pytest.raises(StoreUnavailable, match="configured"):
        await store.check()
    await store.close()
