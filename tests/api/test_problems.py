"""What goes wrong outside the handlers, and how it is told."""

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import msgspec
import pytest
import pytest_asyncio
from structlog.contextvars import merge_contextvars
from structlog.testing import capture_logs

from app import forms
from app.db import connect_pool
from app.wiring import Parts
from storage.folder import FolderStore
from tests.api.conftest import API, form_body, keys
from tests.serving import running, until
from tests.world import AN_XUYEN, LIGHT, PASSWORD, World, photo


async def test_an_unknown_address_is_a_problem_in_the_readers_language(http: httpx.AsyncClient) -> None:
    vi = await http.get("/khong/co")
    en = await http.get("/khong/co", headers={"Accept-Language": "en"})
    assert (vi.status_code, keys(vi)) == (404, [(None, "api.not_found")])
    assert vi.json()["title"] == "Không tìm thấy"
    assert en.json()["title"] == "Not found"
    assert vi.headers["vary"] == "Accept-Language"


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("DELETE", "/reports", "GET, OPTIONS, POST"),
        ("POST", "/categories", "GET, OPTIONS"),
        ("PUT", "/staff/session", "DELETE, GET, OPTIONS, POST"),
    ],
)
async def test_a_method_that_is_not_taken_names_those_that_are(
    http: httpx.AsyncClient, method: str, path: str, allowed: str
) -> None:
    answer = await http.request(method, API + path)
    assert (answer.status_code, keys(answer)) == (405, [(None, "api.method_not_allowed")])
    assert sorted(answer.headers["allow"].split(", ")) == allowed.split(", ")


