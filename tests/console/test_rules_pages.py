"""The rules in force, trying a report, history and the way back: what the pages say, read as text."""

import html
import re

import httpx
import pytest

from app.routing import service as routing
from tests.console.conftest import PAGES, send
from tests.world import World

NOTE = "Chuyển đèn đường An Xuyên về Sở Xây dựng"


def words(page: httpx.Response) -> str:
    """What a reader sees, on one line."""
    body = re.sub(r"<[^>]+>", " ", page.text.partition("<main")[2].replace("<wbr>", ""))
    return " ".join(html.unescape(body).split())


async def test_the_rules_are_told_in_order_with_names_instead_of_ids(admin: httpx.AsyncClient, world: World) -> None:
    page = await admin.get(f"{PAGES}/rules")
    said = words(page)
    assert world.parts.rules.version[:8] in said
    order = [said.index(f"· {rule.rule_id} Khi") for rule in world.parts.rules.rules]
    assert order == sorted(order)
    assert "Lĩnh vực là: Nguy hiểm về điện" in said
    assert "Công ty Điện lực Cà Mau" in said
    assert "Mức độ: Khẩn" in said
    assert "UBND xã, phường nơi phản ánh" in said
    assert f"{len(world.parts.rules.categories)} lĩnh vực" in said


async def test_every_condition_of_every_rule_can_be_put_into_words_in_both_languages(admin: httpx.AsyncClient) -> None:
    vi = await admin.get(f"{PAGES}/rules")
    await admin.get(f"{PAGES}/language/en")
    en = await admin.get(f"{PAGES}/rules")
    await admin.get(f"{PAGES}/language/vi")
    assert (vi.status_code, en.status_code) == (200, 200)
    assert "The category is:" in words(en)
    assert "Lĩnh vực là" not in words(en)


async def test_searching_works_without_accents_and_says_when_nothing_is_found(admin: httpx.AsyncClient) -> None:
    found = await admin.get(f"{PAGES}/rules", params={"q": "dien luc"})
    assert "nguy-hiem-dien" in found.text
    assert "ngoai-tinh" not in found.text
    assert 'value="dien luc"' in found.text
    nothing = await admin.get(f"{PAGES}/rules", params={"q": "<b>zzz"})
    assert "Không có quy tắc nào chứa “<b>zzz”" in words(nothing)
    assert "<b>zzz" not in nothing.text


async def test_the_file_in_force_can_be_taken_away_and_loads_again(admin: httpx.AsyncClient, world: World) -> None:
    answer = await admin.get(f"{PAGES}/rules/source/{world.parts.rules.version}")
    assert "attachment" in answer.headers["content-disposition"]
    assert routing.load(answer.content).version == world.parts.rules.version


# ---------------------------------------------------------------- trying

TRIED = {
    "text": "den duong truoc so 12 ly bon hong ba dem nay, hem toi om",
    "place": "Phường An Xuyên",
    "at": "02/11/2026 09:00",
    "channel": "hotline",
}


async def test_a_report_is_tried_and_the_decision_explained(admin: httpx.AsyncClient, world: World) -> None:
    before = await world.parts.pool.fetchval("SELECT count(*) FROM reports")
    said = words(await send(admin, "/rules/try", **TRIED))
    assert "Quyết định Công ty Cổ phần Môi trường Đô thị Cà Mau" in said
    assert "Lĩnh vực Đèn đường hỏng" in said
    assert "Cùng phối hợp UBND phường An Xuyên" in said
    assert "Hạn tiếp nhận 02/11/2026 11:00" in said
    assert "Hạn xử lý 05/11/2026 17:00 (3 ngày làm việc)" in said
    assert re.search(r"Đèn đường hỏng \d+ % “đèn đường”", said)
    assert re.search(r"✗ Quy tắc số 1 ngoai-tinh : \S", said)
    passed = re.findall(r"✗ Quy tắc số (\d+)", said)
    assert passed == [str(number) for number in range(1, len(passed) + 1)]
    assert f"Quy tắc số {len(passed) + 1} · chieu-sang-ca-mau" in said
    assert await world.parts.pool.fetchval("SELECT count(*) FROM reports") == before


