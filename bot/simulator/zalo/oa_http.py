"""An Official Account's side over HTTP: messages, and the renewal of tokens.

Refusals come as 200 with ``error``. A fault's status below zero is such an error; 403 stands for "does not follow" and
401 for a token that is no longer good; 429 and 5xx are HTTP's own.
"""

from typing import Any

from litestar import Response, post

from ..bot_http import AnyRequest, Sim, read_params
from ..core import Simulator
from ..dispatch import call
from ..model import ApiError, Json
from ..params import Params
from .bot_http import TEXT_MOST, named, picture
from .bot_http import post as put
from .twin import OaTwin

_BUTTONS_MOST, _TITLE_MOST, _PAYLOAD_MOST = 5, 100, 1000
_CODES = {401: -216, 403: -213, 400: -201, 404: -201}


@post("/v3.0/oa/message/cs", status_code=200)
async def oa_message(request: AnyRequest, sim: Sim) -> Response[Any]:
    assert isinstance(sim, OaTwin)
    params = await read_params(request)
    recipient = params.json("recipient")
    params.values["user_id"] = recipient.get("user_id", "") if isinstance(recipient, dict) else ""
    # Only whether there was one: a token is nobody's to read.
    params.values["is_known"] = request.headers.get("access_token", "") in sim.access
    return _answer(*await call(sim, "message", named(sim, params, "user_id")))


@post("/v4/oa/access_token", status_code=200)
async def oa_token(request: AnyRequest, sim: Sim) -> Response[Any]:
    assert isinstance(sim, OaTwin)
    params = await read_params(request)
    params.values["is_known"] = request.headers.get("secret_key", "") == sim.app_secret
    status, answer = await call(sim, "token", params)
    if status == 200:
        return Response(answer["result"])
    if status > 0 and (status == 429 or status >= 500):
        return Response(answer, status_code=status)
    return Response({"error": status, "error_name": answer["description"]})


def _answer(status: int, answer: Json) -> Response[Any]:
    if status == 200:
        return Response({"error": 0, "message": "Success", "data": answer["result"]})
    if status == 429 or status >= 500:
        return Response({"error": status, "message": answer["description"]}, status_code=status)
    return Response({"error": _CODES.get(status, status), "message": answer["description"]})


async def message(sim: Simulator, params: Params) -> Json:
    assert isinstance(sim, OaTwin)
    if not params.flag("is_known"):
        raise ApiError(-216, "Access token is invalid")
    person = params.chat_id() or 0
    chat = sim.chats.get(person)
    if chat is None or not chat.started or chat.blocked:
        raise ApiError(-213, "User has not followed OA")
    said = params.json("message")
    if not isinstance(said, dict) or not isinstance(said.get("text"), str) or not said["text"].strip():
        raise ApiError(-201, "Params is invalid: text")
    if len(said["text"]) > TEXT_MOST:
        raise ApiError(-201, "Params is invalid: text is too long")
    sim.check_window(person)
    body = await _attached(sim, said["text"].strip(), said.get("attachment"))
    return put(sim, chat, body)


async def _attached(sim: Simulator, text: str, attachment: Any) -> Json:
    if attachment is None:
        return {"text": text}
    payload = attachment["payload"] if attachment.get("type") == "template" else {}
    if payload.get("template_type") == "media":
        [element] = payload["elements"]
        return {"photo": await picture(sim, element["url"]), "caption": text}
    buttons = payload.get("buttons")
    if not isinstance(buttons, list) or not 1 <= len(buttons) <= _BUTTONS_MOST:
        raise ApiError(-201, "Params is invalid: buttons")
    return {"text": text, "reply_markup": {"inline_keyboard": [[_button(button)] for button in buttons]}}


def _button(button: Json) -> Json:
    title, payload = button.get("title", ""), button.get("payload")
    if not 1 <= len(title) <= _TITLE_MOST:
        raise ApiError(-201, "Params is invalid: title")
    match button.get("type"):
        case "oa.query.hide" | "oa.query.show" if isinstance(payload, str) and 1 <= len(payload) <= _PAYLOAD_MOST:
            return {"text": title, "callback_data": payload}
        case "oa.open.url" if isinstance(payload, dict) and payload.get("url"):
            return {"text": title, "url": payload["url"]}
        case "oa.open.phone" if isinstance(payload, dict) and payload.get("phone_code"):
            return {"text": title, "url": f"tel:{payload['phone_code']}"}
    raise ApiError(-201, "Params is invalid: button")


async def token(sim: Simulator, params: Params) -> Json:
    assert isinstance(sim, OaTwin)
    if not params.flag("is_known") or params.text("app_id") != sim.app_id:
        raise ApiError(-14004, "Invalid app id or secret key")
    if params.text("grant_type") != "refresh_token":
        raise ApiError(-14003, "Invalid grant type")
    return sim.renew(params.text("refresh_token"))


METHODS = {"message": message, "token": token}
