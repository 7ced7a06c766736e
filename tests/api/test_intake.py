"""Sending a report."""

import asyncio
from typing import Any

import asyncpg
import httpx
import pytest

from tests.api.conftest import API, keys, send
from tests.world import AN_XUYEN, COMPANY, HERE, LAN, LIGHT, World, photo


async def test_a_report_without_photo_gets_a_code_a_secret_an_agency_and_a_deadline(http: httpx.AsyncClient) -> None:
    answer = await http.post(f"{API}/reports", json=LIGHT | LAN)

    assert answer.status_code == 201
    said = answer.json()
    assert said["agency"]["id"] == COMPANY
    assert said["agency"]["name"] == "Công ty Cổ phần Môi trường Đô thị Cà Mau"
    assert said["category"] == {"id": "street-light", "name": "Đèn đường hỏng"}
    assert said["commune"] == {"code": AN_XUYEN, "name": "Phường An Xuyên"}
    assert said["status"] == "assigned"
    assert said["status_word"] == "Đã chuyển xử lý"
    assert said["deadline"].endswith("Z")
    assert len(said["tracking_secret"]) >= 24
    assert said["links"]["self"] == answer.headers["location"]


async def test_the_answer_is_in_english_when_asked_for(http: httpx.AsyncClient) -> None:
    answer = await http.post(f"{API}/reports", json=LIGHT, headers={"Accept-Language": "en-GB"})

    assert answer.json()["agency"]["name"] == "Ca Mau Urban Environment Company"
    assert answer.json()["category"]["name"] == "Broken street light"
    assert answer.headers["content-language"] == "en"


async def test_an_approximate_place_is_told_with_up_to_three_communes_to_choose_from(http: httpx.AsyncClient) -> None:
    report = {name: value for name, value in LIGHT.items() if name != "commune_code"} | HERE
    said = (await http.post(f"{API}/reports", json=report)).json()

    assert said["place_approximate"] is True
    assert said["commune"]["code"] == AN_XUYEN
    assert 1 < len(said["place_candidates"]) <= 3
    assert said["place_candidates"][0]["code"] == AN_XUYEN


async def test_a_typed_address_is_enough(http: httpx.AsyncClient) -> None:
    report = {"text": LIGHT["text"], "consent": True, "address": "so 12 Ly Bon, phuong an xuyen, ca mau"}
    said = (await http.post(f"{API}/reports", json=report)).json()
    assert said["commune"]["code"] == AN_XUYEN


async def test_photos_come_with_the_fields_as_multipart(http: httpx.AsyncClient) -> None:
    sent = await send(http, LIGHT | LAN, [photo("một"), photo("hai"), photo("ba")])

    seen = await sent.see()
    assert [each["stage"] for each in seen["photos"]] == ["before"] * 3
    assert sent.answer["photos_refused"] == []


