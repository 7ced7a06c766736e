"""Files in a case over the API: put in, saved, taken out, and what is known of the photos of a result."""

from typing import Any

import httpx
import pytest

from tests.api.conftest import API, SignedIn, keys, send
from tests.attachments.papers import pdf, with_archive
from tests.world import LIGHT, photo

STAFF = f"{API}/staff"


async def attach(
    browser: httpx.AsyncClient, code: str, *files: tuple[str, bytes], act: str = "attach", **form: str
) -> httpx.Response:
    """Send files with an act on the present version."""
    version = (await browser.get(f"{STAFF}/reports/{code}")).json()["version"]
    if not files:
        return await browser.post(f"{STAFF}/reports/{code}/acts/{act}", json={"version": version, **form})
    return await browser.post(
        f"{STAFF}/reports/{code}/acts/{act}",
        data={"version": str(version), **form},
        files=[("files", (name, data, "application/octet-stream")) for name, data in files],
    )


def local(link: str) -> str:
    return link.replace("http://localhost:8000", "")


async def test_a_file_is_saved_as_it_came_and_never_opens_in_a_page(
    http: httpx.AsyncClient, signed_in: SignedIn
) -> None:
    sent, officer, paper = await send(http, LIGHT), await signed_in("officer"), pdf(pages=2)
    answer = await attach(officer, sent.code, ("Biên bản nghiệm thu.pdf", paper), text="Kèm hồ sơ.")
    assert answer.status_code == 200, answer.text
    (file,) = answer.json()["case"]["attachments"]
    assert (file["name"], file["pages"], file["proof"]) == ("Biên bản nghiệm thu.pdf", 2, False)
    assert file["by"] == {"kind": "staff", "name": "Trần Thị Bích"}

    got = await officer.get(local(file["link"]))
    assert got.content == paper
    assert got.headers["content-type"] == "application/pdf"
    assert got.headers["content-disposition"] == (
        'attachment; filename="Bi_n b_n nghi_m thu.pdf"; '
        "filename*=UTF-8''Bi%C3%AAn%20b%E1%BA%A3n%20nghi%E1%BB%87m%20thu.pdf"
    )
    assert got.headers["content-security-policy"] == "sandbox; default-src 'none'"
    assert got.headers["x-content-type-options"] == "nosniff"
    assert got.headers["cache-control"] == "no-store"


async def test_files_that_cannot_be_taken_are_named_and_the_others_stay(
    http: httpx.AsyncClient, signed_in: SignedIn
) -> None:
    sent, officer = await send(http, LIGHT), await signed_in("officer")
    files = [("a.pdf", pdf()), ("b.docx", b"PK\x03\x04" + bytes(99)), ("c.jpg", photo("hồ sơ"))]
    answer = await attach(officer, sent.code, *files)
    assert answer.status_code == 200, answer.text
    refused = answer.json()["photos_refused"]
    assert [(p["field"], p["key"]) for p in refused] == [("files[1]", "attachments.unsupported")]
    assert "b.docx" in refused[0]["message"]
    assert [f["name"] for f in answer.json()["case"]["attachments"]] == ["a.pdf", "c.jpg"]


@pytest.mark.parametrize(
    ("files", "key"),
    [
        ([("a.pdf", with_archive(pdf()))], "attachments.pdf_more"),
        ([("a.pdf", b"%PDF-1.7\n" + bytes(21 << 20))], "attachments.too_large"),
        ([(f"{n}.pdf", pdf(pages=n)) for n in range(1, 8)], "attachments.many"),
        ([], "reports.needs_files"),
    ],
    ids=["two things at once", "too large", "too many", "none"],
)
async def test_what_is_wrong_is_told_and_nothing_is_kept(
    files: list[tuple[str, bytes]], key: str, http: httpx.AsyncClient, signed_in: SignedIn
) -> None:
    sent, officer = await send(http, LIGHT), await signed_in("officer")
    answer = await attach(officer, sent.code, *files)
    assert (answer.status_code, keys(answer)[0][1]) == (422, key)
    assert (await officer.get(f"{STAFF}/reports/{sent.code}")).json()["attachments"] == []


async def test_other_routes_take_no_files(http: httpx.AsyncClient) -> None:
    answer = await http.post(f"{API}/reports", data={"text": "x"}, files={"files": ("a.pdf", pdf(), "application/pdf")})
    assert (answer.status_code, keys(answer)) == (422, [("files", "api.file_field")])