@pytest.mark.parametrize(
    "path", ["/%00", "/api/v1/reports/%ff%fe", "/api/v1/reports/../../etc/passwd", "//", "/api/v1/reports/a%2Fb"]
)
async def test_strange_paths_are_not_found_and_nothing_worse(address: str, path: str) -> None:
    host, port = address.removeprefix("http://").split(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    writer.write(f"GET {path} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n".encode())
    status = (await reader.readline()).split()[1]
    writer.close()
    await writer.wait_closed()
    assert status in {b"302", b"404"}


@pytest_asyncio.fixture
async def lame(database_url: str, world: World) -> AsyncIterator[tuple[Parts, str]]:
    """A server whose database connection can be taken away."""
    pool = await connect_pool(database_url, 2)
    parts = msgspec.structs.replace(world.parts, pool=pool)
    async with running(parts) as address:
        yield parts, address
    await pool.close()


async def test_a_fault_of_ours_tells_a_number_and_no_more_and_the_log_tells_the_rest(
    lame: tuple[Parts, str],
) -> None:
    parts, address = lame
    await parts.pool.execute("ALTER TABLE report_codes RENAME TO hidden")
    try:
        async with httpx.AsyncClient(base_url=address) as http:
            with capture_logs() as logged:
                answer = await http.get(f"{API}/reports/PA-0000-0000")
    finally:
        await parts.pool.execute("ALTER TABLE hidden RENAME TO report_codes")

    assert (answer.status_code, keys(answer)) == (500, [(None, "api.broken")])
    assert "report_codes" not in answer.text
    assert "Traceback" not in answer.text
    entry = next(line for line in logged if line["event"] == "request failed")
    assert entry["error_id"] == answer.json()["error_id"]
    assert "report_codes" in str(entry["exc_info"])


async def test_a_database_that_is_away_is_503_and_says_when_to_come_back(lame: tuple[Parts, str]) -> None:
    parts, address = lame
    await parts.pool.close()
    async with httpx.AsyncClient(base_url=address) as http:
        answer = await http.get(f"{API}/reports/PA-0000-0000")
        ready = await http.get("/readyz")
        alive = await http.get("/healthz")

    assert (answer.status_code, keys(answer)) == (503, [(None, "api.database_away")])
    assert answer.headers["retry-after"] == "5"
    assert ready.status_code == 503
    assert ready.json() == {"ready": False, "database": "away", "photos": "ok", "queue_seconds": None}
    assert alive.status_code == 200


async def test_a_photo_store_that_is_away_is_503_and_the_report_can_be_sent_without_photos(
    world: World, tmp_path: Path
) -> None:
    home = tmp_path / "photos"
    home.write_text("a file where the folder should be")
    parts = msgspec.structs.replace(world.parts, objects=FolderStore(home))
    async with running(parts) as address, httpx.AsyncClient(base_url=address) as http:
        form = {"text": LIGHT["text"], "commune_code": AN_XUYEN, "consent": "true"}
        answer = await http.post(f"{API}/reports", data=form, files={"photos": ("a.jpg", photo(), "image/jpeg")})
        without = await http.post(f"{API}/reports", data=form, files={"photos": ("", b"", "image/jpeg")})
        ready = await http.get("/readyz")

    assert (answer.status_code, keys(answer)) == (503, [(None, "storage.unavailable")])
    assert without.status_code == 201
    assert (ready.status_code, ready.json()["photos"]) == (503, "away")


# ---------------------------------------------------------------- around every answer


@pytest.mark.parametrize(
    "path", ["/healthz", "/schema", f"{API}/categories", f"{API}/reports/PA-0000-0000", "/nowhere"]
)
async def test_every_answer_has_the_safety_headers_and_a_request_id(http: httpx.AsyncClient, path: str) -> None:
    headers = (await http.get(path)).headers
    assert headers["content-security-policy"].startswith("default-src 'self';")
    assert "frame-ancestors 'none'" in headers["content-security-policy"]
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "no-referrer"
    assert len(headers["x-request-id"]) == 32
    assert "server" not in headers


async def test_what_is_not_meant_for_caches_says_so(http: httpx.AsyncClient) -> None:
    assert (await http.get(f"{API}/reports/PA-0000-0000")).headers["cache-control"] == "no-store"


@pytest.mark.parametrize(
    ("sent", "kept"),
    [("may-khach-0001", True), ("a b", False), ("x" * 65, False), ("<script>alert(1)</script>", False)],
)
async def test_a_callers_request_id_is_kept_when_it_is_one(http: httpx.AsyncClient, sent: str, kept: bool) -> None:
    answer = await http.get("/healthz", headers={"X-Request-Id": sent})
    assert (answer.headers["x-request-id"] == sent) is kept


async def test_over_https_browsers_are_told_to_stay_there_and_the_cookie_too(world: World) -> None:
    settings = msgspec.structs.replace(world.parts.settings, public_url="https://phananh.example.vn")
    parts = msgspec.structs.replace(world.parts, settings=settings)
    who = {"username": world.people["officer"].username, "password": PASSWORD}
    async with running(parts) as address, httpx.AsyncClient(base_url=address) as http:
        answer = await http.post(f"{API}/staff/session", json=who)
    assert answer.headers["strict-transport-security"].startswith("max-age=31536000")
    assert answer.headers["set-cookie"].startswith("__Host-phananh=")
    assert answer.headers["set-cookie"].endswith("; Secure")


async def test_a_request_is_one_line_in_the_log_and_nothing_personal_is_in_it(http: httpx.AsyncClient) -> None:
    with capture_logs(processors=[merge_contextvars]) as logged:
        sent = await http.post(
            f"{API}/reports", json=LIGHT | {"contact_phone": "0912 345 678"}, headers={"X-Request-Id": "thu-nhat-ky"}
        )
        await http.get(f"{API}/places/search", params={"q": "12 Lý Bôn"})
        secret = {"X-Tracking-Secret": sent.json()["tracking_secret"]}
        await http.get(f"{API}/reports/{sent.json()['code']}", headers=secret)

    lines = [line for line in logged if line["event"] == "request"]
    assert [(line["method"], line["route"], line["status"]) for line in lines] == [
        ("POST", f"{API}/reports", 201),
        ("GET", f"{API}/places/search", 200),
        ("GET", f"{API}/reports/{{code}}", 200),
    ]
    assert lines[0]["request_id"] == "thu-nhat-ky"
    assert lines[0]["report_id"] == lines[2]["report_id"]
    assert "report_id" not in lines[1]
    assert all(line["ms"] > 0 for line in lines)
    said = json.dumps(logged, default=str, ensure_ascii=False)
    for word in ("0912", "Lý Bôn", sent.json()["tracking_secret"], sent.json()["code"], "127.0.0.1"):
        assert word not in said


@pytest.mark.parametrize("path", [f"{API}/reports", "/", "/console/signin"])
async def test_a_line_that_falls_silent_is_not_waited_for(
    address: str, path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(forms, "SILENCE", 0.1)
    host, port = address.removeprefix("http://").split(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    head = (f"POST {path} HTTP/1.1", "Host: a", "Content-Length: 100", "Content-Type: application/json", "", "{")
    writer.write("\r\n".join(head).encode())
    assert (await reader.readline()).split()[1] == b"400"
    writer.close()


async def test_a_stopping_server_finishes_what_it_took(world: World) -> None:
    serving = running(world.parts)
    host, port = (await serving.__aenter__()).removeprefix("http://").split(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    kind, body = form_body({"text": str(LIGHT["text"]), "commune_code": AN_XUYEN, "consent": "true"}, photo("dở dang"))
    head = (f"POST {API}/reports HTTP/1.1", "Host: a", f"Content-Length: {len(body)}", f"Content-Type: {kind}")
    writer.write("\r\n".join(head).encode() + b"\r\n\r\n" + body[: len(body) // 2])
    await until(lambda: bool(serving.server.server_state.tasks))

    stopping = asyncio.create_task(serving.__aexit__())
    await until(lambda: not serving.server.servers[0].is_serving())
    assert not stopping.done()
    writer.write(body[len(body) // 2 :])

    assert b" 201 " in await reader.readline()
    await stopping
    writer.close()
    await writer.wait_closed()
