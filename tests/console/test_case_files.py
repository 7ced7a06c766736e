"""Files on the page of a case: put in, saved, taken out, and what is known of the proof."""

import re

import httpx
import pytest

from tests.api.conftest import API, SignedIn, act
from tests.api.conftest import contract as contract  # the JSON API's fixtures
from tests.api.conftest import signed_in as signed_in
from tests.attachments.papers import pdf, with_archive
from tests.console.conftest import PAGES, Visitor
from tests.console.test_case_page import file, see
from tests.world import photo


async def put(browser: httpx.AsyncClient, code: str, *files: tuple[str, bytes], **fields: str) -> httpx.Response:
    return await browser.post(
        f"{PAGES}/reports/{code}/attachments",
        data={"csrf": browser.headers["x-token"], **fields},
        files=[("files", (name, data, "application/octet-stream")) for name, data in files] or {"files": ("", b"")},
        follow_redirects=True,
    )


async def take_out(browser: httpx.AsyncClient, page: httpx.Response, reason: str) -> httpx.Response:
    found = re.search(r'action="(/console/reports/[^"]+/remove)"', page.text)
    assert found, "no file can be removed"
    form = {"csrf": browser.headers["x-token"], "reason": reason}
    return await browser.post(found[1], data=form, follow_redirects=True)


def files_of(page: httpx.Response) -> str:
    return page.text[page.text.index('id="files"') : page.text.index('id="history"')]


async def test_files_are_put_in_shown_saved_and_taken_out(address: str, visitor: Visitor) -> None:
    code, officer = await file(address), await visitor("officer")
    assert "Chưa có tài liệu nào" in files_of(await see(visitor, "officer", code))
    page = await put(officer, code, ("Biên bản.pdf", pdf(pages=3)), ("sơ đồ.jpg", photo("sơ đồ")), text="Kèm dự toán.")
    assert page.status_code == 200
    shown = files_of(page)
    assert "Biên bản.pdf" in shown
    assert "PDF, 3 trang, 0,1 MB · Trần Thị Bích" in shown
    assert "Ảnh, 0,1 MB" in shown
    assert "Kèm dự toán." in page.text
    link = re.search(r'href="(/api/[^"]+)" download>Biên bản', shown)
    assert link
    assert (await officer.get(link[1])).content == pdf(pages=3)

    gone = await take_out(officer, page, "Nhầm hồ sơ.")
    assert "Biên bản.pdf" not in files_of(gone)
    assert "Nhầm hồ sơ." in gone.text


def history_of(page: httpx.Response) -> str:
    """The timeline alone; what is new since the reader's last look may be said on top as well."""
    return page.text[page.text.index('<ol class="timeline">') :]


@pytest.mark.parametrize(
    ("files", "words"),
    [
        ([], "Vui lòng chọn ít nhất một tệp"),
        ([("a.docx", b"PK\x03\x04" + bytes(50))], "Tệp a.docx không phải là PDF hoặc ảnh"),
        ([("a.pdf", pdf()), ("b.pdf", with_archive(pdf()))], "dữ liệu lạ ghép thêm"),
        ([(f"{n}.pdf", pdf(pages=n)) for n in range(1, 8)], "tối đa 6 tệp"),
    ],
    ids=["none", "word", "one of two", "too many"],
)
async def test_what_is_wrong_stands_beside_the_form_and_nothing_typed_is_lost(
    files: list[tuple[str, bytes]], words: str, address: str, visitor: Visitor
) -> None:
    code, officer = await file(address), await visitor("officer")
    page = await put(officer, code, *files, text="Ghi chú đã gõ")
    assert page.status_code == 422
    assert words in files_of(page)
    assert 'value="Ghi chú đã gõ"' in page.text
    assert "Chưa có tài liệu nào" in files_of(await see(visitor, "officer", code))


async def test_pressing_twice_adds_once(address: str, visitor: Visitor) -> None:
    code, officer = await file(address), await visitor("officer")
    key = re.search(r'name="key" value="(\w+)"', files_of(await see(visitor, "officer", code)))
    assert key
    for _ in range(2):
        page = await put(officer, code, ("a.pdf", pdf()), key=key[1])
    assert history_of(page).count("Đưa tài liệu vào hồ sơ.") == 1
    assert files_of(page).count("download>a.pdf") == 1


async def test_a_removal_without_a_reason_is_asked_for_one(address: str, visitor: Visitor) -> None:
    code, officer = await file(address), await visitor("officer")
    page = await put(officer, code, ("a.pdf", pdf()))
    again = await take_out(officer, page, "")
    assert (again.status_code, "Vui lòng ghi lý do gỡ" in again.text) == (422, True)
    assert "a.pdf" in files_of(again)


async def test_who_may_not_add_or_remove_is_offered_nothing(address: str, visitor: Visitor) -> None:
    code, officer = await file(address), await visitor("officer")
    await put(officer, code, ("a.pdf", pdf()))
    leader = files_of(await see(visitor, "leader", code))
    assert "a.pdf" in leader
    assert "<form" not in leader
    assert (await put(await visitor("leader"), code, ("b.pdf", pdf()))).status_code == 403
    assert (await put(await visitor("other_officer"), code, ("b.pdf", pdf()))).status_code == 404


async def test_what_is_odd_about_a_result_stands_on_the_page(
    address: str, visitor: Visitor, signed_in: SignedIn
) -> None:
    code, officer = await file(address), await signed_in("officer")
    version = (await officer.get(f"{API}/staff/reports/{code}")).json()["version"]
    answer = await officer.post(
        f"{API}/staff/reports/{code}/acts/resolve",
        data={"version": str(version), "text": "Đã thay bóng."},
        files=[
            ("photos", ("sau.jpg", photo("một"), "image/jpeg")),
            ("files", ("nghiệm thu.pdf", pdf(), "application/pdf")),
        ],
    )
    assert answer.status_code == 200, answer.text
    page = (await see(visitor, "coordinator", code)).text
    proof = page[page.index('id="proof"') : page.index('id="talk"')]
    assert "Kết quả cần xem lại" in proof
    assert "Chính là ảnh trước khi xử lý." in proof
    assert "Có 1 tài liệu chứng minh." in proof
    assert "Chứng minh kết quả</span>" in page[page.index('id="files"') :]

    await act(await signed_in("coordinator"), code, "confirm_proof")
    confirmed = (await see(visitor, "coordinator", code)).text
    assert "Kết quả cần xem lại" not in confirmed
    assert "Chính là ảnh trước khi xử lý." in confirmed
