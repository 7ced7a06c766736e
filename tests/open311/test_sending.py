"""GeoReport v2, sending: reports and updates, with a program's key, form-encoded and with photos."""

from typing import Any
from uuid import uuid4

import httpx
import msgspec
import pytest

from app.outward import Client, Networks
from app.reports import media, service
from app.reports.model import Report
from app.reports.service import Case
from app.reports.workflow import Act
from app.worker.reports import FetchMedia
from tests.console.reports import act, case, file, street
from tests.open311.conftest import key_of
from tests.open311.protocol import of_json, of_xml
from tests.receiver import receiver
from tests.small_world import LOOPBACK
from tests.world import AN_XUYEN, COMPANY, World

LIGHT = {
    "service_code": "street-light",
    "lat": "9.22461",
    "long": "105.178",
    "description": "Đèn đường trước số 12 hỏng & tối om <ba đêm>.",
}


async def post(http: httpx.AsyncClient, key: str, path: str = "/requests.json", **fields: Any) -> httpx.Response:
    return await http.post(path, data={"api_key": key, **fields})


def errors(answer: httpx.Response) -> tuple[int, str]:
    said = of_json(answer)
    assert {each["code"] for each in said} == {answer.status_code}
    return answer.status_code, " ".join(each["description"] for each in said)


async def filed(http: httpx.AsyncClient, world: World, key: str, **fields: Any) -> Report:
    answer = await post(http, key, **LIGHT | fields)
    assert answer.status_code == 200, answer.text
    (said,) = answer.json()
    return await service.find(world.parts.pool, said["service_request_id"])


async def count(world: World) -> int:
    return int(await world.parts.pool.fetchval("SELECT count(*) FROM reports"))


# ---------------------------------------------------------------- reports


async def test_a_report_is_filed_routed_and_answered_with_its_id(
    http: httpx.AsyncClient, world: World, key: str
) -> None:
    answer = await post(http, key, **LIGHT)
    assert answer.status_code == 200
    (said,) = of_json(answer)
    assert list(said) == ["service_request_id", "service_notice", "account_id"]
    assert "xử lý, hạn" in said["service_notice"]
    report = await service.find(world.parts.pool, said["service_request_id"])
    assert (report.channel, report.category, report.agency_id) == ("open311", "street-light", COMPANY)
    assert (report.body, report.lat, report.lon) == (LIGHT["description"], 9.22461, 105.178)


async def test_xml_answers_alike(http: httpx.AsyncClient, key: str) -> None:
    name, (said,) = of_xml(await post(http, key, "/requests.xml", **LIGHT))
    assert name == "service_requests"
    assert list(said) == ["service_request_id", "service_notice", "account_id"]


async def test_the_reporter_is_kept_for_coordinators_and_never_shown(
    http: httpx.AsyncClient, world: World, key: str
) -> None:
    who = {"first_name": "Lan", "last_name": "Nguyễn Thị", "phone": "0912 345 678", "email": "lan@example.vn"}
    report = await filed(http, world, key, **who, device_id="abc", account_id="7")
    row = await world.parts.pool.fetchrow("SELECT * FROM report_contacts WHERE report_id = $1", report.report_id)
    assert row is not None
    assert (row["name"], row["phone"], row["email"]) == ("Nguyễn Thị Lan", "0912 345 678", "lan@example.vn")
    seen = (await http.get(f"/requests/{report.code}.json")).text
    assert not any(word in seen for word in ("Lan", "0912", "lan@"))


async def test_the_answers_to_extra_questions_are_kept(http: httpx.AsyncClient, world: World, key: str) -> None:
    one = await filed(http, world, key, service_code="flooding", **{"attribute[water]": "houses"})
    as_list = await filed(http, world, key, service_code="flooding", **{"attribute[water][]": "street"})
    assert (one.answers, as_list.answers) == ({"water": "houses"}, {"water": "street"})


