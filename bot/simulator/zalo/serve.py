"""A twin's routes: the people's side as Telegram has it, and the bot's side as its platform has it."""

from litestar import Router
from litestar.di import Provide

from ..sim_http import people_router
from . import bot_http, oa_http
from .twin import OaTwin, ZaloTwin


def zalo_router(twin: ZaloTwin) -> Router:
    """Everything of one twin under its prefix."""
    if isinstance(twin, OaTwin):
        twin.methods, routes = dict(oa_http.METHODS), [oa_http.oa_message, oa_http.oa_token]
    else:
        twin.methods, routes = dict(bot_http.METHODS), [bot_http.zalo_bot_method]
    return Router(
        twin.prefix,
        route_handlers=[people_router(), bot_http.zalo_file, *routes],
        dependencies={"sim": Provide(lambda: twin, sync_to_thread=False)},
    )