async def test_what_was_typed_stays_in_the_form(admin: httpx.AsyncClient) -> None:
    page = await send(admin, "/rules/try", **TRIED, lat="9.22461", lon="105,178", photo="1", reporter="business")
    for kept in (
        TRIED["text"],
        'value="Phường An Xuyên"',
        'value="02/11/2026 09:00"',
        '<option value="hotline" selected>',
        'value="9.22461"',
        'value="105,178"',
        '<option value="business" selected>',
    ):
        assert kept in page.text
    assert page.status_code == 200


async def test_a_chosen_category_is_taken_without_guessing(admin: httpx.AsyncClient) -> None:
    said = words(await send(admin, "/rules/try", **TRIED, category="power-danger"))
    assert "Quyết định Công ty Điện lực Cà Mau" in said
    assert "Lĩnh vực đoán từ nội dung" not in said


async def test_an_old_place_name_is_understood_and_no_place_is_allowed(admin: httpx.AsyncClient) -> None:
    said = words(await send(admin, "/rules/try", **{**TRIED, "place": "phường 5, thành phố Cà Mau"}))
    assert "Nơi phản ánh Phường" in said
    unknown = words(await send(admin, "/rules/try", **{**TRIED, "place": ""}))
    assert "Nơi phản ánh Chưa rõ" in unknown


@pytest.mark.parametrize(
    ("field", "typed", "complaint"),
    [
        ("text", "", "Vui lòng nhập nội dung"),
        ("text", "a" * 2001, "Nội dung dài quá 2000 ký tự."),
        ("place", "qqqq wwww", "Không nhận ra xã, phường nào trong “qqqq wwww”"),
        ("at", "2026-11-23", "Thời điểm chưa đúng"),
        ("at", "31/02/2026 10:00", "Thời điểm chưa đúng"),
        ("at", "01/01/0001 00:00", "Thời điểm chưa đúng"),
        ("lat", "abc", "Tọa độ chưa đúng"),
        ("category", "no-such", "Không có lĩnh vực “no-such”"),
    ],
)
async def test_a_mistake_stands_beside_its_field(
    field: str, typed: str, complaint: str, admin: httpx.AsyncClient
) -> None:
    page = await send(admin, "/rules/try", **{**TRIED, field: typed})
    assert page.status_code == 422
    assert complaint in words(page)
    assert f'aria-describedby="{field}-wrong"' in page.text
    assert f'id="{field}-wrong"' in page.text


# ---------------------------------------------------------------- history


async def test_a_change_stands_in_the_history_and_can_be_undone(admin: httpx.AsyncClient, world: World) -> None:
    pool, first = world.parts.pool, world.parts.rules
    changed = routing.load(first.source + "\n# khác\n")
    await routing.apply(pool, changed, note=NOTE, by="kiểm thử", warnings=["dòng 1: coi chừng"])
    history = await admin.get(f"{PAGES}/rules/history")
    assert f"{NOTE}" in words(history)
    assert "1 cảnh báo đã được chấp nhận dòng 1: coi chừng" in words(history)
    form = await admin.get(f"{PAGES}/rules/rollback")
    assert first.version[:8] in words(form)

    no_note = await send(admin, "/rules/rollback", version=first.version, note=" ")
    assert no_note.status_code == 422
    assert "Vui lòng ghi lý do thay đổi" in words(no_note)
    stale = await send(admin, "/rules/rollback", version=changed.version, note="Trang đã cũ rồi")
    assert stale.status_code == 409
    assert "Trang đã cũ rồi" in stale.text
    assert (await routing.active(pool)).version == changed.version

    done = await send(admin, "/rules/rollback", version=first.version, note="Quay lại như cũ")
    assert "Đã quay lại bộ quy tắc trước." in words(done)
    assert (await routing.active(pool)).version == first.version
    latest = (await routing.history(pool))[0]
    assert (latest.how, latest.note) == ("rollback", "Quay lại như cũ")
    assert latest.by == "Đặng Thị Ngọc Hân (dang.ngoc.han)"