async def test_without_a_description_the_service_and_its_answers_stand_for_it(
    http: httpx.AsyncClient, world: World, key: str
) -> None:
    plain = await filed(http, world, key, description="")
    answered = await filed(http, world, key, description=" ", service_code="flooding", **{"attribute[water]": "houses"})
    assert plain.body == "Đèn đường hỏng"
    assert answered.body.endswith(": Đã vào nhà")


async def test_an_address_or_the_id_of_a_commune_is_place_enough(
    http: httpx.AsyncClient, world: World, key: str
) -> None:
    nowhere = {"lat": "", "long": ""}
    by_words = await filed(http, world, key, **nowhere, address_string="12 Lý Bôn, phường An Xuyên")
    by_id = await filed(http, world, key, **nowhere, address_id=AN_XUYEN)
    assert (by_words.commune_code, by_words.address) == (AN_XUYEN, "12 Lý Bôn, phường An Xuyên")
    assert (by_id.commune_code, by_id.lat) == (AN_XUYEN, None)


async def test_photos_come_along_as_media(http: httpx.AsyncClient, world: World, key: str) -> None:
    files = [("media", ("a.jpg", street(3), "image/jpeg")), ("media", ("b.txt", b"no photo", "text/plain"))]
    answer = await http.post("/requests.json", data={"api_key": key, **LIGHT}, files=files)
    (said,) = of_json(answer)
    assert "b.txt" in said["service_notice"]
    assert len((await case(world, said["service_request_id"])).pictures) == 1


async def fetched(http: httpx.AsyncClient, world: World, key: str, url: str, networks: Networks) -> Case:
    """The case of a report that names a photo, after the worker has looked for it. Twice is once."""
    (said,) = of_json(await post(http, key, **LIGHT, media_url=url))
    assert "tải sau" in said["service_notice"]
    parts = world.parts
    job = await parts.pool.fetchval("SELECT payload FROM pgqueuer WHERE entrypoint = 'fetch_media'")
    await parts.pool.execute("DELETE FROM pgqueuer WHERE entrypoint = 'fetch_media'")
    wanted = msgspec.json.decode(job, type=FetchMedia)
    out = Client(networks)
    means = media.Means(parts.pool, parts.objects, parts.lab, parts.rules, out, networks)
    for _ in range(2):
        await media.fetch(means, wanted.report_id, wanted.url, (0,))
    await out.close()
    return await case(world, said["service_request_id"])


async def test_a_photo_that_is_named_is_fetched(http: httpx.AsyncClient, world: World, key: str) -> None:
    async with receiver() as there:
        there.answers = lambda before, _: (200, {}, street(5)) if before else (503, {})
        found = await fetched(http, world, key, there.url, LOOPBACK)
    assert [(picture.stage, picture.added_by) for picture in found.pictures] == [("info", "citizen")]
    assert found.messages == []


@pytest.mark.parametrize(
    ("body", "networks", "why"),
    [
        (b"", (), "địa chỉ không dùng được"),
        (b"<html>", LOOPBACK, "đó không phải ảnh dùng được"),
        (None, LOOPBACK, "máy chủ đó không cho tải"),
    ],
)
async def test_a_photo_that_cannot_be_had_is_refused_aloud(
    body: bytes | None, networks: Networks, why: str, http: httpx.AsyncClient, world: World, key: str
) -> None:
    """Addresses of our own machines are not so much as asked."""
    async with receiver() as there:
        there.answers = lambda _, __: (404, {}) if body is None else (200, {}, body)
        found = await fetched(http, world, key, f"{there.url}?token=secret", networks)
        assert bool(there.got) == bool(networks)
    assert found.pictures == []
    [note] = found.messages
    assert (note.kind, note.body) == (
        "note",
        f"Ảnh người gửi để ở 127.0.0.1 không đưa được vào hồ sơ: {why}.",
    )


