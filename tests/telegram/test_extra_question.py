"""A category's extra question through the real library: one press more, and another agency is called."""

from app.history import service as history
from app.reports import service as reports
from app.reports.calling import calls_of
from app.wiring import Parts
from bot.simulator.client import SimUser

POWER = "dien-luc-ca-mau"


async def test_the_answer_to_the_question_decides_who_comes(parts: Parts, lan: SimUser) -> None:
    await lan.text("Cay bang nghieng qua so do, phuong An Xuyen")
    await lan.press("Đúng", message=await lan.wait("đúng không"))
    question = await lan.wait("Cây có chắn đường hoặc đè lên gì không?")
    await lan.press("Đè lên dây điện", message=question)
    summary = await lan.wait("xem lại")
    assert "❓ Cây có chắn đường hoặc đè lên gì không? Đè lên dây điện" in summary.text
    await lan.press("Đồng ý và gửi", message=summary)
    code = (await lan.wait("Đã gửi")).find(r"PA-\w{4}-\w{4}")

    report = await reports.find(parts.pool, code)
    assert (report.agency_id, report.urgency, report.rule_id) == (POWER, "urgent", "cay-de-day-dien")
    assert report.answers == {"blocking": "wires"}
    async with parts.pool.acquire() as conn:
        events = await history.of_report(conn, report.report_id)
    assert calls_of(events[0]) == (POWER,)
