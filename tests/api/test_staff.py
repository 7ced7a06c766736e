"""Handling reports over the API."""

import asyncio
from typing import Any

import httpx
import pytest

from app.stats import projection
from app.templates import service as templates
from tests.api.conftest import API, SignedIn, act, keys, send
from tests.world import AN_XUYEN, CENTRE, COMPANY, LAN, LIGHT, POWER, World, photo

STAFF = f"{API}/staff"


# ---------------------------------------------------------------- signing in


async def test_signing_in_sets_a_cookie_that_no_script_and_no_other_site_gets(address: str, world: World) -> None:
    person = world.people["officer"]
    async with httpx.AsyncClient(base_url=address) as browser:
        answer = await browser.post(
            f"{STAFF}/session", json={"username": person.username, "password": "ghe xuồng chợ nổi sớm mai"}
        )
        cookie = answer.headers["set-cookie"]
        assert cookie.startswith("phananh=")
        assert {"HttpOnly", "SameSite=Strict", "Path=/"} <= set(cookie.split("; "))
        assert answer.json()["me"]["name"] == person.full_name
        assert answer.json()["me"]["agency"]["id"] == COMPANY

        csrf = {"X-CSRF-Token": answer.json()["csrf_token"]}
        again = await browser.get(f"{STAFF}/session")
        assert again.json()["csrf_token"] == csrf["X-CSRF-Token"]
        gone = await browser.delete(f"{STAFF}/session", headers=csrf)
        assert gone.status_code == 204
        assert "Max-Age=0" in gone.headers["set-cookie"]
        assert (await browser.get(f"{STAFF}/me")).status_code == 401


@pytest.mark.parametrize(
    "who",
    [
        {"username": "tran.thi.bich", "password": "sai mật khẩu rồi"},
        {"username": "khong.co.ai", "password": "ghe xuồng chợ nổi sớm mai"},
    ],
)
async def test_a_wrong_name_and_a_wrong_password_sound_alike(http: httpx.AsyncClient, who: dict[str, str]) -> None:
    answer = await http.post(f"{STAFF}/session", json=who)
    assert answer.status_code == 401
    assert keys(answer) == [(None, "accounts.sign_in_wrong")]
    assert "set-cookie" not in answer.headers


async def test_after_five_failures_the_name_is_locked_and_says_for_how_long(http: httpx.AsyncClient) -> None:
    for _ in range(5):
        answer = await http.post(f"{STAFF}/session", json={"username": "doan.van.ba", "password": "đoán bừa thôi"})
    answer = await http.post(f"{STAFF}/session", json={"username": "doan.van.ba", "password": "đoán bừa thôi"})
    assert answer.status_code == 429
    assert 0 < int(answer.headers["retry-after"]) <= 120


async def test_a_form_of_another_site_cannot_sign_anybody_in(http: httpx.AsyncClient) -> None:
    answer = await http.post(f"{STAFF}/session", data={"username": "a", "password": "b"})
    assert answer.status_code == 415


# ---------------------------------------------------------------- the queue


async def test_the_queue_shows_the_own_agencys_open_reports(http: httpx.AsyncClient, signed_in: SignedIn) -> None:
    sent = await send(http, LIGHT | LAN, [photo("hàng việc")])
    page = (await (await signed_in("officer")).get(f"{STAFF}/queue", params={"limit": 200})).json()

    row = next(item for item in page["items"] if item["code"] == sent.code)
    assert row["agency"]["id"] == COMPANY
    assert row["category"]["name"] == "Đèn đường hỏng"
    assert row["status_word"] == "Đã chuyển xử lý"
    assert row["photo"].startswith("http://localhost:8000/api/v1/photos/")
    assert row["overdue"] is False
    assert {item["agency"]["id"] for item in page["items"]} == {COMPANY}
    others = (await (await signed_in("other_officer")).get(f"{STAFF}/queue")).json()
    assert sent.code not in str(others)


