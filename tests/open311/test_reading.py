"""GeoReport v2, reading: discovery, services, requests, tokens and updates, in XML and JSON."""

from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from app.photos import service as photos
from app.reports.workflow import Act
from tests.console.reports import act, file, picture, street
from tests.open311 import protocol
from tests.open311.protocol import both, of_xml, refused
from tests.world import AN_XUYEN, COMPANY, LIGHT, World


async def codes(http: httpx.AsyncClient, **query: Any) -> list[str]:
    return [each["service_request_id"] for each in (await http.get("/requests.json", params=query)).json()]


# ---------------------------------------------------------------- discovery and services


async def test_discovery_names_a_production_and_a_test_endpoint_that_answer(http: httpx.AsyncClient) -> None:
    found = await both(http, "/discovery", "discovery")
    assert list(found) == ["changeset", "contact", "key_service", "endpoints"]
    assert [each["type"] for each in found["endpoints"]] == ["production", "test"]
    for endpoint in found["endpoints"]:
        assert list(endpoint) == ["specification", "url", "changeset", "type", "formats"]
        assert endpoint["specification"] == "http://wiki.open311.org/GeoReport_v2"
        assert endpoint["formats"] == ["text/xml", "application/json"]
        path = endpoint["url"].removeprefix("http://localhost:8000")
        assert (await http.get(str(http.base_url.copy_with(path=f"{path}/services.json")))).status_code == 200


async def test_services_have_all_fields_and_a_group(http: httpx.AsyncClient) -> None:
    found = await both(http, "/services", "services")
    assert all(tuple(each) == protocol.SERVICE and each["type"] == "realtime" for each in found)
    light = next(each for each in found if each["service_code"] == "street-light")
    assert (light["service_name"], light["group"], light["metadata"]) == ("Đèn đường hỏng", "Điện – chiếu sáng", False)


async def test_what_is_no_field_report_is_no_service(http: httpx.AsyncClient, world: World) -> None:
    outside = {each.category_id for each in world.parts.rules.categories.values() if each.out_of_scope}
    found = {each["service_code"] for each in (await http.get("/services.json")).json()}
    assert outside
    assert found.isdisjoint(outside)
    assert "mã" in await refused(http, f"/services/{min(outside)}", 404)


async def test_extra_questions_are_attributes(http: httpx.AsyncClient) -> None:
    found = await both(http, "/services/flooding", "service_definition")
    assert found["service_code"] == "flooding"
    (water,) = found["attributes"]
    assert tuple(water) == protocol.ATTRIBUTE
    assert (water["code"], water["datatype"], water["order"]) == ("water", "singlevaluelist", 1)
    assert (water["variable"], water["required"]) == (True, False)
    assert water["values"][0] == {"key": "houses", "name": "Đã vào nhà"}
    name, said = of_xml(await http.get("/services/street-light.xml"))
    assert (name, said) == ("service_definition", {"service_code": "street-light", "attributes": []})


async def test_names_come_in_the_readers_language(http: httpx.AsyncClient) -> None:
    answer = await http.get("/services/flooding.json", headers={"Accept-Language": "en"})
    assert answer.headers["content-language"] == "en"
    assert answer.json()["attributes"][0]["values"][0]["name"] == "Yes, it is in houses"


# ---------------------------------------------------------------- requests


async def test_a_published_report_has_all_fields_and_nothing_of_its_reporter(
    http: httpx.AsyncClient, published: str, world: World, address: str
) -> None:
    (found,) = await both(http, f"/requests/{published}", "service_requests")
    assert tuple(found) == protocol.REQUEST
    assert found["service_request_id"] == published
    assert (found["status"], found["service_code"]) == ("open", "street-light")
    assert "0912" not in found["description"]
    assert "<sớm> & giúp" in found["description"]
    assert found["status_notes"].startswith("Đã đặt bóng mới")
    assert "Bích" not in found["status_notes"]
    assert (found["address"], found["address_id"], found["zipcode"]) == ("Phường An Xuyên", AN_XUYEN, None)
    assert (found["lat"], found["long"]) == (9.2246, 105.178)
    assert found["requested_datetime"].endswith("+07:00")
    assert datetime.fromisoformat(found["expected_datetime"]) > datetime.fromisoformat(found["requested_datetime"])
    assert (await picture(address, found["media_url"])).size == (640, 480)
    agency = await world.parts.pool.fetchval("SELECT name FROM agencies WHERE agency_id = $1", COMPANY)
    assert found["agency_responsible"] == agency


