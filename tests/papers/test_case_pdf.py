"""A case on paper: what stands on it for whom, in a PDF that was really set and is read back."""

import os
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import pypdfium2
import pytest
import pytest_asyncio

from app.accounts.directory import Agencies
from app.accounts.model import Actor
from app.attachments import service as attachments
from app.errors import Unavailable
from app.papers import service as papers
from app.photos import service as photos
from app.photos.model import KEPT, object_key
from app.places.boundaries import read
from app.places.service import embedded_default, with_boundaries
from app.reports import service as reports
from app.reports.intake import file_report
from app.reports.model import Contact, Form, NewReport, Place, Report
from app.reports.workflow import Act
from tests.api.conftest import API, SignedIn
from tests.api.conftest import contract as contract
from tests.api.conftest import signed_in as signed_in
from tests.attachments.papers import pdf
from tests.photos.pictures import encoded, exif, gps, scene
from tests.places.files import commune, feature, square, write
from tests.world import HERE, World

SHOTS = os.environ.get("PHANANH_SHOTS")
"""A folder for pictures of the pages, for people to look at."""
WORDS = (
    "Đèn đường trước số 12 Lý Bôn hỏng ba đêm nay, hẻm tối om, đi lại rất nguy hiểm. Gọi tôi số 0912 345 678.\n"
    "Trụ đèn có số 47, gần trường mẫu giáo. {{ }} #let x = 1 $a$ *đậm* \\u{41}"
)


async def act(world: World, key: str, report: Report, what: Act, **form: Any) -> Report:
    person, p = world.people[key], world.parts
    who = Actor("staff", person.staff_id, person.role, person.agency_id, frozenset({person.agency_id}))
    return await reports.perform(p.pool, p.rules, who, report, what, Form(**form))


async def store(world: World, seed: int, **more: Any) -> Any:
    p = world.parts
    return await photos.store_photo(p.pool, p.objects, p.lab, encoded(scene(1600, 1200, seed), **more))


@pytest_asyncio.fixture(scope="module")
async def lived(world: World, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Report]:
    """A case with everything: photos, an answer, notes, a file, a result with proof."""
    p, one = world.parts, commune("Phường An Xuyên")
    path = write(tmp_path_factory.mktemp("map") / "a.geojson", [feature(one, square(one.lat, one.lon))])
    p.gazetteer = with_boundaries(read(path).communes, uuid4())
    new = NewReport(
        text=WORDS, place=Place(HERE["lat"], HERE["lon"], "12 Lý Bôn"), channel="telegram", lang="vi", consent=True,
        category="street-light", photos=(await store(world, 1), await store(world, 2)),
        contact=Contact("Nguyễn Thị Lan", "0987 111 222", "lan@example.vn"),
    )  # fmt: skip
    report = (await file_report(p.pool, p.rules, embedded_default(), b"k" * 40, new)).report
    report = await act(world, "officer", report, Act.START)
    report = await act(world, "officer", report, Act.NOTE, text="Đã gọi đội đèn số 2, chờ xe nâng.")
    report = await act(world, "officer", report, Act.PROGRESS, text="Đội thợ sẽ đến trong chiều nay.")
    paper = await attachments.store_file(p.pool, p.objects, p.lab, pdf(pages=2), "Dự toán thay đèn.pdf")
    report = await act(world, "officer", report, Act.ATTACH, files=(paper,))
    here = gps((9, 13, 28.6), "N", (105, 10, 40.8), "E")
    after = await store(world, 3, exif=exif(taken="2024:05:06 07:08:09", gps=here))
    yield await act(world, "officer", report, Act.RESOLVE, text="Đã thay bóng và chấn lưu.", photos=(after,))


async def printed(world: World, report: Report, *, notes: bool = True, key: str = "officer", lang: Any = "vi") -> bytes:
    person, p = world.people[key], world.parts
    who = Actor("staff", person.staff_id, person.role, person.agency_id, frozenset({person.agency_id}))
    return await papers.print_case(
        p.pool, p.objects, p.rules, p.gazetteer, Agencies(p.pool), who, report, lang=lang, notes=notes
    )


def text_of(data: bytes) -> str:
    """All words of the PDF on one line. What is broken over two lines is put together."""
    pages = pypdfium2.PdfDocument(data)
    return " ".join(" ".join(page.get_textpage().get_text_bounded().split()) for page in pages)


def keep(data: bytes, name: str) -> None:
    if SHOTS:
        for number, page in enumerate(pypdfium2.PdfDocument(data), 1):
            page.render(scale=1.6).to_pil().save(Path(SHOTS) / f"{name}-{number}.png")


