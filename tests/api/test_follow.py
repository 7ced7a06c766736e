"""Following a report: what anybody sees, what its reporter sees and does."""

import re

import httpx
import pytest

from tests.api.conftest import API, SignedIn, act, keys, send
from tests.world import LAN, LIGHT, World, photo

PHONE_TEXT = "Gọi tôi 0912 345 678 hoặc lan@example.vn, tôi là Nguyễn Thị Lan, đèn đường Lý Bôn hỏng."


async def resolve(signed_in: SignedIn, code: str) -> None:
    officer = await signed_in("officer")
    await act(officer, code, "start")
    version = (await officer.get(f"{API}/staff/reports/{code}")).json()["version"]
    form = {"version": str(version), "text": "Đã thay bóng đèn, anh Trần Văn Hải số 0909.111.222 xác nhận."}
    files = {"photos": ("sau.jpg", photo(f"sau {code}"), "image/jpeg")}
    answer = await officer.post(f"{API}/staff/reports/{code}/acts/resolve", data=form, files=files)
    assert answer.status_code == 200, answer.text


# ---------------------------------------------------------------- what the public sees


async def test_the_public_sees_the_course_of_a_report_but_not_its_words(http: httpx.AsyncClient) -> None:
    sent = await send(http, LIGHT | LAN | {"text": PHONE_TEXT}, [photo("công khai")])
    seen = (await http.get(f"{API}/reports/{sent.code}")).json()

    assert seen["view"] == "public"
    assert seen["status_word"] == "Đã chuyển xử lý"
    assert [fact["what"] for fact in seen["timeline"]] == ["submitted", "assigned"]
    assert "Công ty Cổ phần Môi trường Đô thị Cà Mau" in seen["timeline"][1]["words"]
    assert seen["text"] is None
    assert seen["photos"] == []
    assert "Lan" not in str(seen)
    assert sent.answer["tracking_secret"] not in str(seen)


async def test_a_published_report_shows_words_and_result_without_numbers_mails_and_names(
    http: httpx.AsyncClient, signed_in: SignedIn
) -> None:
    sent = await send(http, LIGHT | LAN | {"text": PHONE_TEXT}, [photo("trước khi sửa")])
    await resolve(signed_in, sent.code)
    await act(await signed_in("coordinator"), sent.code, "publish")
    seen = (await http.get(f"{API}/reports/{sent.code}")).json()

    assert seen["text"] == "Gọi tôi [đã ẩn số] hoặc [đã ẩn email], tôi là [đã ẩn tên], đèn đường Lý Bôn hỏng."
    assert seen["resolution"] == "Đã thay bóng đèn, anh [đã ẩn tên] số [đã ẩn số] xác nhận."
    assert [each["stage"] for each in seen["photos"]] == ["before", "after"]
    told = next(fact for fact in seen["timeline"] if fact["what"] == "resolved")
    assert told["text"] == seen["resolution"]


async def test_publishing_can_be_undone(http: httpx.AsyncClient, signed_in: SignedIn) -> None:
    sent = await send(http, LIGHT)
    coordinator = await signed_in("coordinator")
    await act(coordinator, sent.code, "publish")
    await act(coordinator, sent.code, "unpublish")
    assert (await http.get(f"{API}/reports/{sent.code}")).json()["text"] is None


async def test_of_a_private_report_the_public_sees_the_status_alone(
    http: httpx.AsyncClient, signed_in: SignedIn, world: World
) -> None:
    private = next(c for c in world.parts.rules.categories.values() if c.visibility == "private" and not c.out_of_scope)
    sent = await send(http, LIGHT | LAN | {"category": private.category_id})
    coordinator = await signed_in("coordinator")
    answer = await coordinator.post(f"{API}/staff/reports/{sent.code}/acts/publish", json={"version": 1})
    assert answer.status_code == 409
    seen = (await http.get(f"{API}/reports/{sent.code}")).json()

    shown = {name for name, value in seen.items() if value not in (None, [], False)}
    assert shown == {"view", "code", "status", "status_word", "visibility"}
    assert (await sent.see())["text"] == LIGHT["text"]