async def test_the_queue_comes_in_pages(http: httpx.AsyncClient, signed_in: SignedIn) -> None:
    sent = {(await send(http, LIGHT | {"text": f"Đèn trang giấy số {i} hỏng"})).code for i in range(5)}
    officer = await signed_in("officer")
    seen: list[str] = []
    cursor: str | None = None
    while True:
        asked = {"limit": "2", "q": "den trang giay"} | ({"cursor": cursor} if cursor else {})
        page = (await officer.get(f"{STAFF}/queue", params=asked)).json()
        seen += [item["code"] for item in page["items"]]
        cursor = page["next"]
        if cursor is None:
            break
    assert len(seen) == 5
    assert set(seen) == sent


async def test_the_queue_is_filtered(http: httpx.AsyncClient, signed_in: SignedIn) -> None:
    sent = await send(http, LIGHT | {"text": "Đèn lọc hàng việc hỏng"})
    officer, coordinator = await signed_in("officer"), await signed_in("coordinator")
    await act(officer, sent.code, "claim")

    async def codes(browser: httpx.AsyncClient, **asked: str) -> set[str]:
        answer = await browser.get(f"{STAFF}/queue", params=asked | {"q": "den loc hang viec"})
        assert answer.status_code == 200, answer.text
        return {item["code"] for item in answer.json()["items"]}

    assert await codes(officer, assignee="me") == {sent.code}
    assert await codes(coordinator, assignee="me") == set()
    assert await codes(coordinator, agency=COMPANY, commune=AN_XUYEN, category="street-light") == {sent.code}
    assert await codes(coordinator, agency=POWER) == set()
    assert await codes(coordinator, status="assigned,in_progress") == {sent.code}
    assert await codes(coordinator, status="resolved") == set()
    assert await codes(coordinator, overdue="true") == set()
    await act(officer, sent.code, "tag", tags=["Trạm biến áp", "gần chợ"])
    assert await codes(coordinator, tag="TRẠM biến áp") == {sent.code}
    assert await codes(coordinator, tag="trạm") == set()
    items = (await officer.get(f"{STAFF}/queue", params={"tag": "gần chợ"})).json()["items"]
    assert [item["tags"] for item in items] == [["trạm biến áp", "gần chợ"]]


@pytest.mark.parametrize(
    ("asked", "field", "key"),
    [
        ({"status": "open"}, "status", "worklist.status_unknown"),
        ({"cursor": "xyz"}, "cursor", "worklist.cursor_wrong"),
        ({"limit": "0"}, "limit", "worklist.limit_wrong"),
        ({"limit": "nhiều"}, "limit", "api.want_whole"),
        ({"assignee": "tôi"}, "assignee", "api.wrong_value"),
        ({"colour": "red"}, "colour", "api.unknown_field"),
        ({"q": "a\x00b"}, "q", "api.zero_byte"),
    ],
)
async def test_a_wrong_question_to_the_queue_is_told_by_its_field(
    signed_in: SignedIn, asked: dict[str, str], field: str, key: str
) -> None:
    answer = await (await signed_in("officer")).get(f"{STAFF}/queue", params=asked)
    assert answer.status_code == 422
    assert keys(answer) == [(field, key)]


# ---------------------------------------------------------------- the case


async def test_the_case_says_why_this_agency_has_it_and_by_when(http: httpx.AsyncClient, signed_in: SignedIn) -> None:
    sent = await send(http, LIGHT)
    case = (await (await signed_in("officer")).get(f"{STAFF}/reports/{sent.code}")).json()

    why = case["why_agency"]
    assert why["rule"] == "chieu-sang-ca-mau"
    assert why["reasons"][0] == "Chiếu sáng công cộng ở các phường Cà Mau do Công ty Môi trường Đô thị vận hành."
    assert case["deadline"]["limit"] == "3 ngày làm việc"
    assert case["deadline"]["left_seconds"] > 0
    assert "start" in case["acts"]
    assert "accept" not in case["acts"]