async def test_repeated_with_its_key_it_is_the_same_report(http: httpx.AsyncClient, world: World, key: str) -> None:
    headers = {"Idempotency-Key": uuid4().hex}
    form = {"api_key": key, **LIGHT}
    first, again = [(await http.post("/requests.json", data=form, headers=headers)).json() for _ in range(2)]
    assert first == again
    other = await http.post("/requests.json", data=form | {"description": "Đèn khác hỏng."}, headers=headers)
    assert errors(other)[0] == 400
    mine = await key_of(world, "lead")
    theirs = await http.post("/requests.json", data=form | {"api_key": mine}, headers=headers)
    assert theirs.json()[0]["service_request_id"] != first[0]["service_request_id"]


async def test_parameters_may_stand_in_the_address_too(http: httpx.AsyncClient, world: World, key: str) -> None:
    before = await count(world)
    answer = await http.post("/requests.json", params={"api_key": key, "jurisdiction_id": "localhost"}, data=LIGHT)
    assert (answer.status_code, await count(world)) == (200, before + 1)


@pytest.mark.parametrize(
    ("wrong", "status", "named"),
    [
        ({"service_code": ""}, 400, "service_code"),
        ({"service_code": "nothing"}, 404, "nothing"),
        ({"service_code": "procedure-elsewhere"}, 404, "procedure-elsewhere"),
        ({"lat": ""}, 400, "lat, long"),
        ({"lat": "", "long": ""}, 400, "lat, long"),
        ({"lat": "north"}, 400, "lat"),
        ({"lat": "nan"}, 400, "lat"),
        ({"lat": "48.8566", "long": "2.3522"}, 400, "lat, long"),
        ({"description": "a"}, 400, "description"),
        ({"description": "Đèn hỏng. " * 500}, 400, "description"),
        ({"email": "nonsense"}, 400, "email"),
        ({"phone": "nonsense"}, 400, "phone"),
        ({"address_id": "99999", "lat": "", "long": ""}, 400, "address_id"),
        ({"attribute[depth]": "1"}, 400, "attribute[depth]"),
        ({"service_code": "flooding", "attribute[water]": "roof"}, 400, "attribute[water]"),
        ({"service_code": "flooding", "attribute[water][]": ["houses", "street"]}, 400, "attribute[water]"),
        ({"jurisdiction_id": "elsewhere.example"}, 404, "jurisdiction_id"),
    ],
)
async def test_what_cannot_be_taken_is_named_and_nothing_is_filed(
    wrong: dict[str, Any], status: int, named: str, http: httpx.AsyncClient, world: World, key: str
) -> None:
    before = await count(world)
    code, said = errors(await post(http, key, **LIGHT | wrong))
    assert (code, named in said) == (status, True), said
    assert await count(world) == before


async def test_several_mistakes_are_all_told(http: httpx.AsyncClient, key: str) -> None:
    answer = await post(http, key, **LIGHT | {"description": "a", "email": "b", "lat": ""})
    assert (answer.status_code, len(of_json(answer))) == (400, 3)


async def test_bytes_that_are_no_form_are_refused(http: httpx.AsyncClient) -> None:
    kind = {"Content-Type": "multipart/form-data; boundary=x"}
    answer = await http.post("/requests.json", content=b"--x\r\nnonsense", headers=kind)
    assert errors(answer)[0] == 400
    latin = {"Content-Type": "application/x-www-form-urlencoded"}
    assert errors(await http.post("/requests.json", content=b"description=\xe9", headers=latin))[0] == 400


@pytest.mark.parametrize("path", ["/requests.json", "/servicerequestupdates.json"])
async def test_only_a_living_key_of_that_scope_sends_anything(path: str, http: httpx.AsyncClient, world: World) -> None:
    before = await count(world)
    reader = await key_of(world, "officer", "read", "write", "feed")
    for key in ("", "pa_" + "x" * 43, "nonsense", reader):
        assert errors(await post(http, key, path, **LIGHT))[0] == 403
    assert await count(world) == before


