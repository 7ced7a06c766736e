"""A citizen's report from the chat into the database, through the real library."""

from app.reports import service as reports
from app.wiring import Parts
from bot.simulator.client import SimUser
from tests.world import photo


async def test_an_album_a_place_and_a_sentence_without_accents_become_a_report(parts: Parts, lan: SimUser) -> None:
    await lan.album([photo("một"), photo("hai"), photo("ba")], caption="den duong hong ba hom nay, toi om")
    await lan.wait("Đã nhận 3 ảnh")
    await lan.location(9.22461, 105.178)
    asked = await lan.wait("xã, phường nào")
    await lan.press("Phường An Xuyên, Cà Mau", message=asked)
    await lan.press("Đèn đường", message=await lan.wait("loại nào"))
    summary = await lan.wait("xem lại")
    assert "3 ảnh" in summary.text
    await lan.press("Đồng ý và gửi", message=summary)
    answer = await lan.wait("Đã gửi")

    report = await reports.find(parts.pool, answer.find(r"PA-\w{4}-\w{4}"))
    assert (report.category, report.commune_code, report.channel) == ("street-light", "32002", "telegram")
    assert report.body == "den duong hong ba hom nay, toi om"
    async with parts.pool.acquire() as conn:
        case = await reports.case(conn, report)
    assert len(case.pictures) == 3
