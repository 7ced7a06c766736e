"""A group on the chat page: one chooses who speaks, and replies to the bot's messages with words or a photo."""

from playwright.async_api import Page, expect

from bot.simulator.core import Simulator
from bot.simulator.page import GROUP_ID, OFFICERS
from tests.browser.test_chat_page import chat as chat  # the same page with the same small bot
from tests.browser.test_chat_page import sim as sim


async def test_one_speaks_in_a_group_as_any_of_its_members(chat: Page, sim: Simulator) -> None:
    group = sim.chat(GROUP_ID)
    card = sim.add_message(group, sim.bot, {"text": "Việc mới"})
    await chat.locator("#people button", has_text="Tổ chiếu sáng").click()
    await expect(chat.locator("#chat-name")).to_have_text("Tổ chiếu sáng")
    await chat.get_by_label("Nói với tư cách").select_option("Lê Văn Phước")
    await chat.get_by_role("button", name="Trả lời").click()
    await chat.locator("#input").fill("Đã xem")
    await chat.keyboard.press("Enter")
    await expect(chat.locator("#messages .own .sender")).to_have_text("Phước")
    said = await sim.wait_for(lambda: [m for m in group.messages.values() if m.get("text") == "Đã xem"])
    assert said[0]["from"]["id"] == OFFICERS[1].id
    assert said[0]["reply_to_message"]["message_id"] == card["message_id"]


async def test_a_photo_sent_while_replying_is_a_reply(chat: Page, sim: Simulator) -> None:
    group = sim.chat(GROUP_ID)
    card = sim.add_message(group, sim.bot, {"text": "Việc mới"})
    await chat.locator("#people button", has_text="Tổ chiếu sáng").click()
    await chat.get_by_role("button", name="Trả lời").click()
    await chat.locator("#attach-button").click()
    await chat.locator("input[name=sample]").first.check(force=True)
    await chat.get_by_label("Lời kèm").fill("Đã sửa")
    await chat.locator("#panel-photos button.primary").click()
    said = await sim.wait_for(lambda: [m for m in group.messages.values() if m.get("caption") == "Đã sửa"])
    assert said[0]["reply_to_message"]["message_id"] == card["message_id"]
    await expect(chat.locator("#mode")).to_be_hidden()


async def test_a_citizens_chat_has_no_such_choice(chat: Page) -> None:
    await expect(chat.locator("#as")).to_be_hidden()
    await expect(chat.locator("#block")).to_be_visible()
