"""The bot's side over HTTP: ``/bot<token>/<method>`` and ``/file/bot<token>/<path>``, as api.telegram.org has it."""

from typing import Any
from urllib.parse import parse_qsl

import msgspec
from litestar import HttpMethod, Request, Response, get, route
from litestar.datastructures import State, UploadFile
from litestar.di import NamedDependency
from litestar.params import FromPath

from .core import Simulator
from .dispatch import call, download
from .files import Upload
from .model import ApiError
from .params import Params

AnyRequest = Request[Any, Any, State]
Sim = NamedDependency[Simulator]


@route("/{bot:str}/{method:str}", http_method=[HttpMethod.GET, HttpMethod.POST])
async def bot_method(request: AnyRequest, bot: FromPath[str], method: FromPath[str], sim: Sim) -> Response[Any]:
    check_token(sim, bot)
    try:
        params = await read_params(request)
    except ApiError as error:
        return Response(error.as_json(), status_code=error.code)
    status, answer = await call(sim, method, params)
    headers = {"Retry-After": str(answer["parameters"]["retry_after"])} if status == 429 else {}
    return Response(answer, status_code=status, headers=headers)


@get("/file/{bot:str}/{path:path}")
async def file(bot: FromPath[str], path: FromPath[str], sim: Sim) -> Response[bytes]:
    check_token(sim, bot)
    stored = await download(sim, path.lstrip("/"))
    return Response(stored.data, media_type="application/octet-stream")


def check_token(sim: Simulator, bot: str) -> None:
    if not bot.startswith("bot"):
        raise ApiError(404, "Not Found")
    if bot != f"bot{sim.token}":
        raise ApiError(401, "Unauthorized")


async def read_params(request: AnyRequest) -> Params:
    """Query, JSON, urlencoded and multipart, whichever the bot sent."""
    values: dict[str, Any] = dict(parse_qsl(request.scope["query_string"].decode(), keep_blank_values=True))
    kind = request.content_type[0]
    if kind == "multipart/form-data":
        fields, files = await read_form(request)
        return Params(values | fields, {part: uploads[0] for part, uploads in files.items()})
    body = await request.body()
    if kind == "application/json" and body:
        try:
            values |= msgspec.json.decode(body, type=dict[str, Any])
        except msgspec.DecodeError:
            raise ApiError(400, "Bad Request: can't parse the request's JSON object") from None
    elif body:
        values |= dict(parse_qsl(body.decode(), keep_blank_values=True))
    return Params(values)


async def read_form(request: AnyRequest) -> tuple[dict[str, str], dict[str, list[Upload]]]:
    """The text fields and the files of a multipart request; several files may share one name."""
    fields: dict[str, str] = {}
    files: dict[str, list[Upload]] = {}
    for name, value in (await request.form()).multi_items():
        if isinstance(value, UploadFile):
            upload = Upload(await value.read(), value.filename, value.content_type)
            files.setdefault(name, []).append(upload)
        else:
            fields[name] = str(value)
    return fields, files