async def test_nowhere_in_the_case_or_the_queue_is_a_trace_of_the_reporter(
    http: httpx.AsyncClient, signed_in: SignedIn, world: World
) -> None:
    sent = await send(http, LIGHT | LAN, [photo("ẩn danh")])
    await http.post(f"{API}/reports/{sent.code}/messages", json={"text": "Thêm: trụ số 7"}, headers=sent.secret)
    await act(await signed_in("officer"), sent.code, "note", text="Đã hẹn tổ điện")
    row = await world.parts.pool.fetchrow(
        "SELECT r.report_id, c.citizen_id FROM report_codes r JOIN report_contacts c USING (report_id) WHERE code = $1",
        sent.code,
    )
    assert row is not None
    for key in ("officer", "lead", "coordinator", "leader"):
        browser = await signed_in(key)
        case = await browser.get(f"{STAFF}/reports/{sent.code}")
        queue = await browser.get(f"{STAFF}/queue", params={"limit": 200})
        for secret in (
            "Nguyễn Thị Lan",
            "0912 345 678",
            "0912345678",
            "lan@example.vn",
            sent.answer["tracking_secret"],
        ):
            assert secret not in case.text + queue.text
        assert [m["by"] for m in case.json()["messages"]] == [
            {"kind": "citizen", "name": None},
            {"kind": "staff", "name": "Trần Thị Bích"},
        ]
    assert row["citizen_id"] is None


async def test_a_chat_reporters_id_is_not_in_the_case_either(
    http: httpx.AsyncClient, signed_in: SignedIn, world: World
) -> None:
    from app.accounts import citizens
    from app.reports.intake import file_report
    from app.reports.model import NewReport, Place

    parts = world.parts
    async with parts.pool.acquire() as conn:
        who = await citizens.citizen(conn, "telegram", "777000111", "Thạch Sà Rương", "vi")
    new = NewReport(
        text=str(LIGHT["text"]), place=Place(commune_code=AN_XUYEN), channel="telegram", lang="vi", consent=True,
        category="street-light", citizen_id=who.citizen_id,
    )  # fmt: skip
    filed = await file_report(parts.pool, parts.rules, parts.gazetteer, parts.settings.secret_key, new)
    case = (await (await signed_in("coordinator")).get(f"{STAFF}/reports/{filed.report.code}")).text
    for secret in (str(who.citizen_id), "777000111", "Thạch Sà Rương"):
        assert secret not in case


async def test_an_act_moves_the_report_and_gives_the_case_as_it_is_then(
    http: httpx.AsyncClient, signed_in: SignedIn
) -> None:
    sent = await send(http, LIGHT)
    after = await act(await signed_in("officer"), sent.code, "start")
    assert (after["status"], after["version"]) == ("in_progress", 2)
    assert after["case"]["assignee"]["name"] == "Trần Thị Bích"
    assert after["case"]["history"][-1]["words"] == "Bắt đầu xử lý."
    assert after["case"]["history"][-1]["by"] == {"kind": "staff", "name": "Trần Thị Bích"}


async def test_a_lead_gives_a_case_to_a_colleague_by_id(http: httpx.AsyncClient, signed_in: SignedIn) -> None:
    sent = await send(http, LIGHT)
    officer, lead = await signed_in("officer"), await signed_in("lead")
    address = f"{STAFF}/reports/{sent.code}/colleagues"
    assert (await officer.get(address)).json() == {"items": []}, "whoever does not have it gives it to nobody"
    offered = {one["name"]: one for one in (await lead.get(address)).json()["items"]}
    assert set(offered) == {"Trần Thị Bích", "Lê Văn Phước"}
    after = await act(lead, sent.code, "give", colleague=offered["Trần Thị Bích"]["id"])
    assert after["case"]["assignee"]["name"] == "Trần Thị Bích"
    assert after["case"]["history"][-1]["words"] == "Giao cho Trần Thị Bích xử lý."
    wrong = await lead.post(f"{STAFF}/reports/{sent.code}/acts/give", json={"version": after["version"]})
    assert (wrong.status_code, keys(wrong)) == (422, [("colleague", "reports.needs_colleague")])


async def test_an_agency_asks_for_more_time_and_a_coordinator_grants_it(
    http: httpx.AsyncClient, signed_in: SignedIn
) -> None:
    sent = await send(http, LIGHT)
    officer = await signed_in("officer")
    asked = await act(officer, sent.code, "ask_extension", text="Chờ vật tư.", days=5)
    deadline = asked["case"]["deadline"]
    assert deadline["extension_wanted"] > deadline["due_at"]
    assert "grant_extension" not in asked["case"]["acts"]
    after = await act(await signed_in("coordinator"), sent.code, "grant_extension", text="Vật tư về chậm.")
    assert (
        after["case"]["deadline"]["due_at"] == after["case"]["deadline"]["extended_to"] == deadline["extension_wanted"]
    )
    assert after["case"]["deadline"]["extension_wanted"] is None
    (shown,) = [fact["words"] for fact in after["case"]["history"] if fact["what"] == "extension_granted"]
    assert shown.startswith("Đã được gia hạn. Hạn: ")
    url, version = f"{STAFF}/reports/{sent.code}/acts/ask_extension", after["version"]
    for wrong, key in (({"due": "2027-01-31T17:00:00"}, "api.want_time_zone"), ({"days": 0}, "reports.extension_days")):
        answer = await officer.post(url, json={"version": version, "text": "Thêm nữa."} | wrong)
        assert answer.status_code == 422
        assert [said for _, said in keys(answer)] == [key]


