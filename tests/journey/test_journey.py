"""A report's whole way: an album in a chat → the right agency → resolved → the citizen told each time and rating.

Everything is real and in processes of its own: HTTP server, PostgreSQL, S3 server, worker, python-telegram-bot.
"""

import asyncio
import re
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from typing import Any

import pytest_asyncio

from app.accounts import service as accounts
from app.accounts.model import SYSTEM, Role
from app.db import Pool
from bot.simulator.client import Message, SimUser
from bot.simulator.samples import scene
from tests.journey.system import Officer, System

ENTERPRISE = "moi-truong-do-thi-ca-mau"  # runs the street lamps in the wards of Cà Mau
WITHOUT_ACCENTS = "den duong bi hong may ngay nay, toi om rat nguy hiem"
SENDS = {"sendMessage", "sendPhoto", "sendMediaGroup"}

People = Callable[[str, str, Role], Awaitable[Officer]]


@pytest_asyncio.fixture
async def hire(system: System, pool: Pool) -> AsyncIterator[People]:
    """Make an account and sign in with it."""
    async with AsyncExitStack() as at_the_end:

        async def hired(username: str, agency_id: str, role: Role) -> Officer:
            _, password = await accounts.create_staff(pool, username, "Trần Văn Minh", agency_id, role, None, SYSTEM)
            officer = Officer(system, username)
            await at_the_end.enter_async_context(officer.http)
            return await officer.sign_in(password)

        yield hired


async def files_a_report(citizen: SimUser, words: str = WITHOUT_ACCENTS) -> str:
    """The citizen's side of the dialogue, from the first photo to the code."""
    await citizen.album([scene("lamp", 1, mended=False), scene("lamp", 2, mended=False)], caption=words)
    await citizen.wait("Đã nhận 2 ảnh")
    await citizen.location(9.22461, 105.178)
    await citizen.press("Phường An Xuyên")
    answer = await citizen.wait(lambda message: "xem lại" in message.text or "hình như" in message.text)
    if "hình như" in answer.text:  # another test's citizen was here before
        await citizen.press("Không phải, gửi mới", message=answer)
        answer = await citizen.wait("xem lại")
    await citizen.press("gửi", message=answer)
    sent = await citizen.wait("PA-")
    return sent.find(r"PA-\w{4}-\w{4}")


def told(messages: list[Message], words: str) -> list[Message]:
    """What the bot said that has these words in it."""
    return [m for m in messages if m.from_bot and words in m.text]


async def eventually(ask: Callable[[], Awaitable[Any]], holds: Callable[[Any], bool], system: System) -> Any:
    """Ask again after each call of the bot, and every half second, until the answer holds."""
    after, answer = 0, None
    try:
        async with asyncio.timeout(60):
            while not holds(answer := await ask()):
                calls = await system.sim.calls(after=after, wait=0.5)
                after = calls[-1].id if calls else after
    except TimeoutError:
        raise AssertionError(f"it did not come to that within a minute; the last answer was {answer}") from None
    return answer


async def test_a_citizen_sends_an_album_and_is_told_of_everything_until_it_is_mended(
    system: System, hire: People
) -> None:
    officer = await hire("minh", ENTERPRISE, Role.OFFICER)
    stranger = await hire("viettel", "viettel-ca-mau", Role.OFFICER)
    lan = await system.sim.user("Lan")
    code = await files_a_report(lan)

    # The right agency has it, with both photos; nobody else has.
    case = await officer.case(code)
    assert case["agency"]["id"] == ENTERPRISE
    assert case["category"]["id"] == "street-light"
    assert case["place"]["commune"]["code"] == "32002"
    assert [photo["stage"] for photo in case["photos"]] == ["before", "before"]
    assert code in [row["code"] for row in await officer.queue()]
    assert code not in [row["code"] for row in await stranger.queue()]
    assert (await stranger.http.get(f"/reports/{code}")).status_code == 404
    assert "Lan" not in str(case)

    # Accepted and started; asked, and answered in the chat.
    await officer.act(code, "claim")
    await officer.act(code, "start")
    await lan.wait("đang xử lý")
    await officer.act(code, "ask", text="Trụ đèn số mấy ạ?")
    question = await lan.wait("Trụ đèn số mấy ạ?")
    await lan.press("Trả lời", message=question)
    await lan.text("tru so 12, doi dien truong hoc")
    case = await eventually(lambda: officer.case(code), lambda c: c["status"] == "in_progress", system)
    assert "tru so 12, doi dien truong hoc" in [message["text"] for message in case["messages"]]

    # Resolved with a photo, which the citizen sees; rated, which closes it.
    await officer.act(code, "resolve", text="Đã thay bóng đèn mới.", photo=scene("lamp", 1, mended=True))
    result = await lan.wait("Đã thay bóng đèn mới.")
    assert any("photo" in m.raw for m in await lan.messages() if m.from_bot)
    await lan.press("Hài lòng", message=result)
    case = await eventually(lambda: officer.case(code), lambda c: c["status"] == "closed", system)
    assert case["rating"] == "satisfied"
    assert [e["what"] for e in case["history"]] == [
        "submitted", "assigned", "accepted", "started", "asked", "info_added", "resumed", "resolved", "rated", "closed",
    ]  # fmt: skip

    # Told once of each, and the history holds.
    messages = await lan.messages()
    for words in ("đang xử lý phản ánh", "Trụ đèn số mấy ạ?", "Đã thay bóng đèn mới."):
        assert len(told(messages, words)) == 1, words
    verified = system.run("audit", "verify", "--report", code)
    assert verified.returncode == 0, verified.stdout + verified.stderr


