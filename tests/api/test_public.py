"""What everybody may read by the API: published reports as a list and on a map, communes with their figures, and
suggestions while a report is being written."""

import hashlib
from typing import Any

import httpx
import pytest

from app.stats import projection
from tests.api.conftest import API, Sent, SignedIn, act, keys, send
from tests.world import AN_XUYEN, HERE, LIGHT, World, photo

PUBLIC = f"{API}/public/reports"
BOX = {"south": "9.09", "north": "9.11", "west": "105.19", "east": "105.21"}


async def published(http: httpx.AsyncClient, signed_in: SignedIn, **changed: Any) -> Sent:
    sent = await send(http, LIGHT | changed)
    await act(await signed_in("coordinator"), sent.code, "publish")
    return sent


async def test_only_published_reports_are_listed_masked_and_in_pages_that_link_on(
    http: httpx.AsyncClient, signed_in: SignedIn
) -> None:
    made = [
        (await published(http, signed_in, category="garbage", text=f"Rác số {n}, gọi 0912 345 678")).code
        for n in range(5)
    ]
    hidden = await send(http, LIGHT | {"category": "garbage"})
    seen: list[dict[str, Any]] = []
    url = f"{PUBLIC}?category=garbage&limit=2"
    while url:
        page = await http.get(url)
        assert page.status_code == 200, page.text
        seen += page.json()["items"]
        assert bool(page.json()["next"]) == ("link" in page.headers)
        url = f"{PUBLIC}?category=garbage&limit=2&cursor={page.json()['next']}" if page.json()["next"] else ""
        assert not url or httpx.URL(page.links["next"]["url"]).params["cursor"] == page.json()["next"]
    assert [item["code"] for item in seen] == made[::-1]
    assert hidden.code not in str(seen)
    assert "0912" not in str(seen)
    assert (seen[0]["category"]["name"], seen[0]["commune"]["code"]) != ("", "")


async def test_the_list_is_narrowed_and_what_nobody_knows_is_told(http: httpx.AsyncClient, signed_in: SignedIn) -> None:
    light = await published(http, signed_in)

    async def shown(**asked: str) -> set[str]:
        return {item["code"] for item in (await http.get(PUBLIC, params=asked)).json()["items"]}

    assert light.code in await shown(category="street-light", commune=AN_XUYEN, state="open")
    assert light.code not in await shown(category="road-damage")
    assert light.code not in await shown(state="done")
    for asked, field, key in (
        ({"category": "gone"}, "category", "reports.category_unknown"),
        ({"commune": "99999"}, "commune", "reports.commune_unknown"),
        ({"state": "lost"}, "state", "api.wrong_value"),
        ({"cursor": "x"}, "cursor", "worklist.cursor_wrong"),
        ({"limit": "0"}, "limit", "worklist.limit_wrong"),
        ({"limit": "101"}, "limit", "worklist.limit_wrong"),
    ):
        answer = await http.get(PUBLIC, params=asked)
        assert (answer.status_code, keys(answer)) == (422, [(field, key)])


@pytest.mark.parametrize("path", ["public/reports", "public/points", "communes", f"communes/{AN_XUYEN}", "categories"])
async def test_what_is_read_often_is_not_sent_twice(path: str, http: httpx.AsyncClient, signed_in: SignedIn) -> None:
    asked = {**BOX, "zoom": "8"} if path.endswith("points") else {}
    first = await http.get(f"{API}/{path}", params=asked)
    tag = {"If-None-Match": f'"other", W/{first.headers["etag"]}'}
    again = await http.get(f"{API}/{path}", params=asked, headers=tag)
    assert (first.status_code, again.status_code, again.content) == (200, 304, b"")
    assert again.headers["etag"] == first.headers["etag"]
    assert "Accept-Language" in again.headers["vary"]
    assert (await http.get(f"{API}/{path}", params=asked, headers={"If-None-Match": '"other"'})).status_code == 200
    if path == "public/reports":
        await published(http, signed_in)
        assert (await http.get(f"{API}/{path}", headers=tag)).status_code == 200


async def test_the_map_puts_many_near_each_other_into_one(http: httpx.AsyncClient, signed_in: SignedIn) -> None:
    for lat, lon in ((9.100011, 105.200022), (9.100019, 105.200029), (9.104444, 105.207777)):
        await published(http, signed_in, category="flooding", lat=lat, lon=lon, address="", commune_code=None)

    async def dots(zoom: int, **more: str) -> list[dict[str, Any]]:
        answer = await http.get(f"{API}/public/points", params={**BOX, "zoom": str(zoom), **more})
        assert answer.status_code == 200, answer.text
        return list(answer.json()["items"])

    assert [each["n"] for each in await dots(8)] == [3]
    two, one = await dots(16)
    assert (two["n"], two["code"], two["category"]) == (2, None, None)
    assert (one["n"], one["category"]["id"], one["lat"], one["lon"]) == (1, "flooding", 9.1044, 105.2078)
    assert await dots(16, category="road-damage") == []


