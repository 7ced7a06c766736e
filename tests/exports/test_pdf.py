"""The administrative report: really set, and read back."""

import os
import re
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

import pypdfium2
import pytest
from msgspec import structs

from app.db import Pool
from app.exports import pdf
from app.exports.pdf_content import content
from app.exports.pdf_file import render
from app.exports.pdf_model import Paper
from app.exports.service import order
from app.exports.summary import Line, Table, summary
from app.i18n import Lang
from app.stats import service as stats
from app.stats.asked import Asked
from app.stats.measures import FIGURES
from app.stats.model import Counted, Counts, value
from app.stats.names import names
from app.stats.periods import parse
from app.stats.written import written
from tests.small_world import COORDINATOR, GAZETTEER, RULES

SHOTS = os.environ.get("PHANANH_SHOTS")
"""A folder for pictures of the pages, for people to look at."""
NOW = datetime(2026, 11, 27, 3, tzinfo=UTC)
MARCH = Asked(period=parse("2026-03"))


async def paper(
    pool: Pool, asked: Asked = MARCH, lang: Lang = "vi", agency_id: str = "ioc", now: datetime = NOW
) -> Paper:
    async with pool.acquire() as conn:
        called = await names(conn, RULES, GAZETTEER)
        found = await summary(conn, called, asked, lang, now)
        return await pdf.read(conn, called, found, asked, now, agency_id)


def text_of(data: bytes) -> str:
    """All words of the PDF on one line."""
    return " ".join(" ".join(page.get_textpage().get_text_bounded().split()) for page in pypdfium2.PdfDocument(data))


def n(counts: Counts, name: str) -> int:
    return round(value(FIGURES[name], counts) or 0)


def keep(data: bytes, name: str) -> None:
    if SHOTS:
        for number, page in enumerate(pypdfium2.PdfDocument(data), 1):
            page.render(scale=1.4).to_pil().save(Path(SHOTS) / f"{name}-{number}.png")


async def test_it_has_the_form_of_an_administrative_report(lived: Pool) -> None:
    data = render(content(await paper(lived)))
    keep(data, "report")
    text = text_of(data)
    for words in (
        "ỦY BAN NHÂN DÂN TỈNH CÀ MAU", "TRUNG TÂM ĐIỀU HÀNH", "CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM",
        "Độc lập - Tự do - Hạnh phúc", "/BC-", "Cà Mau, ngày …… tháng …… năm 2026", "BÁO CÁO",
        "Về kết quả tiếp nhận, xử lý phản ánh hiện trường tháng 03/2026", "I. TÌNH HÌNH CHUNG", "II. KẾT QUẢ XỬ LÝ",
        "III. PHẢN ÁNH THEO LĨNH VỰC", "IV. MỨC ĐỘ HÀI LÒNG", "V. PHẢN ÁNH ĐANG XỬ LÝ VÀ QUÁ HẠN", "VI. NƠI CÓ NHIỀU",
        "Trên đây là báo cáo", "Nơi nhận:", "- Lưu: VT.", "THỦ TRƯỞNG CƠ QUAN",
    ):  # fmt: skip
        assert words in text, words


async def test_its_numbers_are_those_of_the_pages(lived: Pool) -> None:
    text = text_of(render(content(await paper(lived))))
    async with lived.acquire() as conn:
        answer = await stats.ask(conn, MARCH.question(NOW))
        apart = await stats.ask(conn, MARCH.question(NOW, by="agency"))
    counts = answer.groups[""]
    assert f"tiếp nhận {n(counts, 'received')} phản ánh" in text
    assert n(counts, "received") > 100
    for name, figure in FIGURES.items():
        said = written(figure, value(figure, counts), "vi")
        assert f"{figure.title('vi')} {said} " in text, name
    for key, group in apart.groups.items():
        row = " ".join(
            written(FIGURES[figure], value(FIGURES[figure], group), "vi")
            for figure in ("on_time_rate", "open", "overdue")
        )
        assert row in text, key
    total = sum(n(group, "received") for group in apart.groups.values())
    assert f"Tổng cộng {total} {n(counts, 'handled')} " in text


