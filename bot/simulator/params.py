"""Reading a call's parameters, which arrive as JSON, urlencoded or multipart and so mostly as strings."""

from collections.abc import Mapping
from typing import Any

import msgspec

from .files import Upload
from .model import Json, bad

# Only these are JSON inside a string; a text of "42" or "{}" stays the text it is.
JSON_PARAMETERS = {
    *("allowed_updates", "caption_entities", "commands", "entities", "link_preview_options"),
    *("media", "menu_button", "reply_markup", "reply_parameters", "scope"),
}


class Params:
    """One call's parameters by name, and the files that came with it by part name."""

    def __init__(self, values: Mapping[str, Any], files: Mapping[str, Upload] | None = None) -> None:
        self.values = {key: _decoded(key, value) for key, value in values.items() if value is not None}
        self.files = dict(files or {})

    def has(self, name: str) -> bool:
        return name in self.values or name in self.files

    def text(self, name: str, default: str = "") -> str:
        value = self.values.get(name, default)
        return value if isinstance(value, str) else str(value)

    def required_text(self, name: str) -> str:
        if not self.text(name):
            raise bad(f'parameter "{name}" is required')
        return self.text(name)

    def whole(self, name: str, default: int = 0) -> int:
        try:
            return int(self.values.get(name, default))
        except (TypeError, ValueError):
            raise bad(f'parameter "{name}" must be an integer') from None

    def number(self, name: str) -> float:
        try:
            return float(self.required_text(name))
        except ValueError:
            raise bad(f'parameter "{name}" must be a number') from None

    def flag(self, name: str) -> bool:
        return self.text(name).lower() in ("true", "1", "yes")

    def json(self, name: str, default: Any = None) -> Any:
        return self.values.get(name, default)

    def chat_id(self) -> int | None:
        value = self.text("chat_id")
        return int(value) if value.lstrip("-").isdigit() else None

    def recorded(self) -> Json:
        """The parameters as tests want to read them back: files by name, type and size."""
        files = {
            part: {"name": file.name, "mime_type": file.mime_type, "size": len(file.data)}
            for part, file in self.files.items()
        }
        return self.values | files


def _decoded(name: str, value: Any) -> Any:
    if name not in JSON_PARAMETERS or not isinstance(value, str):
        return value
    try:
        return msgspec.json.decode(value)
    except msgspec.DecodeError:
        raise bad(f"can't parse {name} JSON object") from None