async def test_a_worker_killed_while_it_sends_tells_nobody_twice(system: System, hire: People) -> None:
    officer = await hire("hai", ENTERPRISE, Role.OFFICER)
    sau = await system.sim.user("Sáu")
    code = await files_a_report(sau)
    async with system.sim.hold("sendMessage", user=sau) as held:
        await officer.act(code, "start")
        await held.caught()
        system.kill("worker")
    # While nobody works, the case goes on; the next worker takes all of it up.
    await officer.act(code, "resolve", text="Đã sửa xong trong lúc mất điện.", photo=scene("lamp", 3, mended=True))
    system.start("worker")
    await sau.wait("Đã sửa xong trong lúc mất điện.")
    case = await eventually(
        lambda: officer.case(code),
        lambda c: {"sent", "uncertain"} == {n["status"] for n in c["notifications"]},
        system,
    )
    assert len(case["notifications"]) == 2
    messages = await sau.messages()
    assert len(told(messages, "đang xử lý phản ánh")) == 1
    assert len(told(messages, "Đã sửa xong trong lúc mất điện.")) == 1


async def test_a_bot_killed_in_the_middle_of_a_dialogue_loses_nothing_and_repeats_nothing(system: System) -> None:
    tam = await system.sim.user("Tám")
    await tam.album([scene("pothole", n, mended=False) for n in (1, 2, 3)], caption="o ga to giua duong")
    await tam.wait("Đã nhận 3 ảnh")
    system.kill("bot")
    await tam.location(9.22461, 105.178)
    system.start("bot")
    await tam.press("Phường An Xuyên")
    await tam.press("gửi")
    sent = await tam.wait("PA-")
    code = sent.find(r"PA-\w{4}-\w{4}")
    seen = (await system.http.get(f"/reports/{code}")).json()
    assert seen["code"] == code
    messages = await tam.messages()
    assert len(told(messages, "Đã nhận 3 ảnh")) == 1
    assert len([m for m in messages if m.from_bot and re.search(r"Mã: PA-", m.text)]) == 1


async def test_telegram_answering_429_and_500_only_delays_the_news(system: System, hire: People) -> None:
    officer = await hire("ba", ENTERPRISE, Role.OFFICER)
    chi = await system.sim.user("Chi")
    code = await files_a_report(chi)
    await system.sim.fault("sendMessage", 429, times=1, retry_after=1, user=chi)
    await officer.act(code, "start")
    await chi.wait("đang xử lý")
    await system.sim.fault("sendMessage", 500, times=2, user=chi)
    await officer.act(code, "progress", text="Đang chờ vật tư.")
    await chi.wait("Đang chờ vật tư.")
    messages = await chi.messages()
    assert len(told(messages, "đang xử lý phản ánh")) == 1
    assert len(told(messages, "Đang chờ vật tư.")) == 1


async def test_a_citizen_who_blocked_the_bot_is_marked_unreachable_and_left_alone(system: System, hire: People) -> None:
    officer = await hire("tu", ENTERPRISE, Role.OFFICER)
    nam = await system.sim.user("Nam")
    code = await files_a_report(nam)
    await system.sim.fault("sendMessage", 403, user=nam)
    await officer.act(code, "start")
    case = await eventually(
        lambda: officer.case(code), lambda c: [n["status"] for n in c["notifications"]] == ["unreachable"], system
    )
    tried = len(await system.sim.calls("sendMessage", user=nam))
    await officer.act(code, "progress", text="Đang sửa.")
    case = await eventually(
        lambda: officer.case(code), lambda c: [n["status"] for n in c["notifications"]] == ["unreachable"] * 2, system
    )
    assert len(await system.sim.calls("sendMessage", user=nam)) == tried
    assert case["status"] == "in_progress"
    await system.sim.clear_faults()