async def test_an_act_repeated_with_its_key_is_answered_though_the_case_has_left_the_agency(
    http: httpx.AsyncClient, signed_in: SignedIn
) -> None:
    sent = await send(http, LIGHT)
    officer = await signed_in("officer")
    version = (await officer.get(f"{STAFF}/reports/{sent.code}")).json()["version"]
    url, key = f"{STAFF}/reports/{sent.code}/acts/return", {"Idempotency-Key": "field-1"}
    body = {"version": version, "text": "Không phải của công ty."}
    first, again = [await officer.post(url, json=body, headers=key) for _ in range(2)]
    assert (first.status_code, again.status_code) == (200, 200)
    assert first.json() == again.json()
    assert (first.json()["status"], first.json()["case"]) == ("returned", None)


async def test_templates_come_filled_in_for_what_may_be_done_now(
    http: httpx.AsyncClient, signed_in: SignedIn, world: World
) -> None:
    await templates.take_first_set(world.parts.pool, CENTRE)
    sent = await send(http, LIGHT | LAN)
    officer = await signed_in("officer")
    url = f"{STAFF}/reports/{sent.code}/templates"
    items = (await officer.get(url)).json()["items"]
    assert {one["act"] for one in items} >= {"ask", "progress", "resolve", "return"}
    assert all("{" not in one["text"] and "Lan" not in one["text"] for one in items)
    (mended,) = [one for one in items if one["title"] == "Đã khắc phục"]
    assert sent.code in mended["text"]
    only = (await officer.get(url, params={"act": "ask"})).json()["items"]
    assert {one["act"] for one in only} == {"ask"}
    assert (await officer.get(url, params={"act": "fly"})).status_code == 422


async def test_a_leader_directs_and_the_agency_reports_back(http: httpx.AsyncClient, signed_in: SignedIn) -> None:
    sent = await send(http, LIGHT)
    leader, officer = await signed_in("leader"), await signed_in("officer")
    await act(leader, sent.code, "direct", text="Báo cáo trong tuần.", days=3)
    page = (await officer.get(f"{STAFF}/directions")).json()
    given = next(one for one in page["items"] if one["code"] == sent.code)
    assert (given["state"], given["text"], given["answer"]) == ("open", "Báo cáo trong tuần.", "")
    assert sent.code not in (await (await signed_in("other_officer")).get(f"{STAFF}/directions")).text
    case = (await officer.get(f"{STAFF}/reports/{sent.code}")).json()
    assert {"report_back"} == {"report_back", "lift_direction", "direct"} & set(case["acts"])
    await act(officer, sent.code, "report_back", text="Đã làm.", direction=given["direction"])
    done = (await leader.get(f"{STAFF}/directions", params={"state": "done", "mine": "true"})).json()
    assert next(one for one in done["items"] if one["code"] == sent.code)["answer"] == "Đã làm."
    assert "chỉ đạo" not in (await http.get(f"{API}/reports/{sent.code}", headers=sent.secret)).text


async def test_of_two_who_act_on_the_same_version_one_is_told(http: httpx.AsyncClient, signed_in: SignedIn) -> None:
    sent = await send(http, LIGHT)
    officer, lead = await signed_in("officer"), await signed_in("lead")
    url = f"{STAFF}/reports/{sent.code}/acts/note"
    answers = await asyncio.gather(
        *(b.post(url, json={"version": 1, "text": "Tôi ghi trước"}) for b in (officer, lead, officer, lead))
    )
    assert sorted(answer.status_code for answer in answers) == [200, 409, 409, 409]
    lost = next(answer for answer in answers if answer.status_code == 409)
    assert keys(lost) == [(None, "reports.changed_meanwhile")]


