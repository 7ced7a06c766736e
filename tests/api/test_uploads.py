"""Photos piece by piece over bad lines: what was answered for is safe, what breaks off goes on, one writes at a
time."""

import asyncio
import base64
import hashlib
import io
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from tusclient.client import TusClient

from app.photos import resumable
from app.photos.model import MAX_BYTES
from tests.api.conftest import API, form_body, keys, send
from tests.serving import running
from tests.world import AN_XUYEN, LIGHT, World, photo

UPLOADS = f"{API}/uploads"
TUS = {"Tus-Resumable": "1.0.0"}
BYTES = TUS | {"Content-Type": "application/offset+octet-stream"}


async def begin(http: httpx.AsyncClient, length: int, **more: str) -> str:
    """Gives the upload's path."""
    answer = await http.post(UPLOADS, headers=TUS | {"Upload-Length": str(length)} | more)
    assert answer.status_code == 201, answer.text
    return httpx.URL(answer.headers["location"]).path


async def put(http: httpx.AsyncClient, path: str, start: int, data: Any, **more: str) -> httpx.Response:
    return await http.patch(path, content=data, headers=BYTES | {"Upload-Offset": str(start)} | more)


async def offset(http: httpx.AsyncClient, path: str) -> int:
    answer = await http.head(path, headers=TUS)
    assert answer.status_code == 200
    return int(answer.headers["upload-offset"])


async def reached(http: httpx.AsyncClient, path: str, least: int) -> int:
    """How far it is as soon as it is that far."""
    async with asyncio.timeout(60):
        while (kept := await offset(http, path)) < least:
            pass
    return kept


def name_of(path: str) -> str:
    return path.rpartition("/")[2]


async def uploaded(http: httpx.AsyncClient, data: bytes) -> str:
    """A whole upload's id."""
    path = await begin(http, len(data))
    assert (await put(http, path, 0, data)).headers["upload-offset"] == str(len(data))
    return name_of(path)


# ---------------------------------------------------------------- the protocol


async def test_the_server_says_what_it_speaks(http: httpx.AsyncClient) -> None:
    answer = await http.options(UPLOADS)
    assert answer.status_code == 204
    assert answer.headers["tus-version"] == answer.headers["tus-resumable"] == "1.0.0"
    assert answer.headers["tus-extension"] == "creation,creation-with-upload,expiration,termination,checksum"
    assert answer.headers["tus-max-size"] == str(MAX_BYTES)


async def test_an_upload_comes_in_pieces_and_knows_how_far_it_is(http: httpx.AsyncClient) -> None:
    metadata = "filename ZGVuIGR1b25nLmpwZw==,empty"
    path = await begin(http, 700_000, **{"Upload-Metadata": metadata})
    first = await put(http, path, 0, bytes(300_000))
    assert (first.status_code, first.headers["upload-offset"], first.content) == (204, "300000", b"")
    seen = await http.head(path, headers=TUS)
    assert (seen.headers["upload-offset"], seen.headers["upload-length"]) == ("300000", "700000")
    assert (seen.headers["upload-metadata"], seen.headers["cache-control"]) == (metadata, "no-store")
    assert seen.headers["upload-expires"].endswith("GMT")
    assert (await put(http, path, 300_000, b"")).status_code == 204
    assert (await put(http, path, 300_000, bytes(400_000))).headers["upload-offset"] == "700000"
    assert (await http.delete(path, headers=TUS)).status_code == 204
    assert (await http.head(path, headers=TUS)).status_code == 404
    assert (await http.delete(path, headers=TUS)).status_code == 404


async def test_the_first_bytes_may_come_with_the_beginning(http: httpx.AsyncClient) -> None:
    answer = await http.post(UPLOADS, content=b"abc", headers=BYTES | {"Upload-Length": "5"})
    assert (answer.status_code, answer.headers["upload-offset"]) == (201, "3")
    assert await offset(http, httpx.URL(answer.headers["location"]).path) == 3