@pytest.mark.parametrize(
    "view",
    [
        BOX | {"zoom": "20"},
        BOX | {"zoom": "-1"},
        BOX | {"zoom": "3", "south": "9.5"},
        BOX | {"zoom": "3", "east": "181"},
        BOX | {"zoom": "3", "south": "nan"},
    ],
)
async def test_a_view_that_cannot_be_is_refused(http: httpx.AsyncClient, view: dict[str, str]) -> None:
    answer = await http.get(f"{API}/public/points", params=view)
    assert (answer.status_code, keys(answer)) == (422, [("box", "web.view_wrong")])


async def test_communes_have_figures_and_too_few_cases_give_no_share(http: httpx.AsyncClient, world: World) -> None:
    await send(http, LIGHT)
    await projection.catch_up(world.parts.pool)
    home = world.parts.rules.province_code
    listed = (await http.get(f"{API}/communes")).json()["items"]
    assert {each["code"] for each in listed} == {
        each.code for each in world.parts.gazetteer.communes if each.province_code == home
    }
    page = (await http.get(f"{API}/communes/{AN_XUYEN}")).json()
    told = {each["name"]: each for each in page["figures"]}
    received = await world.parts.pool.fetchval("SELECT count(*) FROM reports WHERE commune_code = $1", AN_XUYEN)
    assert (told["received"]["value"], told["received"]["words"]) == (received, str(received))
    assert (told["satisfied_rate"]["value"], told["satisfied_rate"]["words"]) == (None, "–")
    elsewhere = next(each.code for each in world.parts.gazetteer.communes if each.province_code != home)
    for code in (elsewhere, "99999"):
        answer = await http.get(f"{API}/communes/{code}")
        assert (answer.status_code, keys(answer)) == (404, [(None, "reports.commune_unknown")])


async def test_while_writing_category_questions_commune_and_the_same_matter_are_suggested(
    http: httpx.AsyncClient, signed_in: SignedIn
) -> None:
    url, picture = f"{API}/reports/suggestions", photo("gợi ý")
    first = await send(http, LIGHT | HERE, [picture])
    asked = {"text": LIGHT["text"], **HERE}
    said = (await http.post(url, json=asked | {"photo_sha256": [hashlib.sha256(picture).hexdigest(), "no"]})).json()
    assert said["category"]["id"] == "street-light"
    assert first.code in {each["code"] for each in said["near"]}
    assert said["commune"]["code"] == AN_XUYEN
    words = (await http.post(url, json={"text": "trieu cuong len la hem ngap", "address": "phuong an xuyen"})).json()
    assert words["guesses"][0]["id"] == words["category"]["id"] == "flooding"
    assert words["category"]["questions"]
    assert words["candidates"][0]["code"] == AN_XUYEN
    nothing: dict[str, Any] = {"guesses": [], "category": None, "commune": None, "candidates": [], "near": []}
    for little in ({}, {"lat": 0.0, "lon": 0.0}, {"category": "gone", "commune_code": "x"}, {"lat": 9.1}):
        answer = await http.post(url, json=little)
        assert (answer.status_code, answer.json()) == (200, nothing)


async def test_a_public_address_is_told_what_is_left_and_when_to_come_back(http: httpx.AsyncClient) -> None:
    stranger = {"X-Forwarded-For": "113.161.0.77"}
    ask = f"{API}/reports/suggestions"
    first = await http.post(ask, json={}, headers=stranger)
    assert first.headers["ratelimit-policy"] == '"reports";q=60;w=60'
    assert first.headers["ratelimit"] == '"reports";r=59;t=1'
    assert "retry-after" not in first.headers
    answers = [await http.post(ask, json={}, headers=stranger) for _ in range(62)]
    refused = next(each for each in answers if each.status_code == 429)
    assert (refused.headers["ratelimit"][:14], refused.headers["retry-after"]) == ('"reports";r=0;', "1")
    page = await http.post("/look", data={"text": "x"}, headers=stranger)
    assert page.status_code in (200, 429)
    assert ("retry-after" in page.headers) == (page.status_code == 429)
    assert "ratelimit" in page.headers
    assert "ratelimit" not in (await http.post(ask, json={})).headers
    assert "ratelimit" not in (await http.get(f"{API}/categories", headers=stranger)).headers
