"""The page and the control side over plain HTTP: headers, streams, who may ask."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing

import httpx
import msgspec
import pytest
from telegram import Bot

from bot.simulator.client import SimClient, SimUser
from bot.simulator.core import Simulator
from bot.simulator.places import PLACES
from bot.simulator.samples import SAMPLES
from bot.simulator.server import run
from tests.simulator.conftest import TOKEN


async def test_page_brings_everything_itself(base_url: str) -> None:
    async with httpx.AsyncClient(base_url=base_url) as http:
        page = await http.get("/?start=</script><b>")
        assert page.status_code == 200
        assert page.headers["content-security-policy"].startswith("default-src 'self'; ")
        assert "</script><b>" not in page.text
        assert not [word for word in ("http://", "https://", " onclick", " style=") if word in page.text]
        for name in ("chat.js", "api.js", "screen.js", "sheet.js", "state.js", "view.js", "chat.css", "icon.svg"):
            asset = await http.get(f"/page/{name}")
            assert asset.status_code == 200
            assert "https://" not in asset.text
        for name in SAMPLES:
            assert f"/samples/{name}.jpg" in page.text
            assert (await http.get(f"/samples/{name}.jpg")).headers["content-type"] == "image/jpeg"
        for place in PLACES:
            assert place.name in page.text
        english = await http.get("/?lang=en")
        assert '<html lang="en">' in english.text
        assert (await http.get("/samples/moon.jpg")).status_code == 404


async def test_other_sites_may_not_play_the_citizens(base_url: str, lan: SimUser) -> None:
    async with httpx.AsyncClient(base_url=base_url) as http:
        path, body = f"/sim/chats/{lan.id}/text", {"text": "xin chào"}
        assert (await http.post(path, json=body, headers={"Origin": "https://evil.example"})).status_code == 403
        assert (await http.post(path, json=body, headers={"Origin": base_url})).status_code == 201


async def test_wrong_requests_are_refused_with_a_reason(base_url: str, lan: SimUser) -> None:
    async with httpx.AsyncClient(base_url=base_url) as http:
        missing = await http.post(f"/sim/chats/{lan.id}/text", json={})
        assert (missing.status_code, missing.json()["ok"]) == (400, False)
        assert "text" in missing.json()["description"]
        assert (await http.get("/sim/chats/1/messages")).status_code == 404
        assert (await http.get("/nothing/here")).status_code == 404
        odd = await http.post(f"/sim/chats/{lan.id}/files/song", files={"file": ("a.mp3", b"x")})
        assert odd.json()["description"] == "Bad Request: unknown kind song: photo, document, voice, video"


async def test_document_of_a_person_is_never_shown_as_a_page(base_url: str, lan: SimUser) -> None:
    message = await lan.document(b"<script>alert(1)</script>", "trang.html")
    async with httpx.AsyncClient(base_url=base_url) as http:
        answer = await http.get(f"/sim/files/{message.raw['document']['file_id']}")
    assert answer.headers["content-disposition"] == "attachment"
    assert answer.headers["x-content-type-options"] == "nosniff"


Event = tuple[str, dict[str, object]]


async def events_of(response: httpx.Response) -> AsyncGenerator[Event]:
    name = ""
    async for line in response.aiter_lines():
        if line.startswith("event: "):
            name = line.removeprefix("event: ")
        if line.startswith("data: "):
            yield name, msgspec.json.decode(line.removeprefix("data: "))


async def read_events(response: httpx.Response, count: int) -> list[Event]:
    async with aclosing(events_of(response)) as events:
        return [await anext(events) for _ in range(count)]


async def until_told(events: AsyncGenerator[Event], wanted: Event) -> None:
    async for event in events:
        if event == wanted:
            return
    raise AssertionError(f"the stream ended without {wanted}")


async def test_stream_goes_on_where_it_was(base_url: str, lan: SimUser, bot: Bot, core: Simulator) -> None:
    last = f"{core.epoch}-{core.chat(lan.id).version}"
    sent = await bot.send_message(lan.id, "tin mới")
    async with (
        httpx.AsyncClient(base_url=base_url) as http,
        http.stream("GET", "/sim/events", headers={"Last-Event-ID": last}) as response,
    ):
        assert response.headers["content-type"].startswith("text/event-stream")
        [(name, change)] = await read_events(response, 1)
    assert name == "changes"
    assert change["chat_id"] == lan.id
    assert [message["message_id"] for message in change["messages"]] == [sent.message_id]  # type: ignore[attr-defined]  # JSON


async def test_stream_of_another_run_starts_over(base_url: str, lan: SimUser) -> None:
    async with (
        httpx.AsyncClient(base_url=base_url) as http,
        http.stream("GET", "/sim/events", headers={"Last-Event-ID": "another-99"}) as response,
    ):
        first, second = await read_events(response, 2)
    assert first[0] == "reset"
    assert second[0] == "changes"


async def test_stream_tells_when_the_bot_listens(base_url: str, lan: SimUser, bot: Bot, core: Simulator) -> None:
    core.updates._last_poll = float("-inf")
    async with (
        httpx.AsyncClient(base_url=base_url, timeout=60) as http,
        http.stream("GET", "/sim/events") as response,
        aclosing(events_of(response)) as events,
    ):
        await until_told(events, ("bot", {"listening": False}))
        poll = asyncio.create_task(bot.get_updates(timeout=10))
        await until_told(events, ("bot", {"listening": True}))
        await lan.text("xong")
        await poll


async def test_state_lists_people(sim: SimClient, lan: SimUser) -> None:
    state = await sim.get("state")
    assert lan.id in [person["id"] for person in state["people"]]
    assert state["bot"]["username"] == "phananh_bot"


@pytest.mark.parametrize("host", ["0.0.0.0", "192.0.2.1", "example.vn"])
def test_server_listens_on_loopback_only(host: str) -> None:
    with pytest.raises(ValueError, match="loopback only"):
        run(host, 8731, TOKEN)


def test_token_must_look_like_one() -> None:
    with pytest.raises(ValueError, match="bot token"):
        Simulator("secret")