async def test_notes_directions_and_looks_at_the_identity_are_not_in_the_public_timeline(
    http: httpx.AsyncClient, signed_in: SignedIn
) -> None:
    sent = await send(http, LIGHT | LAN)
    await act(await signed_in("officer"), sent.code, "note", text="Hẹn tổ điện 14 giờ")
    await act(await signed_in("leader"), sent.code, "direct", text="Xử lý xong trong ngày", days=1)
    coordinator = await signed_in("coordinator")
    await coordinator.post(f"{API}/staff/reports/{sent.code}/identity", json={"reason": "Gọi lại hỏi rõ vị trí"})
    public = (await http.get(f"{API}/reports/{sent.code}")).json()
    own = await sent.see()

    assert [fact["what"] for fact in public["timeline"]] == ["submitted", "assigned"]
    assert [fact["what"] for fact in own["history"]] == ["submitted", "assigned", "identity_viewed"]
    for secret in ("Hẹn tổ điện", "Xử lý xong trong ngày", "Gọi lại hỏi"):
        assert secret not in str(public) + str(own)


async def test_a_code_may_be_typed_carelessly(http: httpx.AsyncClient) -> None:
    sent = await send(http, LIGHT)
    careless = sent.code.lower().replace("-", "")
    assert (await http.get(f"{API}/reports/{careless}")).json()["code"] == sent.code


async def test_a_mistyped_code_is_told_apart_from_an_unknown_one(http: httpx.AsyncClient) -> None:
    sent = await send(http, LIGHT)
    last = sent.code[-1]
    mistyped = await http.get(f"{API}/reports/{sent.code[:-1]}{'0' if last != '0' else '1'}")
    assert mistyped.status_code == 404
    assert keys(mistyped) == [(None, "reports.code_wrong")]
    unknown = await http.get(f"{API}/reports/PA-0000-0000")
    assert keys(unknown) == [(None, "reports.code_unknown")]


# ---------------------------------------------------------------- what the reporter sees and does


async def test_the_reporter_sees_everything_said_and_what_to_do_next(http: httpx.AsyncClient) -> None:
    sent = await send(http, LIGHT | LAN, [photo("của tôi")])
    seen = await sent.see()

    assert seen["view"] == "reporter"
    assert seen["text"] == LIGHT["text"]
    assert seen["acts"] == ["add_info", "add_photos", "withdraw"]
    assert seen["place"]["commune"]["name"] == "Phường An Xuyên"
    assert seen["history"][0]["words"] == "Phản ánh được gửi."
    assert re.search(r"Hạn: \d\d/\d\d/\d{4} \d\d:\d\d\.", seen["history"][1]["words"])
    assert set(seen["links"]) == {"self", "photos", "messages", "withdraw", "rating", "dispute"}


async def test_photo_links_open_the_public_copies(http: httpx.AsyncClient) -> None:
    sent = await send(http, LIGHT, [photo("xem ảnh", size=(2000, 1500))])
    link = (await sent.see())["photos"][0]["large"]
    answer = await http.get(link.replace("http://localhost:8000", str(http.base_url)))

    assert answer.status_code == 200
    assert answer.headers["content-type"] == "image/jpeg"
    assert re.fullmatch(r"private, max-age=\d+, immutable", answer.headers["cache-control"])
    assert answer.content.startswith(b"\xff\xd8\xff")


@pytest.mark.parametrize(
    ("change", "status"),
    [
        (lambda link: link.partition("?")[0], 403),
        (lambda link: link[:-1] + ("A" if link[-1] != "A" else "B"), 403),
        (lambda link: link.replace("/small", "/large"), 403),
        (lambda link: link.replace("/small", "/original"), 404),
    ],
)
async def test_a_photo_opens_only_by_its_own_signed_link(  # type: ignore[no-untyped-def]  # change: str to str
    http: httpx.AsyncClient, change, status: int
) -> None:
    sent = await send(http, LIGHT, [photo("bí mật")])
    link = (await sent.see())["photos"][0]["small"].replace("http://localhost:8000", str(http.base_url))
    assert (await http.get(link)).status_code == 200
    assert (await http.get(change(link))).status_code == status