async def test_one_address_sends_no_more_than_by_any_other_way(http: httpx.AsyncClient, key: str) -> None:
    outside = {"X-Forwarded-For": "1.52.7.9"}
    form = {"api_key": key, **LIGHT, "service_code": ""}
    answers = [await http.post("/requests.json", data=form, headers=outside) for _ in range(62)]
    assert [answer.status_code for answer in answers[:60]] == [400] * 60
    assert errors(answers[-1])[0] == 429
    assert answers[-1].headers["retry-after"] == "1"


# ---------------------------------------------------------------- the test endpoint


async def test_what_is_sent_to_the_test_endpoint_is_looked_at_and_forgotten(
    trial: httpx.AsyncClient, world: World, key: str
) -> None:
    before = await count(world)
    (said,) = of_json(await post(trial, key, **LIGHT))
    assert said["service_request_id"] == "PA-0000-0000"
    assert errors(await post(trial, key, **LIGHT | {"description": "a"}))[0] == 400
    assert await count(world) == before


# ---------------------------------------------------------------- updates


def update(code: str, **more: str) -> dict[str, str]:
    return {
        "update_id": uuid4().hex,
        "service_request_id": code,
        "status": "open",
        "updated_datetime": "2026-11-28T08:00:00+07:00",
        "description": "Tổ điện đang đến.",
        **more,
    }


PATH = "/servicerequestupdates.json"


async def test_progress_and_result_are_written_into_the_case(
    http: httpx.AsyncClient, world: World, key: str, address: str
) -> None:
    code = await file(address)
    first = update(code)
    answer = await post(http, key, PATH, **first)
    assert (answer.status_code, of_json(answer)) == (200, [{"update_id": first["update_id"]}])
    done = update(code, status="closed", description="Đã thay bóng mới.")
    photo = {"media": ("sau.jpg", street(4), "image/jpeg")}
    answer = await http.post(PATH, data={"api_key": key, **done}, files=photo)
    assert answer.status_code == 200, answer.text
    found = await case(world, code)
    assert found.report.status == "resolved"
    assert [message.body for message in found.messages] == ["Tổ điện đang đến.", "Đã thay bóng mới."]
    assert {message.author_id for message in found.messages} == {world.people["officer"].staff_id}


async def test_a_repeated_update_is_refused_and_not_written_again(
    http: httpx.AsyncClient, world: World, key: str, address: str
) -> None:
    code = await file(address)
    once = update(code)
    assert (await post(http, key, PATH, **once)).status_code == 200
    assert errors(await post(http, key, PATH, **once))[0] == 400
    assert len((await case(world, code)).messages) == 1


async def test_another_agencys_program_reaches_no_case_of_ours(
    http: httpx.AsyncClient, world: World, address: str
) -> None:
    code = await file(address)
    theirs = await key_of(world, "other_officer")
    assert errors(await post(http, theirs, PATH, **update(code)))[0] == 404
    assert (await case(world, code)).messages == []


@pytest.mark.parametrize(
    ("wrong", "named"),
    [
        ({"update_id": ""}, "update_id"),
        ({"description": ""}, "description"),
        ({"status": "half"}, "half"),
        ({"updated_datetime": "soon"}, "updated_datetime"),
        ({"status": "closed"}, "media"),  # a result needs its proof
    ],
)
async def test_an_update_that_cannot_be_taken_says_why(
    wrong: dict[str, str], named: str, http: httpx.AsyncClient, key: str, published: str
) -> None:
    code, said = errors(await post(http, key, PATH, **update(published) | wrong))
    assert (code, named in said) == (400, True), said


async def test_what_is_over_takes_no_update(http: httpx.AsyncClient, world: World, key: str, address: str) -> None:
    code = await file(address)
    await act(world, "coordinator", code, Act.REJECT, text="Ngoài phạm vi.")
    assert errors(await post(http, key, PATH, **update(code)))[0] == 400


async def test_an_update_at_the_test_endpoint_changes_nothing(
    trial: httpx.AsyncClient, world: World, key: str, address: str
) -> None:
    code = await file(address)
    assert (await post(trial, key, PATH, **update(code))).status_code == 200
    assert (await case(world, code)).messages == []
