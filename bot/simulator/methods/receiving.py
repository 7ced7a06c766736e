"""getUpdates, webhooks, getFile."""

import time
from typing import Any

from ..core import Simulator
from ..files import DOWNLOAD_LIMIT
from ..model import Json, bad
from ..params import Params


async def get_updates(sim: Simulator, params: Params) -> list[Json]:
    _want(sim, params)
    limit = min(max(params.whole("limit", 100), 1), 100)
    timeout = min(max(params.whole("timeout"), 0), 50)
    return await sim.updates.poll(params.whole("offset"), limit, timeout, time.monotonic())


async def set_webhook(sim: Simulator, params: Params) -> bool:
    connections = params.whole("max_connections", 40)
    if not 1 <= connections <= 100:
        raise bad("max_connections must be from 1 to 100")
    sim.updates.set_webhook(params.text("url"), params.text("secret_token"), connections)
    _want(sim, params)
    if params.flag("drop_pending_updates"):
        sim.updates.clear()
    return True


async def delete_webhook(sim: Simulator, params: Params) -> bool:
    sim.updates.set_webhook("", "", 1)
    if params.flag("drop_pending_updates"):
        sim.updates.clear()
    return True


async def get_webhook_info(sim: Simulator, params: Params) -> Json:  # noqa: ARG001 - every method has this shape
    return sim.updates.info()


async def get_file(sim: Simulator, params: Params) -> Json:
    file = sim.files.get(params.required_text("file_id"))
    if len(file.data) > DOWNLOAD_LIMIT:
        raise bad("file is too big")
    return file.reference() | {"file_path": file.path}


def _want(sim: Simulator, params: Params) -> None:
    """The kinds asked for stay in force until other kinds are asked for; an empty list means the usual ones."""
    kinds: Any = params.json("allowed_updates")
    if kinds is not None:
        if not isinstance(kinds, list):
            raise bad("allowed_updates must be an array of strings")
        sim.updates.allowed = [str(kind) for kind in kinds]


METHODS = {
    "getUpdates": get_updates,
    "setWebhook": set_webhook,
    "deleteWebhook": delete_webhook,
    "getWebhookInfo": get_webhook_info,
    "getFile": get_file,
}