@pytest.mark.parametrize(
    ("name", "body", "status", "error"),
    [
        ("start", {}, 422, ("version", "api.missing_field")),
        ("start", {"version": "1"}, 422, ("version", "api.want_whole")),
        ("start", {"version": 7}, 409, (None, "reports.changed_meanwhile")),
        ("ask", {"version": 1}, 422, ("text", "reports.needs_text")),
        ("resolve", {"version": 1, "text": "Xong rồi"}, 422, ("proof", "reports.needs_proof")),
        ("accept", {"version": 1}, 403, (None, "reports.act_not_yours")),
        ("rate", {"version": 1}, 403, (None, "reports.act_not_yours")),
        ("resume", {"version": 1}, 409, (None, "reports.act_not_now")),
        ("dance", {"version": 1}, 404, (None, "api.no_such_act")),
        ("note", {"version": 1, "text": "a", "rating": "satisfied"}, 422, ("rating", "api.unknown_field")),
    ],
)
async def test_an_act_that_cannot_be_done_says_why(
    http: httpx.AsyncClient, signed_in: SignedIn, name: str, body: dict[str, Any], status: int, error: tuple[str, str]
) -> None:
    sent = await send(http, LIGHT)
    officer = await signed_in("officer")
    answer = await officer.post(f"{STAFF}/reports/{sent.code}/acts/{name}", json=body)
    assert (answer.status_code, keys(answer)) == (status, [error])


async def test_a_case_handed_on_is_no_longer_shown_to_who_handed_it_on(
    http: httpx.AsyncClient, signed_in: SignedIn
) -> None:
    sent = await send(http, LIGHT)
    lead = await signed_in("lead")
    after = await act(lead, sent.code, "transfer", agency=POWER, text="Trụ này của điện lực")
    assert after["case"] is None
    assert (await lead.get(f"{STAFF}/reports/{sent.code}")).status_code == 404
    theirs = (await (await signed_in("other_officer")).get(f"{STAFF}/reports/{sent.code}")).json()
    assert theirs["why_agency"]["by"] == {"kind": "staff", "name": "Lê Văn Phước"}


async def test_resolving_takes_photos_and_names_those_it_cannot_use(
    http: httpx.AsyncClient, signed_in: SignedIn
) -> None:
    sent = await send(http, LIGHT)
    officer = await signed_in("officer")
    files = [("photos", ("sau.jpg", photo("sau"), "image/jpeg")), ("photos", ("x.pdf", b"%PDF-1.7", "application/pdf"))]
    form = {"version": "1", "text": "Đã thay bóng đèn"}
    answer = await officer.post(f"{STAFF}/reports/{sent.code}/acts/resolve", data=form, files=files)
    assert answer.status_code == 200, answer.text
    assert [p["key"] for p in answer.json()["photos_refused"]] == ["photos.unsupported"]
    assert answer.json()["case"]["photos"][-1]["stage"] == "after"


async def test_the_original_is_a_download_with_the_cameras_own_bytes(
    http: httpx.AsyncClient, signed_in: SignedIn
) -> None:
    taken = photo("chứng cứ", comment=b"GPS and all")
    sent = await send(http, LIGHT, [taken])
    officer = await signed_in("officer")
    case = (await officer.get(f"{STAFF}/reports/{sent.code}")).json()
    answer = await officer.get(case["photos"][0]["original"].replace("http://localhost:8000", ""))
    assert answer.content == taken
    assert answer.headers["content-disposition"].startswith(f'attachment; filename="{sent.code}-')
    assert answer.headers["cache-control"] == "no-store"


async def test_an_original_opens_only_through_its_own_case(http: httpx.AsyncClient, signed_in: SignedIn) -> None:
    one, other = await send(http, LIGHT, [photo("vụ một")]), await send(http, LIGHT)
    officer = await signed_in("officer")
    photo_id = (await officer.get(f"{STAFF}/reports/{one.code}")).json()["photos"][0]["photo_id"]
    answer = await officer.get(f"{STAFF}/reports/{other.code}/photos/{photo_id}/original")
    assert (answer.status_code, keys(answer)) == (404, [(None, "photos.not_found")])


# ---------------------------------------------------------------- identity


