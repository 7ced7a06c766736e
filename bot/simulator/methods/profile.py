"""Who the bot is: getMe, commands, descriptions, the menu button."""

import re
from collections.abc import Awaitable, Callable

from ..core import Simulator
from ..model import Chat, Json, Person, bad
from ..params import Params

_COMMAND = re.compile(r"[a-z0-9_]{1,32}")
_TEXTS = {"Name": ("name", 64), "Description": ("description", 512), "ShortDescription": ("short_description", 120)}


async def get_me(sim: Simulator, params: Params) -> Json:  # noqa: ARG001 - every method has this shape
    return sim.bot | {
        "can_join_groups": True,
        "can_read_all_group_messages": False,
        "supports_inline_queries": False,
        "can_connect_to_business": False,
        "has_main_web_app": False,
    }


async def set_my_commands(sim: Simulator, params: Params) -> bool:
    commands = params.json("commands") or []
    for command in commands:
        name, description = str(command.get("command", "")), str(command.get("description", ""))
        if not _COMMAND.fullmatch(name.removeprefix("/")):
            raise bad("BOT_COMMAND_INVALID")
        if not 1 <= len(description) <= 256:
            raise bad("BOT_COMMAND_DESCRIPTION_INVALID")
    if len(commands) > 100:
        raise bad("BOT_COMMANDS_TOO_MUCH")
    sim.commands[_place(params)] = commands
    _touch_all(sim)
    return True


async def get_my_commands(sim: Simulator, params: Params) -> list[Json]:
    return sim.commands.get(_place(params), [])


async def delete_my_commands(sim: Simulator, params: Params) -> bool:
    sim.commands.pop(_place(params), None)
    _touch_all(sim)
    return True


async def set_chat_menu_button(sim: Simulator, params: Params) -> bool:
    sim.menu_buttons[params.chat_id() or 0] = params.json("menu_button") or {"type": "default"}
    return True


async def get_chat_menu_button(sim: Simulator, params: Params) -> Json:
    usual = sim.menu_buttons.get(0, {"type": "default"})
    return sim.menu_buttons.get(params.chat_id() or 0, usual)


def commands_for(sim: Simulator, chat: Chat, person: Person) -> list[Json]:
    """The menu this person sees here: the narrowest scope wins, their language before none."""
    kinds = ["all_group_chats"] if chat.is_group else ["all_private_chats"]
    for scope in (f"chat:{chat.id}", *kinds, "default"):
        for language in (person.language_code or "", ""):
            if commands := sim.commands.get((scope, language)):
                return commands
    return []


def profile_text(sim: Simulator, what: str, person: Person) -> str:
    """The bot's name or a description as this person reads it."""
    return sim.profile.get((what, person.language_code or "")) or sim.profile.get((what, ""), "")


def _place(params: Params) -> tuple[str, str]:
    scope = params.json("scope") or {"type": "default"}
    chat = f":{scope['chat_id']}" if "chat_id" in scope else ""
    return f"{scope.get('type', 'default')}{chat}", params.text("language_code")


def _touch_all(sim: Simulator) -> None:
    for chat in sim.chats.values():
        sim.touch(chat)


def _setter(what: str, limit: int) -> Callable[[Simulator, Params], Awaitable[bool]]:
    async def set_text(sim: Simulator, params: Params) -> bool:
        if len(params.text(what)) > limit:
            raise bad(f"{what} is too long")
        sim.profile[what, params.text("language_code")] = params.text(what)
        _touch_all(sim)
        return True

    return set_text


def _getter(what: str) -> Callable[[Simulator, Params], Awaitable[Json]]:
    async def get_text(sim: Simulator, params: Params) -> Json:
        return {what: sim.profile.get((what, params.text("language_code")), "")}

    return get_text


METHODS = {
    "getMe": get_me,
    "setMyCommands": set_my_commands,
    "getMyCommands": get_my_commands,
    "deleteMyCommands": delete_my_commands,
    "setChatMenuButton": set_chat_menu_button,
    "getChatMenuButton": get_chat_menu_button,
    **{f"setMy{name}": _setter(what, limit) for name, (what, limit) in _TEXTS.items()},
    **{f"getMy{name}": _getter(what) for name, (what, _) in _TEXTS.items()},
}