async def test_one_bad_photo_among_good_ones_never_loses_the_report(http: httpx.AsyncClient) -> None:
    good, other = photo("tốt"), photo("cũng tốt")
    sent = await send(http, LIGHT, [good, b"GIF89a" + bytes(40), b"", good[: len(good) // 2], other])

    refused = [(each["field"], each["key"]) for each in sent.answer["photos_refused"]]
    assert refused == [
        ("photos[1]", "photos.unsupported"),
        ("photos[2]", "photos.empty"),
        ("photos[3]", "photos.damaged"),
    ]
    assert "1.jpg" in sent.answer["photos_refused"][0]["message"]
    assert len((await sent.see())["photos"]) == 2


async def test_a_report_whose_photos_are_all_bad_still_stands(http: httpx.AsyncClient) -> None:
    sent = await send(http, LIGHT, [b"not a photo at all"])
    assert [each["key"] for each in sent.answer["photos_refused"]] == ["photos.not_image"]
    assert (await sent.see())["photos"] == []


async def test_a_photo_over_20_mb_is_refused_and_the_report_stands(http: httpx.AsyncClient) -> None:
    sent = await send(http, LIGHT, [photo("nhỏ") + bytes(20 * 2**20), photo("vừa")])

    assert [(each["field"], each["key"]) for each in sent.answer["photos_refused"]] == [
        ("photos[0]", "photos.too_large")
    ]
    assert len((await sent.see())["photos"]) == 1


async def test_a_photo_that_fills_more_than_memory_allows_is_kept_whole(http: httpx.AsyncClient) -> None:
    # What follows the picture is kept in the original, as phones append videos to photos.
    big = photo("lớn") + bytes(5 * 2**20)
    sent = await send(http, LIGHT, [big])
    assert sent.answer["photos_refused"] == []
    assert len((await sent.see())["photos"]) == 1


async def test_the_file_field_left_empty_in_a_browser_is_no_photo(http: httpx.AsyncClient) -> None:
    form = {"text": LIGHT["text"], "commune_code": AN_XUYEN, "consent": "on", "lat": "", "category": ""}
    answer = await http.post(f"{API}/reports", data=form, files={"photos": ("", b"", "application/octet-stream")})
    assert answer.status_code == 201, answer.text
    assert answer.json()["photos_refused"] == []


@pytest.mark.parametrize(
    ("change", "field", "key"),
    [
        ({"text": None}, "text", "api.want_text"),
        ({"text": ""}, "text", "reports.text_short"),
        ({"text": "   \n "}, "text", "reports.text_short"),
        ({"text": "12345 678"}, "text", "reports.text_short"),
        ({"text": "Đèn hỏng " * 500}, "text", "reports.text_long"),
        ({"text": "Đèn \x00 hỏng ở đây"}, "text", "api.zero_byte"),
        ({"text": "Đèn \ufffd\ufffd hỏng"}, "text", "reports.text_binary"),
        ({"text": 42}, "text", "api.want_text"),
        ({"text": {"a": [1]}}, "text", "api.want_text"),
        ({"consent": False}, "consent", "reports.consent_missing"),
        ({"consent": "yes"}, "consent", "api.want_flag"),
        ({"lat": 48.85, "lon": 2.35}, "place", "places.point_abroad"),
        ({"lat": 0, "lon": 0}, "place", "places.point_zero"),
        ({"lat": 105.178, "lon": 9.22461}, "place", "places.point_swapped"),
        ({"lat": 900, "lon": 9}, "place", "places.point_out_of_range"),
        ({"lat": 9.2}, "place", "reports.half_point"),
        ({"lat": "9.2", "lon": "105.1"}, "lat", "api.want_number"),
        ({"lat": True, "lon": 105.1}, "lat", "api.want_number"),
        ({"commune_code": "99999"}, "commune_code", "reports.commune_unknown"),
        ({"commune_code": "00004"}, "place", "reports.other_province"),
        ({"address": "x" * 301}, "address", "reports.address_long"),
        ({"category": "duong-xa"}, "category", "reports.category_unknown"),
        ({"contact_phone": "gọi tôi nhé"}, "contact_phone", "reports.phone_wrong"),
        ({"contact_email": "lan at example"}, "contact_email", "reports.email_wrong"),
        ({"contact_name": "Lan" * 50}, "contact_name", "reports.name_long"),
        ({"contact_name": "L\x00an"}, "contact_name", "api.zero_byte"),
        ({"colour": "red"}, "colour", "api.unknown_field"),
    ],
)
async def test_each_mistake_is_told_by_its_field(
    http: httpx.AsyncClient, change: dict[str, Any], field: str, key: str
) -> None:
    answer = await http.post(f"{API}/reports", json=LIGHT | change)
    assert answer.status_code == 422
    assert keys(answer) == [(field, key)]


@pytest.mark.parametrize(
    ("name", "value", "field", "key"),
    [
        ("lat", "nan", "place", "places.point_not_numbers"),
        ("lat", "inf", "place", "places.point_not_numbers"),
        ("lat", "chín độ", "lat", "api.want_number"),
        ("lat", "9,2246", "lat", "api.want_number"),
        ("consent", "maybe", "consent", "api.want_flag"),
        ("colour", "red", "colour", "api.unknown_field"),
        ("text", "Đèn\x00 hỏng nặng", "text", "api.zero_byte"),
    ],
)
async def test_each_mistake_in_a_form_is_told_by_its_field(
    http: httpx.AsyncClient, name: str, value: str, field: str, key: str
) -> None:
    form = {"text": LIGHT["text"], "lat": "9.2", "lon": "105.1", "consent": "true"} | {name: value}
    answer = await http.post(f"{API}/reports", data=form, files={"photos": ("a.jpg", photo(), "image/jpeg")})
    assert answer.status_code == 422
    assert keys(answer) == [(field, key)]


async def test_everything_wrong_is_told_at_once_in_both_languages(http: httpx.AsyncClient) -> None:
    body = {"text": "hư", "consent": False, "contact_phone": "x", "category": "không có"}
    vi = await http.post(f"{API}/reports", json=body)
    en = await http.post(f"{API}/reports", json=body, headers={"Accept-Language": "en"})

    expected = {"text", "consent", "contact_phone", "category", "place"}
    assert {field for field, _ in keys(vi)} == expected
    assert keys(vi) == keys(en)
    assert vi.json()["title"] == "Dữ liệu chưa đúng"
    assert en.json()["title"] == "Something is not right"
    assert vi.json()["detail"].startswith("Có 5 chỗ")
    assert vi.json()["type"] == "urn:phananh:reports.text_short"


async def test_nothing_is_stored_for_a_report_that_cannot_be_taken(http: httpx.AsyncClient, world: World) -> None:
    async def blobs() -> int:
        return int(await world.parts.pool.fetchval("SELECT count(*) FROM photo_blobs"))

    before = await blobs()
    answer = await http.post(
        f"{API}/reports", data={"text": "x", "consent": "true"}, files={"photos": ("a.jpg", photo("mới"), "image/jpeg")}
    )
    assert answer.status_code == 422
    assert await blobs() == before


async def test_more_than_six_photos_are_refused_by_name(http: httpx.AsyncClient) -> None:
    files = [("photos", (f"{i}.jpg", photo(str(i)), "image/jpeg")) for i in range(7)]
    answer = await http.post(f"{API}/reports", data={"text": LIGHT["text"], "consent": "true"}, files=files)
    assert answer.status_code == 422
    assert keys(answer) == [("photos", "reports.photos_many")]


async def test_a_file_in_another_field_is_refused_by_name(http: httpx.AsyncClient) -> None:
    answer = await http.post(f"{API}/reports", data=LIGHT_FORM, files={"anh": ("a.jpg", photo(), "image/jpeg")})
    assert keys(answer) == [("anh", "api.file_field")]


LIGHT_FORM = {"text": str(LIGHT["text"]), "commune_code": AN_XUYEN, "consent": "true"}


async def test_a_field_sent_twice_is_refused_by_name(http: httpx.AsyncClient) -> None:
    files = [("photos", ("a.jpg", photo(), "image/jpeg"))]
    answer = await http.post(
        f"{API}/reports", data={**LIGHT_FORM, "text": ["một đèn hỏng", "hai đèn hỏng"]}, files=files
    )
    assert keys(answer) == [("text", "api.field_twice")]


def multipart(*parts: bytes, end: bytes = b"--B--\r\n") -> dict[str, Any]:
    body = b"".join(b"--B\r\n" + part + b"\r\n" for part in parts) + end
    return {"content": body, "headers": {"Content-Type": "multipart/form-data; boundary=B"}}


FIELD = b'Content-Disposition: form-data; name="text"\r\n\r\n'


def typed(kind: str, content: bytes) -> dict[str, Any]:
    return {"content": content, "headers": {"Content-Type": kind}}


JSON, FORM = "application/json", "multipart/form-data"
MANY = [b'Content-Disposition: form-data; name="f%d"\r\n\r\nx' % i for i in range(60)]


@pytest.mark.parametrize(
    ("request_", "status", "key"),
    [
        (typed("application/x-www-form-urlencoded", b"text=xin+chao"), 415, "api.wrong_content_type"),
        (typed("application/xml", b"<report/>"), 415, "api.wrong_content_type"),
        ({"content": b'{"text": "a"}'}, 415, "api.wrong_content_type"),
        (typed(JSON, b""), 400, "api.json_broken"),
        (typed(JSON, b'{"text": "a'), 400, "api.json_broken"),
        (typed(JSON, b'{"lat": NaN}'), 400, "api.json_broken"),
        (typed(JSON, b'{"text": "\xff\xfe"}'), 400, "api.not_utf8"),
        (typed(JSON, b"[" * 100_000), 422, "api.want_object"),
        (typed(JSON, b'{"x":' * 100_000), 422, "api.unknown_field"),
        (typed(JSON, b'{"text":' + b"[" * 100_000), 422, "api.want_text"),
        (typed(JSON, b"[]"), 422, "api.want_object"),
        ({"content": b""}, 422, "api.missing_field"),
        (typed(JSON, b" " * (2**20 + 1)), 413, "api.body_large"),
        (multipart(FIELD + b"den duong hong", end=b""), 400, "api.multipart_broken"),
        (multipart(FIELD + b"\xff\xfe\xfd hong"), 400, "api.not_utf8"),
        (multipart(FIELD + b"x" * 70_000), 422, "api.field_long"),
        (multipart(*MANY), 400, "api.multipart_many"),
        (multipart(b"no headers here"), 400, "api.multipart_broken"),
        (typed(FORM, b"--B--"), 400, "api.multipart_broken"),
        (typed(f"{FORM}; boundary={'B' * 300}", b"--B--"), 400, "api.multipart_broken"),
    ],
)
async def test_bodies_that_cannot_be_read_are_refused_with_a_reason(
    http: httpx.AsyncClient, request_: dict[str, Any], status: int, key: str
) -> None:
    answer = await http.post(f"{API}/reports", **request_)
    assert answer.status_code == status, answer.text
    assert keys(answer)[0][1] == key


async def test_a_body_announced_as_too_large_is_refused_before_it_is_read(address: str) -> None:
    host, port = address.removeprefix("http://").split(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    head = (
        f"POST {API}/reports HTTP/1.1",
        "Host: a",
        f"Content-Length: {131 * 2**20}",
        f"Content-Type: {FORM}; boundary=B",
    )
    writer.write("\r\n".join(head).encode() + b"\r\n\r\n--B\r\n")
    await writer.drain()

    line = await asyncio.wait_for(reader.readline(), 10)

    assert b" 413 " in line
    writer.close()
    await writer.wait_closed()


async def test_a_body_without_announced_length_is_cut_off_at_the_limit(http: httpx.AsyncClient) -> None:
    async def endless() -> Any:
        yield b"--B\r\n" + FIELD.replace(b'"text"', b'"photos"; filename="a.jpg"')
        for _ in range(132):
            yield bytes(2**20)

    answer = await http.post(
        f"{API}/reports", content=endless(), headers={"Content-Type": "multipart/form-data; boundary=B"}
    )
    assert answer.status_code == 413
    assert keys(answer) == [(None, "api.body_large")]


# ---------------------------------------------------------------- repetition


async def test_the_same_key_and_body_give_the_same_answer(http: httpx.AsyncClient, world: World) -> None:
    key = {"Idempotency-Key": "dien-thoai-1"}
    first = await http.post(f"{API}/reports", json=LIGHT | LAN, headers=key)
    second = await http.post(f"{API}/reports", json=LIGHT | LAN, headers=key)

    assert second.status_code == first.status_code == 201
    assert second.json() == first.json()
    assert second.headers["idempotency-replayed"] == "true"
    assert "idempotency-replayed" not in first.headers


async def test_the_same_key_with_another_body_is_a_conflict(http: httpx.AsyncClient) -> None:
    key = {"Idempotency-Key": "dien-thoai-2"}
    await http.post(f"{API}/reports", json=LIGHT, headers=key)
    answer = await http.post(f"{API}/reports", json=LIGHT | {"text": "Cống nghẹt trước nhà số 5"}, headers=key)

    assert answer.status_code == 409
    assert keys(answer) == [("Idempotency-Key", "reports.key_reused")]


async def test_the_same_key_with_other_photos_is_a_conflict(http: httpx.AsyncClient) -> None:
    async def post(picture: bytes) -> httpx.Response:
        return await http.post(
            f"{API}/reports",
            data=LIGHT_FORM,
            files={"photos": ("a.jpg", picture, "image/jpeg")},
            headers={"Idempotency-Key": "dien-thoai-3"},
        )

    first, second, other = await post(photo("a")), await post(photo("a")), await post(photo("b"))
    assert first.json() == second.json()
    assert other.status_code == 409


async def test_ten_at_once_with_one_key_make_one_report(http: httpx.AsyncClient, world: World) -> None:
    report, key = LIGHT | {"text": "Nắp cống vỡ giữa hẻm 30"}, {"Idempotency-Key": "ten-at-once"}
    requests = [http.post(f"{API}/reports", json=report, headers=key) for _ in range(10)]
    codes = {answer.json()["code"] for answer in await asyncio.gather(*requests)}

    assert len(codes) == 1
    assert (
        await world.parts.pool.fetchval("SELECT count(*) FROM reports WHERE body LIKE 'Nắp cống vỡ giữa hẻm 30'") == 1
    )


@pytest.mark.parametrize("key", [b"", b"x" * 201, "có dấu".encode(), b"a b"])
async def test_a_key_that_cannot_be_one_is_refused(http: httpx.AsyncClient, key: bytes) -> None:
    answer = await http.post(f"{API}/reports", json=LIGHT, headers={b"Idempotency-Key": key})
    assert answer.status_code == 422
    assert keys(answer) == [("Idempotency-Key", "api.key_bad")]


async def test_without_a_key_each_request_is_a_report_of_its_own(http: httpx.AsyncClient) -> None:
    one, other = await send(http, LIGHT), await send(http, LIGHT)
    assert one.code != other.code
    assert one.secret != other.secret


# ---------------------------------------------------------------- cost and limits


async def test_an_intake_by_json_costs_one_statement(http: httpx.AsyncClient, world: World) -> None:
    await http.post(f"{API}/reports", json=LIGHT)  # names are known, statements prepared
    statements: list[str] = []
    pool = world.parts.pool

    def note(query: asyncpg.connection.LoggedQuery) -> None:
        statements.append(query.query)

    held = [await pool.acquire() for _ in range(pool.get_size())]
    for conn in reversed(held):  # the one that was used last is the first to be used again, and knows the types
        conn.add_query_logger(note)
        await pool.release(conn)
    answer = await http.post(f"{API}/reports", json=LIGHT, headers={"Idempotency-Key": "one-statement"})

    assert answer.status_code == 201
    said = [each for each in statements if "pg_advisory_unlock_all" not in each]  # asyncpg's own reset of a connection
    assert len(said) == 1
    assert "INSERT INTO reports" in said[0]


async def test_one_public_address_may_send_60_at_once_and_then_waits(http: httpx.AsyncClient) -> None:
    async def post(address: str) -> httpx.Response:
        return await http.post(f"{API}/reports", json={}, headers={"X-Forwarded-For": address})

    answers = [await post("113.161.0.7") for _ in range(62)]

    assert {answer.status_code for answer in answers[:60]} == {422}
    assert answers[-1].status_code == 429
    assert int(answers[-1].headers["retry-after"]) >= 1
    assert keys(answers[-1]) == [(None, "api.too_many_reports")]
    assert (await post("113.161.0.8")).status_code == 422


async def test_nobody_poses_as_the_house_by_a_header(http: httpx.AsyncClient) -> None:
    chain = "10.0.0.5, 113.161.0.99"  # the first is what a stranger wrote, the last what the proxy saw
    answers = [await http.post(f"{API}/reports", json={}, headers={"X-Forwarded-For": chain}) for _ in range(62)]
    assert answers[-1].status_code == 429