async def test_the_protocols_own_client_sends_a_photo(http: httpx.AsyncClient, address: str) -> None:
    picture = photo("tus")

    def send_it() -> str:
        started = TusClient(f"{address}{UPLOADS}").uploader(
            file_stream=io.BytesIO(picture), chunk_size=1000, metadata={"filename": "den.jpg"}, upload_checksum=True
        )
        # The server tells its public address; here it is reached by another one.
        started.set_url(address + httpx.URL(started.create_url()).path)
        started.upload(stop_at=1000)
        again = TusClient(address).uploader(
            file_stream=io.BytesIO(picture), url=started.url, chunk_size=1000, upload_checksum=True
        )
        assert again.offset == 1000
        again.upload()
        return name_of(str(again.url))

    upload_id = await asyncio.to_thread(send_it)
    sent = await send(http, LIGHT | {"uploads": [upload_id]})
    assert sent.answer["photos_refused"] == []
    assert len((await sent.see())["photos"]) == 1


@pytest.mark.parametrize(
    ("method", "headers", "status", "key"),
    [
        ("POST", {"Upload-Length": "5"}, 412, "uploads.version_wrong"),
        ("POST", {"Tus-Resumable": "0.2.2", "Upload-Length": "5"}, 412, "uploads.version_wrong"),
        ("POST", TUS, 422, "uploads.number_wrong"),
        ("POST", TUS | {"Upload-Length": "-1"}, 422, "uploads.number_wrong"),
        ("POST", TUS | {"Upload-Length": "٣"}, 422, "uploads.number_wrong"),
        ("POST", TUS | {"Upload-Length": str(MAX_BYTES + 1)}, 413, "uploads.too_large"),
        ("POST", TUS | {"Upload-Length": "5", "Upload-Metadata": "filename %%"}, 422, "uploads.metadata_wrong"),
        ("POST", TUS | {"Upload-Length": "5", "Upload-Metadata": "a " + "b" * 4000}, 422, "uploads.metadata_wrong"),
        ("PATCH", BYTES, 422, "uploads.number_wrong"),
        ("PATCH", TUS | {"Upload-Offset": "0"}, 415, "api.wrong_content_type"),
        ("PATCH", BYTES | {"Upload-Offset": "1"}, 409, "uploads.offset_wrong"),
        ("PATCH", BYTES | {"Upload-Offset": "0", "Upload-Checksum": "md5 x"}, 422, "uploads.checksum_unknown"),
        ("PATCH", BYTES | {"Upload-Offset": "0", "Upload-Checksum": "sha1 x"}, 460, "uploads.checksum_wrong"),
        ("DELETE", {}, 412, "uploads.version_wrong"),
    ],
)
async def test_what_is_not_the_protocol_is_refused_with_a_reason(
    http: httpx.AsyncClient, method: str, headers: dict[str, str], status: int, key: str
) -> None:
    path = UPLOADS if method == "POST" else await begin(http, 5)
    said = [(name.encode(), value.encode()) for name, value in headers.items()]
    answer = await http.request(method, path, headers=said, content=b"" if method == "POST" else b"abc")
    assert (answer.status_code, keys(answer)[0][1]) == (status, key)
    assert answer.headers["tus-resumable"] == "1.0.0"
    assert ("tus-version" in answer.headers) == (status == 412)
    if method != "POST":
        assert await offset(http, path) == 0


async def test_nothing_beyond_the_announced_length_is_kept(http: httpx.AsyncClient) -> None:
    path = await begin(http, 5)
    for more in ({}, {"Upload-Checksum": "sha1 x"}):
        answer = await put(http, path, 0, b"abcdef", **more)
        assert (answer.status_code, keys(answer)) == (413, [("Upload-Length", "uploads.beyond")])
    assert await offset(http, path) == 0


