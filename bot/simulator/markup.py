"""Keyboards under messages: what Telegram takes, and what the reader of a message sees of them."""

from urllib.parse import urlsplit

from .model import ApiError, Json, bad

DATA_LIMIT = 64  # bytes of callback_data
BUTTONS_LIMIT = 100
_ACTIONS = ("callback_data", "url", "web_app", "login_url", "copy_text")


def split_markup(markup: Json | None) -> tuple[Json | None, Json | None]:
    """Checks a ``reply_markup`` and returns (keyboard inside the message, keyboard under the input)."""
    if not markup:
        return None, None
    if not isinstance(markup, dict):
        raise bad("object expected as reply markup")
    if "inline_keyboard" in markup:
        rows = [[_inline_button(button) for button in row] for row in markup["inline_keyboard"] if row]
        _check_count(rows)
        return ({"inline_keyboard": rows} if rows else None), None
    if "keyboard" in markup:
        keys = [[_reply_button(button) for button in row] for row in markup["keyboard"] if row]
        _check_count(keys)
        return None, markup | {"keyboard": keys}
    if markup.get("remove_keyboard") or markup.get("force_reply"):
        return None, markup
    raise bad("can't parse reply keyboard markup JSON object")


def inline_only(markup: Json | None) -> Json | None:
    inline, under_input = split_markup(markup)
    if under_input:
        raise bad("inline keyboard expected")
    return inline


def _inline_button(button: Json) -> Json:
    if not str(button.get("text", "")).strip():
        raise _button_error('Field "text" must be a non-empty String')
    action = next((name for name in _ACTIONS if name in button), None)
    if action is None:
        raise _button_error("Text buttons are unallowed in the inline keyboard")
    if action == "callback_data" and not 1 <= len(str(button["callback_data"]).encode()) <= DATA_LIMIT:
        raise bad("BUTTON_DATA_INVALID")
    if action == "web_app" and urlsplit(str(button["web_app"].get("url"))).scheme not in ("http", "https"):
        raise bad(f"inline keyboard button Web App URL '{button['web_app'].get('url')}' is invalid")
    if action == "url":
        address = urlsplit(str(button["url"]))
        # Telegram also refuses http://localhost; a twin on the loopback interface has no other links to show.
        if address.scheme not in ("http", "https", "tg") or not address.netloc:
            raise bad(f"inline keyboard button URL '{button['url']}' is invalid: Wrong HTTP URL")
    return button


def _reply_button(button: Json | str) -> Json:
    key = {"text": button} if isinstance(button, str) else button
    if not str(key.get("text", "")).strip():
        raise bad('can\'t parse keyboard button: Field "text" must be a non-empty String')
    return key


def _check_count(rows: list[list[Json]]) -> None:
    if sum(map(len, rows)) > BUTTONS_LIMIT:
        raise bad("REPLY_MARKUP_TOO_LONG")


def _button_error(why: str) -> ApiError:
    return bad(f"can't parse inline keyboard button: {why}")