async def test_a_coordinator_sees_the_reporter_for_a_reason_and_the_look_is_recorded(
    http: httpx.AsyncClient, signed_in: SignedIn
) -> None:
    sent = await send(http, LIGHT | LAN)
    coordinator = await signed_in("coordinator")
    answer = await coordinator.post(
        f"{STAFF}/reports/{sent.code}/identity", json={"reason": "Gọi lại hỏi rõ vị trí đèn"}
    )
    assert answer.json() == {"name": "Nguyễn Thị Lan", "phone": "0912 345 678", "email": "lan@example.vn"}
    case = (await coordinator.get(f"{STAFF}/reports/{sent.code}")).json()
    assert case["history"][-1]["what"] == "identity_viewed"
    assert case["history"][-1]["by"]["name"] == "Nguyễn Hoàng Oanh"
    assert case["messages"][-1]["text"] == "Gọi lại hỏi rõ vị trí đèn"


async def test_without_a_reason_nothing_is_shown_and_nothing_recorded(
    http: httpx.AsyncClient, signed_in: SignedIn
) -> None:
    sent = await send(http, LIGHT | LAN)
    coordinator = await signed_in("coordinator")
    for body in ({}, {"reason": ""}, {"reason": "vì"}):
        answer = await coordinator.post(f"{STAFF}/reports/{sent.code}/identity", json=body)
        assert answer.status_code == 422
        assert "Lan" not in answer.text
    assert (await coordinator.get(f"{STAFF}/reports/{sent.code}")).json()["version"] == 1


# ---------------------------------------------------------------- the telephone


async def test_a_call_becomes_a_report_of_the_hotline_without_a_secret(signed_in: SignedIn) -> None:
    coordinator = await signed_in("coordinator")
    answer = await coordinator.post(f"{STAFF}/reports", json=LIGHT | LAN)
    assert answer.status_code == 201
    assert "tracking_secret" not in answer.json()
    case = (await coordinator.get(f"{STAFF}/reports/{answer.json()['code']}")).json()
    assert case["channel"] == "hotline"


async def test_a_call_needs_the_callers_consent(signed_in: SignedIn) -> None:
    answer = await (await signed_in("coordinator")).post(f"{STAFF}/reports", json=LIGHT | {"consent": False})
    assert keys(answer) == [("consent", "reports.consent_missing")]


async def test_a_callers_key_is_not_the_publics_key(http: httpx.AsyncClient, signed_in: SignedIn) -> None:
    key = {"Idempotency-Key": "one-key-for-both"}
    public = await http.post(f"{API}/reports", json=LIGHT, headers=key)
    call = await (await signed_in("coordinator")).post(f"{STAFF}/reports", json=LIGHT, headers=key)
    assert (public.status_code, call.status_code) == (201, 201)
    assert public.json()["code"] != call.json()["code"]


# ---------------------------------------------------------------- keys for programs


async def test_an_administrator_makes_a_key_that_works_until_it_is_revoked(
    http: httpx.AsyncClient, signed_in: SignedIn
) -> None:
    administrator = await signed_in("administrator")
    body = {"name": "Trang phường", "scopes": ["read"], "username": "tran.thi.bich"}
    made = await administrator.post(f"{STAFF}/tokens", json=body)
    assert made.status_code == 201
    bearer = {"Authorization": f"Bearer {made.json()['token']}"}
    assert (await http.get(f"{STAFF}/me", headers=bearer)).json()["name"] == "Trần Thị Bích"

    officer = await signed_in("officer")
    (listed,) = (await officer.get(f"{STAFF}/tokens")).json()["items"]
    assert listed["name"] == "Trang phường"
    assert made.json()["token"] not in str(listed)
    assert (await officer.delete(f"{STAFF}/tokens/{listed['id']}")).status_code == 204
    assert (await http.get(f"{STAFF}/me", headers=bearer)).status_code == 401


