"""Linking, muting and the list over the real bot: two accounts of one person."""

import re

from app.wiring import Parts
from bot.simulator.client import SimClient, SimUser
from tests.telegram.conftest import file_a_report, until


async def test_two_accounts_are_linked_list_the_same_reports_and_are_parted_again(sim: SimClient, lan: SimUser) -> None:
    new_phone = await sim.user("Lan máy mới")
    old_code = await file_a_report(lan)
    new_code = await file_a_report(new_phone)

    await lan.text("/lienket")
    link_code = (await lan.wait("Mã liên kết")).find(r"LK-\w{4}-\w{4}")
    await new_phone.text(link_code.lower())
    asked = await new_phone.wait("Liên kết cuộc trò chuyện này")
    assert "Telegram “Lan”" in asked.text
    await new_phone.press("Đồng ý", message=asked)
    await new_phone.wait("Đã liên kết")
    assert "Lan máy mới" in (await lan.wait("vừa được liên kết")).text

    for person in (lan, new_phone):
        await person.text("/danhsach")
        listed = await person.wait("mới nhất ở trên")
        assert {old_code, new_code} <= set(re.findall(r"PA-\w{4}-\w{4}", listed.text))

    await new_phone.text("/huylienket")
    await new_phone.wait("Đã tách khỏi Telegram “Lan”")
    await lan.wait("đã tách khỏi cuộc trò chuyện này")
    await new_phone.text("/danhsach")
    assert old_code not in (await new_phone.wait("mới nhất ở trên")).text


async def test_a_report_is_muted_in_its_view_and_everything_by_a_command(
    sim: SimClient, lan: SimUser, parts: Parts
) -> None:
    code = await file_a_report(lan)
    await lan.text(code)
    await lan.press("Tắt thông báo", message=await lan.wait("🔎"))
    told = await lan.wait("câu hỏi vẫn được gửi tới")
    muted = """
        SELECT count(*) FROM report_mutes JOIN report_codes USING (report_id) WHERE code = $1
    """
    await until(parts, muted, code, holds=1)
    await lan.press("Bật lại", message=told)
    await until(parts, muted, code, holds=0)
    await lan.text("/tatthongbao")
    await lan.wait("Đã tắt mọi thông báo")
    await lan.text(code)
    await lan.wait("đang tắt mọi thông báo")
    await lan.text("/unmute")
    await lan.wait("Đã bật lại thông báo.")
