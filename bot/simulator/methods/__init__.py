"""The Bot API's methods by theme: ``async (sim, params) -> result``, raising ``ApiError`` as Telegram refuses."""

from collections.abc import Awaitable, Callable
from typing import Any

from ..core import Simulator
from ..params import Params
from . import editing, media, profile, receiving, sending

Method = Callable[[Simulator, Params], Awaitable[Any]]

# Telegram does not mind the case of a method's name.
METHODS: dict[str, Method] = {
    name.lower(): method
    for theme in (profile, receiving, sending, media, editing)
    for name, method in theme.METHODS.items()
}