async def test_what_is_not_published_is_in_no_list_and_by_its_code_has_no_words_and_no_place(
    http: httpx.AsyncClient, published: str, address: str
) -> None:
    code = await file(address, text="Đèn đường hỏng trước nhà tôi.")
    assert code not in await codes(http)
    (found,) = await both(http, "/requests", "service_requests", service_request_id=code)
    hidden = {name: found[name] for name in ("description", "lat", "long", "media_url")}
    assert set(hidden.values()) == {None}
    assert (found["status"], found["status_notes"]) == ("open", "Đã chuyển xử lý")
    assert found["service_notice"] == "Nội dung chưa được công khai."


async def test_of_a_private_report_only_its_status_is_told(http: httpx.AsyncClient, address: str) -> None:
    private = await file(address, text="Nhóm người đánh bạc mỗi đêm sau chợ.", category="gambling")
    (found,) = await both(http, f"/requests/{private}", "service_requests", extensions="true")
    told = {name for name, value in found.items() if value is not None}
    assert told == {"service_request_id", "status", "status_notes", "service_notice", "extended_attributes"}
    assert list(found["extended_attributes"]) == ["detailed_status"]


async def test_what_was_unpublished_is_gone_from_the_list(http: httpx.AsyncClient, address: str, world: World) -> None:
    code = await file(address)
    await act(world, "coordinator", code, Act.PUBLISH)
    assert code in await codes(http)
    await act(world, "coordinator", code, Act.UNPUBLISH, text="Người dân yêu cầu gỡ.")
    assert code not in await codes(http)


async def test_a_closed_report_tells_its_result(http: httpx.AsyncClient, address: str, world: World) -> None:
    code, parts = await file(address), world.parts
    mended = await photos.store_photo(parts.pool, parts.objects, parts.lab, street(9))
    await act(world, "officer", code, Act.RESOLVE, text="Đã thay bóng mới.", photos=(mended,))
    await act(world, "coordinator", code, Act.PUBLISH)
    (found,) = (await http.get(f"/requests/{code}.json", params={"extensions": "true"})).json()
    assert (found["status"], found["status_notes"]) == ("closed", "Đã thay bóng mới.")
    assert found["extended_attributes"]["detailed_status"] == "resolved"
    assert len(found["extended_attributes"]["photos"]) == 1
    assert code in await codes(http, status="closed")
    assert code not in await codes(http, status="open")
    assert code in await codes(http, status="open,closed")


async def test_ids_override_everything_else(http: httpx.AsyncClient, published: str) -> None:
    asked = {"service_request_id": f"{published.lower()},PA-0000-0000, {published}", "status": "closed"}
    assert await codes(http, **asked, start_date="2020-01-01T00:00:00Z") == [published]


async def test_lists_are_narrowed_by_service_time_change_and_place(http: httpx.AsyncClient, published: str) -> None:
    now = datetime.now(UTC)
    before, after = (now - timedelta(hours=1)).isoformat(), (now + timedelta(hours=1)).isoformat()
    for narrow, there in (
        ({"service_code": "street-light,road-damage"}, True),
        ({"service_code": "road-damage"}, False),
        ({"start_date": before, "end_date": after}, True),
        ({"start_date": after}, False),
        ({"end_date": before}, False),
        ({"updated_after": before}, True),
        ({"updated_before": before}, False),
        ({"bbox": "105.1,9.2,105.2,9.3"}, True),
        ({"bbox": "105.2,9.2,105.3,9.3"}, False),
        ({"service_code": "", "status": " ", "start_date": ""}, True),  # an empty parameter counts as absent
    ):
        assert (published in await codes(http, **narrow)) is there, narrow


async def test_nothing_older_than_ninety_days_comes_unasked(
    http: httpx.AsyncClient, address: str, world: World
) -> None:
    code = await file(address)
    await act(world, "coordinator", code, Act.PUBLISH)
    await world.parts.pool.execute(
        "UPDATE reports SET submitted_at = submitted_at - interval '91 days' WHERE code = $1", code
    )
    assert code not in await codes(http)
    since = (datetime.now(UTC) - timedelta(days=100)).isoformat()
    assert code in await codes(http, start_date=since)
    assert code in await codes(http, updated_after=(datetime.now(UTC) - timedelta(hours=1)).isoformat())


async def test_pages_follow_each_other_newest_first(http: httpx.AsyncClient, address: str, world: World) -> None:
    sent = []
    for _ in range(3):
        sent.append(await file(address, category="road-damage", text="Ổ gà sâu giữa đường."))
        await act(world, "coordinator", sent[-1], Act.PUBLISH)
    asked = {"service_code": "road-damage", "page_size": 2}
    assert await codes(http, **asked) + await codes(http, **asked, page=2) == sent[::-1]
    assert await codes(http, **asked, page=3) == []