async def test_a_piece_that_does_not_match_its_checksum_is_thrown_away(http: httpx.AsyncClient) -> None:
    path = await begin(http, 6)
    for algorithm, piece in (("sha1", b"abc"), ("sha256", b"def")):
        checksum = f"{algorithm} {base64.b64encode(hashlib.new(algorithm, piece).digest()).decode()}"
        start = await offset(http, path)
        assert (await put(http, path, start, b"xyz", **{"Upload-Checksum": checksum})).status_code == 460
        assert await offset(http, path) == start
        assert (await put(http, path, start, piece, **{"Upload-Checksum": checksum})).status_code == 204


@pytest.mark.parametrize("name", ["x", "3f0c5f0e-6a64-4b7e-9d7c-2b7f0f1f5b11"])
async def test_what_there_is_not_is_not_found(http: httpx.AsyncClient, name: str) -> None:
    assert (await http.head(f"{UPLOADS}/{name}", headers=TUS)).status_code == 404
    assert (await put(http, f"{UPLOADS}/{name}", 0, b"x")).status_code == 404
    assert (await http.delete(f"{UPLOADS}/{name}", headers=TUS)).status_code == 404


# ---------------------------------------------------------------- bad lines


async def test_what_came_before_the_line_broke_is_kept_and_another_process_goes_on(
    http: httpx.AsyncClient, address: str, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(resumable, "PIECE", 500)
    picture = photo("đường truyền yếu")
    path = await begin(http, len(picture))
    host, port = address.removeprefix("http://").split(":")
    _, writer = await asyncio.open_connection(host, int(port))
    head = [f"PATCH {path} HTTP/1.1", "Host: a", f"Content-Length: {len(picture)}", "Upload-Offset: 0"]
    head += [f"{name}: {value}" for name, value in BYTES.items()]
    writer.write("\r\n".join(head).encode() + b"\r\n\r\n" + picture[:600])
    await writer.drain()
    assert await reached(http, path, 500) == 500
    writer.write(picture[600:900])
    await writer.drain()
    writer.close()
    await writer.wait_closed()
    kept = await reached(http, path, 501)
    async with running(world.parts) as other, httpx.AsyncClient(base_url=other, timeout=60) as there:
        assert (await put(there, path, kept, picture[kept:])).headers["upload-offset"] == str(len(picture))
    sent = await send(http, LIGHT | {"uploads": [name_of(path)]})
    assert sent.answer["photos_refused"] == []
    digest = hashlib.sha256(picture).digest()
    assert await world.parts.pool.fetchval("SELECT 1 FROM photo_blobs WHERE sha256 = $1", digest) == 1


async def test_every_piece_is_safe_before_the_next_comes(http: httpx.AsyncClient, world: World) -> None:
    """Whatever kills the process then, this much need not be sent again."""
    path, gone_on = await begin(http, 3 * resumable.PIECE), asyncio.Event()

    async def slowly() -> AsyncIterator[bytes]:
        yield bytes(resumable.PIECE + 1)
        await gone_on.wait()
        yield bytes(2 * resumable.PIECE - 1)

    sending = asyncio.create_task(put(http, path, 0, slowly()))
    kept = await reached(http, path, 1)
    assert kept == resumable.PIECE
    gone_on.set()
    assert (await sending).status_code == 204
    assert await offset(http, path) == 3 * resumable.PIECE


async def test_of_two_writers_at_once_one_is_told_to_ask_again(http: httpx.AsyncClient, world: World) -> None:
    data = bytes(range(256)) * 4096
    path = await begin(http, len(data))
    answers = await asyncio.gather(*(put(http, path, 0, data) for _ in range(4)))
    assert sorted(each.status_code for each in answers) == [204, 409, 409, 409]
    kept = await world.parts.pool.fetch(
        "SELECT data FROM upload_pieces WHERE upload_id = $1 ORDER BY start", name_of(path)
    )
    assert b"".join(row["data"] for row in kept) == data


# ---------------------------------------------------------------- what becomes of it


async def test_uploads_are_photos_of_a_report_or_are_added_to_one(http: httpx.AsyncClient, world: World) -> None:
    before, form, after = photo("trước"), photo("form"), photo("sau")
    path = await begin(http, len(before))
    await put(http, path, 0, before)
    fields = {"text": str(LIGHT["text"]), "commune_code": AN_XUYEN, "consent": "true"}
    kind, body = form_body(fields | {"uploads": f"{name_of(path)}, {UPLOADS}/x"}, form)
    answer = await http.post(f"{API}/reports", content=body, headers={"Content-Type": kind})
    assert answer.status_code == 201, answer.text
    refused = [(each["field"], each["key"]) for each in answer.json()["photos_refused"]]
    assert refused == [("uploads[1]", "uploads.unknown")]
    url = f"{API}/reports/{answer.json()['code']}"
    secret = {"X-Tracking-Secret": answer.json()["tracking_secret"]}
    added = await http.post(f"{url}/photos", json={"uploads": [await uploaded(http, after)]}, headers=secret)
    assert added.status_code == 200, added.text
    assert len(added.json()["report"]["photos"]) == 3
    assert (
        await world.parts.pool.fetchval("SELECT count(*) FROM upload_pieces WHERE upload_id = $1", name_of(path)) == 0
    )


async def test_a_report_repeated_by_its_key_finds_its_uploads_again(http: httpx.AsyncClient) -> None:
    report = LIGHT | {"uploads": [await uploaded(http, photo("lặp lại"))]}
    key = {"Idempotency-Key": "tus-1"}
    answers = await asyncio.gather(*(http.post(f"{API}/reports", json=report, headers=key) for _ in range(3)))
    answers.append(await http.post(f"{API}/reports", json=report, headers=key))
    assert {each.status_code for each in answers} == {201}
    assert len({each.text for each in answers}) == 1


async def test_an_unfinished_upload_or_one_that_is_no_photo_never_loses_the_report(http: httpx.AsyncClient) -> None:
    half = await begin(http, 5)
    await put(http, half, 0, b"abc")
    sent = await send(http, LIGHT | {"uploads": [name_of(half), await uploaded(http, b"no photo")]})
    refused = [(each["field"], each["key"]) for each in sent.answer["photos_refused"]]
    assert refused == [("uploads[0]", "uploads.unfinished"), ("uploads[1]", "photos.not_image")]
    only = await http.post(f"{API}/reports/{sent.code}/photos", json={"uploads": ["x"]}, headers=sent.secret)
    assert (only.status_code, keys(only)) == (422, [("uploads[0]", "uploads.unknown")])


async def test_more_than_six_photos_are_refused(http: httpx.AsyncClient) -> None:
    answer = await http.post(f"{API}/reports", json=LIGHT | {"uploads": ["x"] * 7})
    assert (answer.status_code, keys(answer)) == (422, [("uploads", "reports.photos_many")])


async def test_what_nobody_goes_on_with_is_forgotten(http: httpx.AsyncClient, world: World) -> None:
    old, new = await begin(http, 5), await begin(http, 5)
    await put(http, old, 0, b"abc")
    pool = world.parts.pool
    await pool.execute("UPDATE uploads SET expires_at = now() WHERE upload_id = $1", name_of(old))
    assert (await http.head(old, headers=TUS)).status_code == 404
    assert (await put(http, old, 3, b"de")).status_code == 404
    assert await resumable.sweep(pool) == 1
    assert await pool.fetchval("SELECT count(*) FROM upload_pieces WHERE upload_id = $1", name_of(old)) == 0
    assert await offset(http, new) == 0


async def test_a_flood_of_unfinished_photos_does_not_fill_the_disk(
    http: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    await put(http, await begin(http, 5), 0, b"abc")
    monkeypatch.setattr(resumable, "ROOM", 3)
    answer = await http.post(UPLOADS, headers=TUS | {"Upload-Length": "5"})
    assert (answer.status_code, keys(answer)) == (503, [(None, "uploads.full")])
    assert answer.headers["retry-after"]