async def test_a_file_opens_only_through_its_own_case_and_not_after_it_was_removed(
    http: httpx.AsyncClient, signed_in: SignedIn
) -> None:
    one, other, officer = await send(http, LIGHT), await send(http, LIGHT), await signed_in("officer")
    (file,) = (await attach(officer, one.code, ("a.pdf", pdf()))).json()["case"]["attachments"]
    strange = await officer.get(f"{STAFF}/reports/{other.code}/attachments/{file['attachment_id']}")
    assert (strange.status_code, keys(strange)) == (404, [(None, "attachments.not_found")])

    gone = await attach(officer, one.code, act="detach", attachment=file["attachment_id"], text="Nhầm vụ việc.")
    assert gone.json()["case"]["attachments"] == []
    assert (await officer.get(local(file["link"]))).status_code == 404


async def test_nobody_but_the_staff_on_the_case_learns_of_a_file(http: httpx.AsyncClient, signed_in: SignedIn) -> None:
    sent, officer = await send(http, LIGHT), await signed_in("officer")
    await attach(officer, sent.code, ("Danh sách hộ dân.pdf", pdf()), text="Chỉ nội bộ.")
    await attach(officer, sent.code, ("Nghiệm thu.pdf", pdf(pages=3)), act="resolve", text="Đã thay bóng đèn.")
    coordinator = await signed_in("coordinator")
    version = (await coordinator.get(f"{STAFF}/reports/{sent.code}")).json()["version"]
    await coordinator.post(f"{STAFF}/reports/{sent.code}/acts/publish", json={"version": version})
    own, public = await sent.see(), (await http.get(f"{API}/reports/{sent.code}")).json()
    for seen in (own, public):
        text = str(seen)
        assert not any(word in text for word in ("hộ dân", "Nghiệm thu", "nội bộ", "attachment"))
    # That a document was given is told to everybody; the document is not.
    words = "Đã xử lý xong, có trả lời kèm tài liệu lưu tại cơ quan."
    assert any(fact["words"].startswith(words) for fact in own["history"])
    assert public["timeline"][-1]["words"].startswith(words)


async def test_a_document_proves_a_result(http: httpx.AsyncClient, signed_in: SignedIn) -> None:
    sent, officer = await send(http, LIGHT), await signed_in("officer")
    without = await attach(officer, sent.code, act="resolve", text="Đã xong.")
    assert keys(without) == [("proof", "reports.needs_proof")]
    answer = await attach(officer, sent.code, ("nghiem-thu.pdf", pdf()), act="resolve", text="Đã xong.")
    case = answer.json()["case"]
    assert (case["status"], [f["proof"] for f in case["attachments"]], case["proof_doubts"]) == ("resolved", [True], [])


async def test_a_photo_used_before_is_named_to_coordinators_and_only_hinted_at_to_others(
    http: httpx.AsyncClient, signed_in: SignedIn
) -> None:
    used = photo("ảnh dùng lại", colour="#445")
    first, second = await send(http, LIGHT, [used]), await send(http, LIGHT | {"text": "Đèn hẻm 7 cũng không sáng."})
    officer = await signed_in("officer")
    answer = await officer.post(
        f"{STAFF}/reports/{second.code}/acts/resolve",
        data={"version": "1", "text": "Đã xong."},
        files=[("photos", ("sau.jpg", used, "image/jpeg"))],
    )
    own = answer.json()["case"]
    assert own["proof_doubts"] == ["used_elsewhere"]

    def proof(case: dict[str, Any]) -> dict[str, Any]:
        return dict(case["photos"][-1]["proof"])

    assert proof(own)["used"] == [{"how": "used_elsewhere", "code": None, "same": True}]
    assert proof(own)["words"][-1] == "Ảnh này đã có trong một phản ánh khác."
    coordinator = await signed_in("coordinator")
    seen = (await coordinator.get(f"{STAFF}/reports/{second.code}")).json()
    assert proof(seen)["used"][0]["code"] == first.code
    assert "confirm_proof" in seen["acts"]
    done = await coordinator.post(
        f"{STAFF}/reports/{second.code}/acts/confirm_proof", json={"version": seen["version"], "text": "Đã gọi hỏi."}
    )
    assert done.json()["case"]["proof_doubts"] == []
    assert proof(done.json()["case"])["doubts"] == ["used_elsewhere"]
