"""One's own chats: a code that links one, which are linked, and ending a link. In a browser only: a program's key must
not make its owner's chats."""

from datetime import datetime

from litestar import Response, delete, get, post
from litestar.params import FromPath
from msgspec import Struct

from app.accounts import chats
from app.api import examples_staff as examples
from app.api.context import Req, answer, context, staff
from app.api.declare import call
from app.api.session import IN_A_BROWSER
from app.errors import NotFound


class ChatCode(Struct):
    """``code`` is shown this once; sent to the bot in private as ``/canbo CODE`` it links that chat."""

    code: str
    expires_at: datetime


class ChatView(Struct):
    channel: str
    user_id: str
    linked_at: datetime


class ChatsView(Struct):
    items: list[ChatView]


@post("/me/chat-code", **call(IN_A_BROWSER, "session", status=201, answer=ChatCode, example=(None, examples.CHAT_CODE)))
async def make_chat_code(request: Req) -> Response[bytes]:
    actor = staff(request)
    assert actor.id is not None
    code, until = await chats.make_code(context(request).parts.pool, actor.id, actor)
    return answer(request, ChatCode(code, until), 201)


@get("/me/chats", **call(IN_A_BROWSER, "session", answer=ChatsView, example=(None, examples.CHATS)))
async def my_chats(request: Req) -> Response[bytes]:
    actor = staff(request)
    assert actor.id is not None
    async with context(request).parts.pool.acquire() as conn:
        found = await chats.chats_of(conn, actor.id)
    return answer(request, ChatsView([ChatView(chat.channel, chat.user_id, chat.linked_at) for chat in found]))


@delete(
    "/me/chats/{channel:str}/{user_id:str}",
    **call(IN_A_BROWSER, "session", status=204, errors=(NotFound("accounts.no_such_chat"),)),
)
async def unlink_chat(request: Req, channel: FromPath[str], user_id: FromPath[str]) -> Response[None]:
    if not await chats.unlink(context(request).parts.pool, channel, user_id, staff(request)):
        raise NotFound("accounts.no_such_chat")
    return Response(None, status_code=204)


ROUTES = [make_chat_code, my_chats, unlink_chat]