async def test_a_question_is_asked_answered_and_the_work_goes_on(http: httpx.AsyncClient, signed_in: SignedIn) -> None:
    sent = await send(http, LIGHT)
    await act(await signed_in("officer"), sent.code, "ask", text="Đèn nào ạ, đầu hẻm hay cuối hẻm?")
    waiting = await sent.see()
    assert waiting["question"] == "Đèn nào ạ, đầu hẻm hay cuối hẻm?"
    assert waiting["status"] == "awaiting_info"
    assert waiting["paused_at"] is not None

    answer = await http.post(
        f"{API}/reports/{sent.code}/messages", json={"text": "Đèn thứ hai từ đầu hẻm"}, headers=sent.secret
    )
    assert answer.status_code == 200
    assert answer.json()["status"] == "in_progress"
    assert answer.json()["question"] is None
    assert [(m["by"], m["kind"]) for m in answer.json()["messages"]] == [("agency", "question"), ("you", "info")]


async def test_a_message_repeated_with_its_key_is_written_once(http: httpx.AsyncClient) -> None:
    sent = await send(http, LIGHT)
    headers = sent.secret | {"Idempotency-Key": "tin-1"}
    for _ in range(2):
        answer = await http.post(
            f"{API}/reports/{sent.code}/messages", json={"text": "Thêm: trụ số 7"}, headers=headers
        )
        assert answer.status_code == 200
    assert len((await sent.see())["messages"]) == 1


async def test_photos_can_be_added_and_bad_ones_are_named(http: httpx.AsyncClient) -> None:
    sent = await send(http, LIGHT)
    files = [("photos", ("a.jpg", photo("bổ sung"), "image/jpeg")), ("photos", ("b.txt", b"xin chao", "text/plain"))]
    answer = await http.post(f"{API}/reports/{sent.code}/photos", files=files, headers=sent.secret)

    assert answer.status_code == 200
    assert [(p["field"], p["key"]) for p in answer.json()["photos_refused"]] == [("photos[1]", "photos.not_image")]
    assert [p["stage"] for p in answer.json()["report"]["photos"]] == ["info"]


async def test_adding_only_bad_photos_says_what_is_wrong_with_each(http: httpx.AsyncClient) -> None:
    sent = await send(http, LIGHT)
    files = [("photos", ("b.txt", b"xin chao", "text/plain"))]
    answer = await http.post(f"{API}/reports/{sent.code}/photos", files=files, headers=sent.secret)
    assert keys(answer) == [("photos[0]", "photos.not_image")]
    none = await http.post(f"{API}/reports/{sent.code}/photos", headers=sent.secret)
    assert keys(none) == [("photos", "reports.needs_photos")]


async def test_a_report_is_withdrawn_and_withdrawing_again_is_no_error(http: httpx.AsyncClient) -> None:
    sent = await send(http, LIGHT)
    for _ in range(2):
        answer = await http.post(f"{API}/reports/{sent.code}/withdraw", headers=sent.secret)
        assert answer.json()["status"] == "withdrawn"
    assert answer.json()["acts"] == []


async def test_work_that_has_begun_cannot_be_withdrawn(http: httpx.AsyncClient, signed_in: SignedIn) -> None:
    sent = await send(http, LIGHT)
    await act(await signed_in("officer"), sent.code, "start")
    answer = await http.post(f"{API}/reports/{sent.code}/withdraw", json={"text": "thôi"}, headers=sent.secret)
    assert answer.status_code == 409
    assert "“Đang xử lý”" in answer.json()["detail"]


async def test_a_satisfied_reporter_closes_the_report(http: httpx.AsyncClient, signed_in: SignedIn) -> None:
    sent = await send(http, LIGHT)
    await resolve(signed_in, sent.code)
    body = {"rating": "satisfied", "text": "Nhanh lắm, cảm ơn"}
    answer = await http.post(f"{API}/reports/{sent.code}/rating", json=body, headers=sent.secret)
    assert answer.json()["status"] == "closed"
    assert answer.json()["rating"] == "satisfied"