async def test_only_administrators_look_at_others_keys(signed_in: SignedIn) -> None:
    asked = {"username": "tran.thi.bich"}
    assert (await (await signed_in("administrator")).get(f"{STAFF}/tokens", params=asked)).status_code == 200
    assert (await (await signed_in("lead")).get(f"{STAFF}/tokens", params=asked)).status_code == 404


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"name": ""}, "name"),
        ({"scopes": []}, "scopes"),
        ({"scopes": ["all"]}, "scopes[0]"),
        ({"expires_at": "2020-01-01T00:00:00Z"}, "expires_at"),
        ({"expires_at": "2030-01-01T00:00:00"}, "expires_at"),
    ],
)
async def test_a_key_is_made_only_as_it_should_be(signed_in: SignedIn, change: dict[str, Any], field: str) -> None:
    body = {"name": "Trang phường", "scopes": ["read"]} | change
    answer = await (await signed_in("administrator")).post(f"{STAFF}/tokens", json=body)
    assert answer.status_code == 422
    assert [f for f, _ in keys(answer)] == [field]


# ---------------------------------------------------------------- another matter, another place, another urgency


async def test_a_corrected_category_brings_the_rules_proposal_and_assigning_accepts_it(
    http: httpx.AsyncClient, signed_in: SignedIn
) -> None:
    sent = await send(http, LIGHT)
    lead, coordinator = await signed_in("lead"), await signed_in("coordinator")
    url = f"{STAFF}/reports/{sent.code}"
    version = (await lead.get(url)).json()["version"]
    body = {"version": version, "category": "power-cut", "commune": "32025"}
    case = (await lead.post(f"{url}/acts/reclassify", json=body)).json()["case"]
    assert case["place"]["commune"]["code"] == "32025"
    assert case["agency"]["id"] == COMPANY
    proposal = case["proposal"]
    assert proposal["reasons"]
    assert proposal["agency"]["name"] in case["history"][-1]["words"]
    body = {"version": case["version"], "agency": proposal["agency"]["id"]}
    after = (await coordinator.post(f"{url}/acts/assign", json=body)).json()["case"]
    assert after["proposal"] is None
    assert after["why_agency"]["rule"] == proposal["rule"]
    assert after["why_agency"]["by"]["kind"] == "staff"
    assert after["agency"]["id"] == proposal["agency"]["id"]


async def test_a_coordinator_sets_how_urgent_it_is(http: httpx.AsyncClient, signed_in: SignedIn) -> None:
    sent = await send(http, LIGHT)
    coordinator = await signed_in("coordinator")
    url = f"{STAFF}/reports/{sent.code}"
    before = (await coordinator.get(url)).json()
    wanted = "complex" if before["urgency"] != "complex" else "urgent"
    body = {"version": before["version"], "urgency": wanted, "text": "Cần nhiều cơ quan."}
    after = (await coordinator.post(f"{url}/acts/set_urgency", json=body)).json()["case"]
    assert after["urgency"] == wanted
    assert after["deadline"]["due_at"] != before["deadline"]["due_at"]
    seen = (await http.get(f"{API}/reports/{sent.code}", headers=sent.secret)).json()
    assert [fact["what"] for fact in seen["history"]][-1] == "urgency_set"


@pytest.mark.parametrize(
    ("name", "body", "expected"),
    [
        ("reclassify", {}, ("matter", "reports.needs_matter")),
        ("reclassify", {"commune": "99999"}, ("commune", "reports.commune_unknown")),
        ("reclassify", {"commune": "00004"}, ("commune", "reports.other_province")),
        ("reclassify", {"category": "nothing"}, ("category", "reports.category_unknown")),
        ("set_urgency", {"text": "Rất gấp."}, ("urgency", "reports.needs_urgency")),
    ],
)
async def test_what_cannot_be_corrected_is_told_by_its_field(
    http: httpx.AsyncClient, signed_in: SignedIn, name: str, body: dict[str, str], expected: tuple[str, str]
) -> None:
    sent = await send(http, LIGHT)
    coordinator = await signed_in("coordinator")
    url = f"{STAFF}/reports/{sent.code}"
    version = (await coordinator.get(url)).json()["version"]
    answer = await coordinator.post(f"{url}/acts/{name}", json={"version": version} | body)
    assert (answer.status_code, keys(answer)) == (422, [expected])


