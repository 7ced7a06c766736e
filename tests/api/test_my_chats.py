"""One's own chats over the API: the code links, the list shows, ending ends; never another's, never by a program."""

from app.accounts import chats
from tests.api.conftest import API, SignedIn, keys
from tests.world import World

MINE = f"{API}/staff/me"


async def test_a_code_links_a_chat_which_is_listed_and_ended(signed_in: SignedIn, world: World) -> None:
    officer, pool = await signed_in("officer"), world.parts.pool
    made = await officer.post(f"{MINE}/chat-code")
    assert made.status_code == 201
    who = await chats.link(pool, "telegram", "700000177", made.json()["code"], "vi")
    assert who.staff.username == world.people["officer"].username
    [listed] = (await officer.get(f"{MINE}/chats")).json()["items"]
    assert (listed["channel"], listed["user_id"]) == ("telegram", "700000177")
    lead = await signed_in("lead")
    assert (await lead.get(f"{MINE}/chats")).json()["items"] == []
    refused = await lead.delete(f"{MINE}/chats/telegram/700000177")
    assert (refused.status_code, keys(refused)) == (404, [(None, "accounts.no_such_chat")])
    assert (await officer.delete(f"{MINE}/chats/telegram/700000177")).status_code == 204
    async with pool.acquire() as conn:
        assert await chats.officer(conn, "telegram", "700000177") is None