async def test_a_token_is_the_id(http: httpx.AsyncClient, published: str) -> None:
    found = await both(http, f"/tokens/{published}", "service_requests")
    assert found == [{"service_request_id": published, "token": published}]


async def test_updates_are_what_agencies_said_in_public(http: httpx.AsyncClient, published: str) -> None:
    found = await both(http, "/servicerequestupdates", "service_request_updates")
    (mine,) = [each for each in found if each["service_request_id"] == published]
    assert tuple(mine) == protocol.UPDATE
    assert (mine["status"], mine["media_url"]) == ("open", None)
    assert mine["description"].startswith("Đã đặt bóng mới")
    assert "Bích" not in mine["description"]
    past = {"start_date": "2020-01-01T00:00:00Z", "end_date": "2020-02-01T00:00:00Z"}
    assert await both(http, "/servicerequestupdates", "service_request_updates", **past) == []


async def test_a_character_that_xml_has_not_is_replaced(http: httpx.AsyncClient, address: str, world: World) -> None:
    code = await file(address, text="Đèn hỏng 💡 \x0b ở ngõ.")
    await act(world, "coordinator", code, Act.PUBLISH)
    await world.parts.pool.execute("UPDATE reports SET body = $2 WHERE code = $1", code, "Đèn hỏng 💡 \x0b ở ngõ.")
    _, (found,) = of_xml(await http.get(f"/requests/{code}.xml"))
    assert found["description"] == "Đèn hỏng 💡 \ufffd ở ngõ."


# ---------------------------------------------------------------- errors


@pytest.mark.parametrize(
    ("path", "status", "query"),
    [
        ("/requests", 400, {"start_date": "yesterday"}),
        ("/requests", 400, {"start_date": "2026-01-01T00:00:00Z", "end_date": "2026-06-01T00:00:00Z"}),
        ("/requests", 400, {"start_date": "2026-02-01T00:00:00Z", "end_date": "2026-01-01T00:00:00Z"}),
        ("/requests", 400, {"status": "half"}),
        ("/requests", 400, {"page": "0"}),
        ("/requests", 400, {"page_size": "1001"}),
        ("/requests", 400, {"page": "9999"}),
        ("/requests", 400, {"bbox": "1,2,3"}),
        ("/requests", 400, {"bbox": "nan,0,1,1"}),
        ("/requests", 400, {"service_request_id": ",".join(["PA-0000-0000"] * 501)}),
        ("/requests/PA-0000-0000", 404, {}),
        ("/requests/nonsense", 404, {}),
        ("/tokens/PA-0000-0000", 404, {}),
        ("/services/nothing", 404, {}),
        ("/servicerequestupdates", 400, {"end_date": "2026-13-01"}),
        ("/servicerequestupdates", 400, {"end_date": "0001-01-02"}),
        ("/requests", 400, {"start_date": "9999-12-30"}),
        ("/nothing", 404, {}),
        ("/services", 404, {"jurisdiction_id": "elsewhere.example"}),
    ],
)
async def test_errors_are_a_list_of_codes_and_descriptions(
    path: str, status: int, query: dict[str, str], http: httpx.AsyncClient
) -> None:
    assert await refused(http, path, status, **query)


async def test_characters_that_nobody_types_are_passed_over(http: httpx.AsyncClient, published: str) -> None:
    assert published in await codes(http, service_code="street-light\x00")


async def test_our_own_jurisdiction_may_be_named(http: httpx.AsyncClient) -> None:
    assert (await http.get("/services.json", params={"jurisdiction_id": "LOCALHOST"})).status_code == 200


async def test_without_a_format_or_with_another_one_there_is_nothing(http: httpx.AsyncClient) -> None:
    for path in ("/services", "/services.html", "/"):
        answer = await http.get(path)
        assert (answer.status_code, of_xml(answer)[0]) == (404, "errors")
    missing = await http.delete("/services.json")
    assert (missing.status_code, missing.json()[0]["code"]) == (405, 405)
    posted = await http.post("/services.json")
    assert (posted.status_code, posted.headers["allow"]) == (405, "GET")


async def test_pages_of_others_may_read_it(http: httpx.AsyncClient) -> None:
    assert (await http.get("/services.json")).headers["access-control-allow-origin"] == "*"


async def test_a_part_of_a_split_report_is_not_there(http: httpx.AsyncClient, address: str, world: World) -> None:
    whole, part = await file(address, text=LIGHT["text"]), await file(address, text=LIGHT["text"])
    parent = await world.parts.pool.fetchval("SELECT report_id FROM reports WHERE code = $1", whole)
    await world.parts.pool.execute(
        "UPDATE reports SET published_at = now(), part_of = $1 WHERE code = $2", parent, part
    )
    assert part not in await codes(http)
    await refused(http, f"/requests/{part}", 404)