async def test_rules_that_send_wrongly_are_listed_with_where_their_reports_went(
    http: httpx.AsyncClient, signed_in: SignedIn, world: World
) -> None:
    sent = await send(http, LIGHT)
    officer, administrator = await signed_in("officer"), await signed_in("administrator")
    url = f"{STAFF}/reports/{sent.code}"
    version = (await officer.get(url)).json()["version"]
    await officer.post(f"{url}/acts/return", json={"version": version, "text": "Không phải của công ty."})
    await projection.catch_up(world.parts.pool)
    page = (await administrator.get(f"{STAFF}/rules/misrouted")).json()
    (rule,) = [one for one in page["rules"] if one["rule"] == "chieu-sang-ca-mau"]
    assert rule["returned"] >= 1
    assert rule["share"] == rule["wrong"] / rule["decided"]
    assert CENTRE in [end["agency"]["id"] for end in rule["ended_up"]]
    later = await administrator.get(f"{STAFF}/rules/misrouted", params={"since": "2099-01-01T00:00:00Z"})
    assert later.json()["rules"] == []


async def test_a_program_publishes_edited_words_and_covered_photos(
    address: str, http: httpx.AsyncClient, signed_in: SignedIn
) -> None:
    desk = await signed_in("coordinator")
    sent = await send(http, LIGHT, [photo("một"), photo("hai", colour="#775533")])
    one, two = (await desk.get(f"{API}/staff/reports/{sent.code}")).json()["photos"]
    photos = [
        {"photo_id": one["photo_id"], "boxes": [{"x": 0.1, "y": 0.1, "width": 0.5, "height": 0.5}]},
        {"photo_id": two["photo_id"], "hidden": True},
    ]
    await act(desk, sent.code, "publish", public={"text": "Đèn đường hỏng.", "photos": photos})
    seen = (await http.get(f"{API}/reports/{sent.code}")).json()
    assert (seen["text"], len(seen["photos"])) == ("Đèn đường hỏng.", 1)
    assert seen["photos"][0]["large"].partition("?")[0] != one["large"].partition("?")[0]
    assert (await http.get(seen["photos"][0]["large"].replace("http://localhost:8000", address))).status_code == 200
    own = await sent.see()
    assert (own["text"], len(own["photos"])) == (LIGHT["text"], 2)
    version = (await desk.get(f"{API}/staff/reports/{sent.code}")).json()["version"]
    for box in ({"x": 0.9, "y": 0, "width": 0.5, "height": 0.5}, {"x": -1, "y": 0, "width": 0.5, "height": 0.5}):
        wrong = {"version": version, "public": {"photos": [{"photo_id": one["photo_id"], "boxes": [box]}]}}
        answer = await desk.post(f"{API}/staff/reports/{sent.code}/acts/publish", json=wrong)
        assert (answer.status_code, keys(answer)) == (422, [(f"photos.{one['photo_id']}", "photos.box_outside")])


async def test_a_program_splits_a_report_between_agencies(http: httpx.AsyncClient, signed_in: SignedIn) -> None:
    desk = await signed_in("coordinator")
    sent = await send(http, LIGHT)
    parts = [{"category": "street-light"}, {"category": "power-cut", "text": "Kiểm tra dây điện.", "agency": POWER}]
    zero = {"version": 2, "parts": [parts[0], parts[1] | {"agency": "a\x00"}]}
    refused = await desk.post(f"{API}/staff/reports/{sent.code}/acts/split", json=zero)
    assert (refused.status_code, keys(refused)) == (422, [("parts", "api.zero_byte")])
    done = await act(desk, sent.code, "split", parts=parts)
    assert (done["status"], done["case"]["agency"]["id"]) == ("in_progress", CENTRE)
    assert [(one["agency"]["id"], one["status"]) for one in done["case"]["parts"]] == [
        (COMPANY, "assigned"),
        (POWER, "assigned"),
    ]
    code = done["case"]["parts"][1]["code"]
    part = (await (await signed_in("other_officer")).get(f"{API}/staff/reports/{code}")).json()
    assert (part["part_of"], part["text"], part["parts"]) == (sent.code, "Kiểm tra dây điện.", [])
    assert (await http.get(f"{API}/reports/{code}")).status_code == 404
    assert (await http.get(f"{API}/reports/{sent.code}")).json()["agency"]["id"] == CENTRE
    refused = await desk.post(f"{API}/staff/reports/{sent.code}/acts/split", json={"version": 2, "parts": parts})
    assert (refused.status_code, keys(refused)) == (409, [(None, "reports.parts_open")])