async def test_a_rating_that_does_not_exist_is_refused_by_name(http: httpx.AsyncClient) -> None:
    sent = await send(http, LIGHT)
    answer = await http.post(f"{API}/reports/{sent.code}/rating", json={"rating": "great"}, headers=sent.secret)
    assert keys(answer) == [("rating", "api.wrong_value")]


async def test_a_dispute_brings_the_work_back_under_the_supervising_agencys_eye(
    http: httpx.AsyncClient, signed_in: SignedIn
) -> None:
    sent = await send(http, LIGHT)
    await resolve(signed_in, sent.code)
    answer = await http.post(
        f"{API}/reports/{sent.code}/dispute", json={"text": "Đèn lại tắt rồi"}, headers=sent.secret
    )
    assert answer.json()["status"] == "in_progress"
    case = (await (await signed_in("supervisor")).get(f"{API}/staff/reports/{sent.code}")).json()
    assert case["supervisor"]["id"] == "so-xay-dung"


async def test_the_reporter_of_a_merged_report_learns_the_original(
    http: httpx.AsyncClient, signed_in: SignedIn
) -> None:
    first, second = await send(http, LIGHT), await send(http, LIGHT)
    await act(await signed_in("coordinator"), second.code, "merge", target=first.code)
    seen = await second.see()
    assert seen["status"] == "duplicate"
    assert seen["original"] == first.code
    assert first.code in seen["history"][-1]["words"]


# ---------------------------------------------------------------- the wrong people

ACTS = ["photos", "messages", "withdraw", "rating", "dispute"]


@pytest.mark.parametrize("name", ACTS)
async def test_without_the_secret_nothing_can_be_done(http: httpx.AsyncClient, name: str) -> None:
    sent = await send(http, LIGHT)
    answer = await http.post(f"{API}/reports/{sent.code}/{name}", json={"text": "của tôi mà"})
    assert answer.status_code == 401
    assert keys(answer) == [("X-Tracking-Secret", "api.secret_missing")]


@pytest.mark.parametrize("name", ACTS)
async def test_with_another_reports_secret_nothing_can_be_done(http: httpx.AsyncClient, name: str) -> None:
    sent, other = await send(http, LIGHT), await send(http, LIGHT)
    body = {"rating": "satisfied"} if name == "rating" else {} if name == "photos" else {"text": "của tôi mà"}
    answer = await http.post(f"{API}/reports/{sent.code}/{name}", json=body, headers=other.secret)
    assert answer.status_code == 403
    assert (await sent.see())["status"] == "assigned"


async def test_a_wrong_secret_does_not_fall_back_to_the_public_view(http: httpx.AsyncClient) -> None:
    sent = await send(http, LIGHT)
    for secret in (b"sai", b"", "mã bí mật".encode()):
        answer = await http.get(f"{API}/reports/{sent.code}", headers={b"X-Tracking-Secret": secret})
        assert answer.status_code == 403


# ---------------------------------------------------------------- caches


async def test_an_unchanged_report_is_not_sent_again(http: httpx.AsyncClient) -> None:
    sent = await send(http, LIGHT)
    url = f"{API}/reports/{sent.code}"
    first = await http.get(url)
    again = await http.get(url, headers={"If-None-Match": first.headers["etag"]})
    assert again.status_code == 304
    assert again.content == b""

    await http.post(f"{url}/messages", json={"text": "Thêm: trụ số 7"}, headers=sent.secret)
    changed = await http.get(url, headers={"If-None-Match": first.headers["etag"]})
    assert changed.status_code == 200
    assert changed.headers["etag"] != first.headers["etag"]


async def test_the_reporters_view_and_other_languages_have_etags_of_their_own(http: httpx.AsyncClient) -> None:
    sent = await send(http, LIGHT)
    url = f"{API}/reports/{sent.code}"
    public, own, english = [
        await http.get(url, headers=headers) for headers in ({}, sent.secret, {"Accept-Language": "en"})
    ]
    assert len({answer.headers["etag"] for answer in (public, own, english)}) == 3
    assert own.headers["cache-control"] == "private, no-cache"
    assert own.headers["vary"] == "Accept-Language, X-Tracking-Secret"
    wrong = await http.get(url, headers={"If-None-Match": own.headers["etag"]})
    assert wrong.json()["view"] == "public"