async def test_the_staffs_copy_has_everything_but_who_reported(lived: Report, world: World) -> None:
    data = await printed(world, lived)
    keep(data, "paper")
    text = text_of(data)
    for words in (
        "CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM", "Độc lập - Tự do - Hạnh phúc", "CÔNG TY CỔ PHẦN MÔI TRƯỜNG ĐÔ THỊ CÀ MAU",
        lived.code, "Đã xử lý", "Đèn đường hỏng", "12 Lý Bôn, Phường An Xuyên", "đúng hạn", "Trần Thị Bích",
        "hẻm tối om", "0912 345 678", "Đội thợ sẽ đến trong chiều nay.", "chờ xe nâng", "Dự toán thay đèn.pdf",
        "Đã thay bóng và chấn lưu.", "trước khi có phản ánh", "Đưa tài liệu vào hồ sơ.", "Trang 1 /", "Bản nội bộ",
    ):  # fmt: skip
        assert words in text, words
    for secret in ("Nguyễn Thị Lan", "0987", "lan@example.vn"):
        assert secret not in text


async def test_what_people_wrote_is_set_as_they_wrote_it(lived: Report, world: World) -> None:
    """Whatever means something to the typesetter means nothing here."""
    assert "{{ }} #let x = 1 $a$ *đậm* \\u{41}" in text_of(await printed(world, lived))


async def test_a_copy_to_hand_out_says_nothing_that_is_staffs_alone(lived: Report, world: World) -> None:
    data = await printed(world, lived, notes=False)
    keep(data, "copy")
    text = text_of(data)
    for inside in (
        "chờ xe nâng", "Dự toán thay đèn", "0912", "Đưa tài liệu vào hồ sơ", "trước khi có phản ánh", "Nguyễn Thị Lan",
        "Ghi chú nội bộ", "Bản nội bộ", "Trần Thị Bích",
    ):  # fmt: skip
        assert inside not in text, inside
    for shown in ("hẻm tối om", "Đã thay bóng và chấn lưu.", "Cơ quan xử lý", "Bản gửi ra ngoài"):
        assert shown in text


async def test_in_english_only_the_letterhead_stays_vietnamese(lived: Report, world: World) -> None:
    text = text_of(await printed(world, lived, lang="en"))
    for words in ("CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM", "What was reported", "Page 1 /"):
        assert words in text


async def test_a_case_with_the_most_of_everything_is_printed(world: World) -> None:
    p = world.parts
    new = NewReport(
        text="Rất dài. " * 440, place=Place(commune_code="32002"), channel="api", lang="vi", consent=True,
        category="street-light", photos=tuple([await store(world, 10 + n) for n in range(6)]),
    )  # fmt: skip
    report = (await file_report(p.pool, p.rules, embedded_default(), b"k" * 40, new)).report
    for number in range(30):
        report = await act(world, "officer", report, Act.NOTE, text=f"Ghi chú {number}. " * 60)
    data = await printed(world, report)
    keep(data, "long")
    text = text_of(data)
    assert "Ghi chú 0." in text
    assert "Ghi chú 29." in text
    assert len(pypdfium2.PdfDocument(data)) > 3


async def test_a_photo_that_is_gone_costs_the_photo_and_not_the_page(world: World) -> None:
    p, gone = world.parts, await store(world, 30)
    new = NewReport(
        text="Đèn hẻm 7 không sáng.", place=Place(commune_code="32002"), channel="api", lang="vi", consent=True,
        category="street-light", photos=(gone,),
    )  # fmt: skip
    report = (await file_report(p.pool, p.rules, embedded_default(), b"k" * 40, new)).report
    await p.objects.delete([object_key(gone.sha256, what) for what in KEPT])
    assert "Còn 1 ảnh không in." in text_of(await printed(world, report))


async def test_a_press_that_breaks_is_said_in_words(
    lived: Report, world: World, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "app" / "papers").mkdir(parents=True)
    (tmp_path / "app" / "__init__.py").touch()
    (tmp_path / "app" / "papers" / "__init__.py").touch()
    (tmp_path / "app" / "papers" / "worker.py").write_text("raise SystemExit('no paper')\n")
    monkeypatch.setattr(papers, "_ROOT", tmp_path)
    with pytest.raises(Unavailable, match=r"papers\.not_printed"):
        await printed(world, lived)


async def test_programs_get_both_copies_and_browsers_show_them(
    lived: Report, world: World, signed_in: SignedIn, address: str
) -> None:
    officer = await signed_in("officer")
    inside = await officer.get(f"{API}/staff/reports/{lived.code}/pdf")
    handed = await officer.get(f"{API}/staff/reports/{lived.code}/pdf", params={"notes": "false"})
    page = await officer.get(f"/console/reports/{lived.code}/pdf?notes=0")
    assert [answer.status_code for answer in (inside, handed, page)] == [200] * 3
    assert inside.headers["content-type"] == "application/pdf"
    assert inside.headers["content-disposition"] == f'inline; filename="{lived.code}.pdf"'
    assert "chờ xe nâng" in text_of(inside.content)
    for copy in (handed, page):
        assert copy.headers["content-disposition"].endswith('-gui-ra-ngoai.pdf"')
        assert "chờ xe nâng" not in text_of(copy.content)
    other = await signed_in("other_officer")
    for path in (f"{API}/staff/reports", "/console/reports"):
        assert (await other.get(f"{path}/{lived.code}/pdf")).status_code == 404
    async with httpx.AsyncClient(base_url=address) as stranger:
        assert (await stranger.get(f"{API}/staff/reports/{lived.code}/pdf")).status_code == 401
