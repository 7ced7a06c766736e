"""Categories, places, and how the system does."""

import re

import httpx
import pytest

from app import jobs
from app.jobs import Job
from tests.api.conftest import API, keys, send
from tests.world import AN_XUYEN, HERE, LIGHT, World, photo


async def test_categories_come_in_groups_in_the_readers_language(http: httpx.AsyncClient, world: World) -> None:
    vi = (await http.get(f"{API}/categories")).json()
    en = (await http.get(f"{API}/categories", headers={"Accept-Language": "en"})).json()

    assert vi["rule_set"] == world.parts.rules.version
    assert [group["id"] for group in vi["groups"]] == list(world.parts.rules.groups)
    light = next(c for g in vi["groups"] for c in g["categories"] if c["id"] == "street-light")
    assert (light["name"], light["handling"]) == ("Đèn đường hỏng", "3 ngày làm việc")
    light = next(c for g in en["groups"] for c in g["categories"] if c["id"] == "street-light")
    assert (light["name"], light["handling"]) == ("Broken street light", "3 working days")
    assert any(c["out_of_scope"] and c["advice"] for g in vi["groups"] for c in g["categories"])


async def test_unchanged_categories_are_not_sent_again(http: httpx.AsyncClient) -> None:
    first = await http.get(f"{API}/categories")
    again = await http.get(f"{API}/categories", headers={"If-None-Match": first.headers["etag"]})
    other = await http.get(
        f"{API}/categories", headers={"If-None-Match": first.headers["etag"], "Accept-Language": "en"}
    )
    assert (again.status_code, other.status_code) == (304, 200)
    assert first.headers["cache-control"] == "public, max-age=300"


async def test_a_point_is_in_a_commune_or_near_three(http: httpx.AsyncClient) -> None:
    said = (await http.get(f"{API}/places/locate", params=HERE)).json()
    assert said["commune"] == {"code": AN_XUYEN, "name": "Phường An Xuyên"}
    assert said["approximate"] is True
    assert said["candidates"][0]["province"] == "Tỉnh Cà Mau"
    assert len(said["candidates"]) == 3


@pytest.mark.parametrize(
    ("point", "field", "key"),
    [
        ({"lat": "9.2"}, "lon", "api.missing_field"),
        ({"lat": "x", "lon": "105"}, "lat", "api.want_number"),
        ({"lat": "nan", "lon": "105"}, "place", "places.point_not_numbers"),
        ({"lat": "0", "lon": "0"}, "place", "places.point_zero"),
        ({"lat": "105.1", "lon": "9.2"}, "place", "places.point_swapped"),
        ({"lat": "48.8", "lon": "2.3"}, "place", "places.point_abroad"),
        ({"lat": "9.2", "lon": "105.1", "zoom": "3"}, "zoom", "api.unknown_field"),
    ],
)
async def test_a_point_that_cannot_be_here_is_told_why(
    http: httpx.AsyncClient, point: dict[str, str], field: str, key: str
) -> None:
    answer = await http.get(f"{API}/places/locate", params=point)
    assert (answer.status_code, keys(answer)) == (422, [(field, key)])


@pytest.mark.parametrize("typed", ["phường an xuyên", "Phuong An Xuyen, Ca Mau", "P. An Xuyên"])
async def test_a_typed_name_finds_its_commune(http: httpx.AsyncClient, typed: str) -> None:
    said = (await http.get(f"{API}/places/search", params={"q": typed})).json()
    assert said["candidates"][0]["code"] == AN_XUYEN


async def test_nothing_found_is_an_empty_list_and_no_error(http: httpx.AsyncClient) -> None:
    assert (await http.get(f"{API}/places/search", params={"q": "zzzz"})).json() == {"candidates": []}


async def test_a_search_without_words_or_with_too_many_is_refused(http: httpx.AsyncClient) -> None:
    assert keys(await http.get(f"{API}/places/search")) == [("q", "api.missing_field")]
    assert keys(await http.get(f"{API}/places/search", params={"q": "x" * 301})) == [("q", "reports.address_long")]


# ---------------------------------------------------------------- operations


async def test_ready_means_database_and_photo_store_answer(http: httpx.AsyncClient, world: World) -> None:
    async with world.parts.pool.acquire() as conn:
        await jobs.enqueue(conn, [Job("tell", {})])
        await conn.execute("UPDATE pgqueuer SET execute_after = now() - interval '90 seconds'")
    said = (await http.get("/readyz")).json()
    assert (said["ready"], said["database"], said["photos"]) == (True, "ok", "ok")
    assert said["queue_seconds"] >= 90


async def test_a_job_for_later_does_not_count_as_waiting(http: httpx.AsyncClient, world: World) -> None:
    await world.parts.pool.execute("UPDATE pgqueuer SET execute_after = now() + interval '1 hour'")
    assert (await http.get("/readyz")).json()["queue_seconds"] == 0


async def test_metrics_count_requests_intakes_refusals_and_messages(http: httpx.AsyncClient, world: World) -> None:
    sent = await send(http, LIGHT, [b"no photo", photo("đo")])
    await world.parts.pool.execute(
        """
        INSERT INTO notifications (report_id, seq, recipient, channel, channel_user_id, template, lang, status)
        SELECT report_id, 1, 'citizen:x', 'telegram', '1', 'received', 'vi', 'sent' FROM report_codes WHERE code = $1
        """,
        sent.code,
    )
    await http.get("/no/such/place")
    page = (await http.get("/metrics")).text

    def value(line: str) -> float:
        found = re.search(rf"^{re.escape(line)} (\S+)$", page, re.MULTILINE)
        assert found, line
        return float(found[1])

    assert value('phananh_reports_last_day{channel="api"}') >= 1
    assert value('phananh_photos_refused_total{reason="not_image"}') >= 1
    assert value('phananh_notifications_last_day{status="sent"}') == 1
    assert value('phananh_http_request_seconds_count{method="POST",route="/api/v1/reports",status="201"}') >= 1
    assert value('phananh_http_request_seconds_count{method="GET",route="(none)",status="404"}') >= 1
    assert value("process_resident_memory_bytes") > 2**20
    assert "phananh_queue_oldest_seconds" in page
    assert sent.code not in page


async def test_metrics_are_for_the_own_network_alone(http: httpx.AsyncClient) -> None:
    outside = await http.get("/metrics", headers={"X-Forwarded-For": "113.161.0.7"})
    assert (outside.status_code, keys(outside)) == (404, [(None, "api.not_found")])
    assert (await http.get("/metrics", headers={"X-Forwarded-For": "192.168.1.20"})).status_code == 200
