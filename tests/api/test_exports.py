"""Files of figures over HTTP: ordered, looked at, fetched in one go or in two; by the caller's rights."""

import hashlib
from typing import Any
from uuid import UUID

import httpx
import msgspec
import pytest_asyncio

from app.accounts import service as accounts
from app.accounts.model import SYSTEM
from app.exports import making
from tests.api.conftest import API, SignedIn, keys, send
from tests.notify.post import take_jobs
from tests.world import LIGHT, World

EXPORTS = f"{API}/exports"
Key = dict[str, str]


@pytest_asyncio.fixture(scope="module")
async def feed(world: World) -> Key:
    return await _key(world, "leader", "feed")


@pytest_asyncio.fixture(scope="module")
async def whole(world: World) -> Key:
    return await _key(world, "leader", "read", "write")


async def _key(world: World, who: str, *scopes: str) -> Key:
    staff_id = world.people[who].staff_id
    token = await accounts.create_token(world.parts.pool, staff_id, "IOC", scopes, None, SYSTEM)
    return {"Authorization": f"Bearer {token}"}


async def order(http: httpx.AsyncClient, key: Key, status: int = 201, **wanted: Any) -> dict[str, Any]:
    answer = await http.post(EXPORTS, json={"format": "csv", "as_of": "now"} | wanted, headers=key)
    assert answer.status_code == status, answer.text
    return dict(answer.json())


async def work(world: World) -> None:
    parts = world.parts
    for payload in await take_jobs(parts.pool, "make_export"):
        export_id = UUID(msgspec.json.decode(payload)["export_id"])
        await making.make(parts.pool, parts.objects, parts.rules, parts.gazetteer, export_id)


async def see(http: httpx.AsyncClient, key: Key, export: dict[str, Any]) -> dict[str, Any]:
    answer = await http.get(f"{EXPORTS}/{export['id']}", headers=key)
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


async def test_an_order_is_waited_for_and_fetched_in_one_go_or_in_two(
    http: httpx.AsyncClient, whole: Key, world: World
) -> None:
    await send(http, LIGHT)
    export = await order(http, whole)
    assert (export["state"], export["file"], export["rows_total"]) == ("waiting", None, None)
    early = await http.get(f"{EXPORTS}/{export['id']}/file", headers=whole)
    assert (early.status_code, keys(early)) == (409, [(None, "exports.not_ready")])
    await work(world)
    done = await see(http, whole, export)
    assert (done["state"], done["rows_done"]) == ("ready", done["rows_total"])
    assert (await http.get(EXPORTS, headers=whole)).json()["items"][0] == done

    file = await http.get(done["file"], headers=whole)
    assert (file.status_code, len(file.content)) == (200, done["size_bytes"])
    assert hashlib.sha256(file.content).hexdigest() == done["sha256"]
    assert (done["content_type"], file.headers["content-type"]) == ("text/csv", "text/csv; charset=utf-8")
    assert done["file_name"] in file.headers["content-disposition"]
    tag = file.headers["etag"]
    assert (await http.get(done["file"], headers=whole | {"If-None-Match": tag})).status_code == 304
    rest = await http.get(done["file"], headers=whole | {"Range": "bytes=40-", "If-Range": tag})
    assert (rest.status_code, rest.content) == (206, file.content[40:])
    assert rest.headers["content-range"] == f"bytes 40-{done['size_bytes'] - 1}/{done['size_bytes']}"
    middle = await http.get(done["file"], headers=whole | {"Range": "bytes=3-9"})
    assert (middle.status_code, middle.content) == (206, file.content[3:10])
    for other in ({"Range": "bytes=40-", "If-Range": '"another"'}, {"Range": "bytes=99999999-"}, {"Range": "lines=1-"}):
        answer = await http.get(done["file"], headers=whole | other)
        assert (answer.status_code, answer.content) == (200, file.content)


async def test_asking_the_same_again_gives_the_same_order(http: httpx.AsyncClient, whole: Key) -> None:
    first = await order(http, whole, period="2025-11", as_of="", format="xlsx")
    assert (await order(http, whole, 200, period="2025-11", as_of="", format="xlsx"))["id"] == first["id"]


async def test_what_is_cancelled_is_not_made_and_what_is_deleted_is_gone(
    http: httpx.AsyncClient, whole: Key, world: World
) -> None:
    export = await order(http, whole, period="2025-10", as_of="")
    stopped = await http.post(f"{EXPORTS}/{export['id']}/cancel", headers=whole)
    assert (stopped.status_code, stopped.json()["state"]) == (200, "cancelled")
    await work(world)
    assert (await see(http, whole, export))["state"] == "cancelled"
    assert (await http.delete(f"{EXPORTS}/{export['id']}", headers=whole)).status_code == 204
    again = await http.get(f"{EXPORTS}/{export['id']}", headers=whole)
    assert (again.status_code, keys(again)) == (404, [(None, "exports.gone")])


async def test_a_key_for_figures_alone_gets_nothing_of_what_people_wrote(
    http: httpx.AsyncClient, feed: Key, whole: Key, world: World
) -> None:
    theirs, ours = await order(http, feed, format="geojson"), await order(http, whole, format="geojson")
    assert theirs["id"] != ours["id"]
    assert set(ours["columns"]) - set(theirs["columns"]) == {"words", "address", "place"}
    await work(world)
    assert (await http.get(f"{EXPORTS}/{theirs['id']}/file", headers=feed)).status_code == 200
    refused = await http.get(f"{EXPORTS}/{ours['id']}/file", headers=feed)
    assert (refused.status_code, keys(refused)) == (403, [(None, "accounts.token_scope_missing")])


async def test_another_persons_file_does_not_exist_and_anothers_question_is_refused(
    http: httpx.AsyncClient, whole: Key, signed_in: SignedIn
) -> None:
    export = await order(http, whole, format="parquet")
    coordinator, lead = await signed_in("coordinator"), await signed_in("lead")
    for path in ("", "/file"):
        answer = await coordinator.get(f"{EXPORTS}/{export['id']}{path}")
        assert (answer.status_code, keys(answer)) == (404, [(None, "exports.gone")])
    outside = await lead.post(EXPORTS, json={"format": "csv", "agency": ["dien-luc-ca-mau"]})
    assert (outside.status_code, keys(outside)) == (403, [(None, "stats.outside")])


async def test_what_is_wrong_with_an_order_is_named(http: httpx.AsyncClient, whole: Key) -> None:
    for wanted, field, key in (
        ({"format": "docx"}, "format", "exports.format_unknown"),
        ({"format": "csv", "period": "2026-13"}, "period", "stats.period_unknown"),
        ({"format": "csv", "period": "2031"}, "period", "stats.period_wrong"),
        ({"format": "csv", "channel": ["fax"]}, "channel", "stats.channel_unknown"),
    ):
        answer = await http.post(EXPORTS, json=wanted, headers=whole)
        assert (answer.status_code, keys(answer)) == (422, [(field, key)])