async def test_the_same_question_gives_the_same_bytes(lived: Pool) -> None:
    assert render(content(await paper(lived))) == render(content(await paper(lived)))
    later = datetime(2027, 5, 1, tzinfo=UTC)
    assert render(content(await paper(lived, now=later))) == render(content(await paper(lived)))


async def test_it_says_from_what_question_and_by_which_rules_it_was_made(lived: Pool) -> None:
    asked = structs.replace(MARCH, agencies=("power", "roads"), categories=("pothole",))
    data = render(content(await paper(lived, asked)))
    pages = [" ".join(page.get_textpage().get_text_bounded().split()) for page in pypdfium2.PdfDocument(data)]
    for page in pages:
        assert f"tính đến 00:00 01/04/2026. Bộ quy tắc: {RULES.version}" in page
        assert "period=2026-03&agency=power&agency=roads&category=pothole&as_of=2026-04-01T00:00:00" in page
    assert "Phạm vi: cơ quan: Điện lực, Sở Xây dựng; lĩnh vực: Ổ gà" in pages[0]
    assert not re.match(r"1 ", pages[0]), "the first page has no number"
    assert pages[1].startswith("2 ")


async def test_an_empty_period_says_so_and_has_no_empty_tables(lived: Pool) -> None:
    data = render(content(await paper(lived, Asked(period=parse("2019-05")))))
    keep(data, "empty")
    text = text_of(data)
    assert "Trong kỳ không phát sinh số liệu nào" in text
    assert "Trong kỳ chưa có đánh giá nào" in text
    assert "Bảng" not in text
    assert len(pypdfium2.PdfDocument(data)) <= 2


async def test_in_english_only_the_letterhead_stays_vietnamese(lived: Pool) -> None:
    data = render(content(await paper(lived, lang="en")))
    keep(data, "english")
    text = text_of(data)
    for words in ("CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM", "REPORT", "II. RESULTS", "Construction", "This concludes"):
        assert words in text, words


async def test_a_commune_signs_for_its_committee(lived: Pool) -> None:
    text = text_of(render(content(await paper(lived, agency_id="ubnd-32002"))))
    assert "TM. ỦY BAN NHÂN DÂN CHỦ TỊCH" in text
    assert "TỈNH CÀ MAU CỘNG HÒA" not in text


async def test_long_names_and_many_rows_go_over_pages_with_their_heads(lived: Pool) -> None:
    one = await paper(lived)
    long = "Ban Quản lý dự án đầu tư xây dựng công trình giao thông và nông nghiệp khu vực phía Nam tỉnh Cà Mau"
    lines = tuple(Line(str(at), f"{long} {at}", one.totals) for at in range(120))
    tables = tuple(Table("agency", lines) if table.by == "agency" else table for table in one.summary.tables)
    late = Counted(UUID(int=1), "PA-0000-0000", NOW, "roads", "pothole", "32002", "web", 86_400 * 1234)
    one = structs.replace(one, summary=structs.replace(one.summary, tables=tables), overdue=[late] * 20)
    data = render(content(one))
    keep(data, "many")
    pages = [" ".join(page.get_textpage().get_text_bounded().split()) for page in pypdfium2.PdfDocument(data)]
    with_agencies = [page for page in pages if "Ban Quản lý dự án" in page]
    assert len(with_agencies) > 5
    assert all("Cơ quan" in page for page in with_agencies)
    assert "1.234,0 ngày" in " ".join(pages)


@pytest.mark.parametrize("key", ["2026-03-02", "2026-W10", "2026-Q1", "2026", "2026-03-cut", "2026-03-01..2026-03-05"])
async def test_every_kind_of_period_has_a_report(lived: Pool, key: str) -> None:
    data = render(content(await paper(lived, Asked(period=parse(key)))))
    keep(data, f"kind-{key}")
    assert "Biểu đồ 1" in text_of(data)


async def test_the_same_figures_of_another_office_are_another_paper(lived: Pool) -> None:
    async with lived.acquire() as conn:
        one = await order(conn, COORDINATOR, MARCH, "pdf", "vi")
        assert (await order(conn, COORDINATOR, MARCH, "pdf", "vi")).export_id == one.export_id
        moved = structs.replace(COORDINATOR, agency_id="roads")
        assert (await order(conn, moved, MARCH, "pdf", "vi")).export_id != one.export_id
