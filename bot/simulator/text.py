"""Texts as Telegram counts and reads them: lengths in UTF-16 units, HTML markup, entities found by themselves.

Source of the rules: https://core.telegram.org/bots/api#formatting-options
"""

import re

from .model import ApiError, Json, bad

TEXT_LIMIT = 4096
CAPTION_LIMIT = 1024

_STYLES = {
    "b": "bold",
    "strong": "bold",
    "i": "italic",
    "em": "italic",
    "u": "underline",
    "ins": "underline",
    "s": "strikethrough",
    "strike": "strikethrough",
    "del": "strikethrough",
    "code": "code",
    "pre": "pre",
    "blockquote": "blockquote",
    "tg-spoiler": "spoiler",
    "span": "spoiler",
    "a": "text_link",
}
_CHARACTERS = {"lt": "<", "gt": ">", "amp": "&", "quot": '"'}
_TOKEN = re.compile(r"&(?:#(\d{1,7})|#x([0-9a-fA-F]{1,6})|(lt|gt|amp|quot));|<")
_TAG = re.compile(r"<(/?)([a-zA-Z-]*)((?:\s+[a-zA-Z-]+(?:\s*=\s*(?:\"[^\"]*\"|'[^']*'|[^\s>\"']+))?)*)\s*>")
_ATTRIBUTE = re.compile(r"([a-zA-Z-]+)(?:\s*=\s*(?:\"([^\"]*)\"|'([^']*)'|([^\s>\"']+)))?")
_FOUND = re.compile(
    r"(?P<url>https?://[^\s<>\"]+[^\s<>\".,;:!?)\]])"
    r"|(?P<email>[\w.+-]+@[\w-]+\.[\w.-]*\w)"
    r"|(?<![\w/])(?P<bot_command>/[A-Za-z0-9_]{1,32}(?:@\w{3,32})?)(?![\w/])"
    r"|(?<!\w)(?P<mention>@[A-Za-z]\w{3,31})"
    r"|(?<!\w)(?P<hashtag>#\w*[^\W\d]\w*)"
)
_OPAQUE = {"code", "pre", "text_link"}  # nothing is looked for inside these


def units(text: str) -> int:
    """Length in UTF-16 code units, the unit of every limit and offset of the Bot API."""
    return len(text.encode("utf-16-le")) // 2


def find_entities(text: str) -> list[Json]:
    """Links, addresses, commands, mentions and hashtags, as Telegram marks them in any text."""
    return [
        {"type": match.lastgroup, "offset": units(text[: match.start()]), "length": units(match.group())}
        for match in _FOUND.finditer(text)
    ]


def read_text(text: str, parse_mode: str | None, entities: list[Json] | None = None) -> tuple[str, list[Json]]:
    """The text people will see, trimmed, and its entities. Refuses markup that Telegram would refuse."""
    if parse_mode and parse_mode.lower() != "html":
        raise bad("unsupported parse_mode")  # the twin reads HTML only; nothing of ours sends Markdown
    plain, marked = parse_html(text) if parse_mode else (text, list(entities or []))
    return trim(plain, marked)


def check_text(text: str) -> None:
    if not text:
        raise bad("message text is empty")
    if units(text) > TEXT_LIMIT:
        raise bad("message is too long")


def check_caption(caption: str) -> None:
    if units(caption) > CAPTION_LIMIT:
        raise bad("message caption is too long")


def trim(text: str, marked: list[Json]) -> tuple[str, list[Json]]:
    """Cuts the white space around the text, moves the marks along and adds the entities found by themselves."""
    stripped = text.strip()
    lead, size = units(text[: len(text) - len(text.lstrip())]), units(stripped)
    kept: list[Json] = []
    for entity in marked:
        start = max(entity["offset"] - lead, 0)
        end = min(entity["offset"] - lead + entity["length"], size)
        if end > start:
            kept.append(entity | {"offset": start, "length": end - start})
    opaque = [entity for entity in kept if entity["type"] in _OPAQUE]
    kept += [found for found in find_entities(stripped) if not any(_overlap(found, one) for one in opaque)]
    return stripped, sorted(kept, key=lambda entity: (entity["offset"], -entity["length"]))


def _overlap(one: Json, other: Json) -> bool:
    ends = one["offset"] + one["length"], other["offset"] + other["length"]
    return bool(one["offset"] < ends[1] and other["offset"] < ends[0])


def parse_html(source: str) -> tuple[str, list[Json]]:
    """Telegram's small HTML into text and entities; 400 names the first thing wrong and its byte offset."""
    reader = _HtmlReader(source)
    position = 0
    while match := _TOKEN.search(source, position):
        reader.put(source[position : match.start()])
        position = match.end()
        if match.group() == "<":
            position = reader.tag(match.start())
        else:
            reader.put(_character(match))
    reader.put(source[position:])
    return reader.finish()


def _character(match: re.Match[str]) -> str:
    decimal, hexadecimal, name = match.groups()
    if name:
        return _CHARACTERS[name]
    code = int(decimal) if decimal else int(hexadecimal, 16)
    is_character = 0 < code < 0x110000 and not 0xD800 <= code < 0xE000
    return chr(code) if is_character else match.group()


class _HtmlReader:
    def __init__(self, source: str) -> None:
        self.source = source
        self.parts: list[str] = []
        self.length = 0
        self.open: list[tuple[str, Json]] = []
        self.entities: list[Json] = []

    def put(self, text: str) -> None:
        self.parts.append(text)
        self.length += units(text)

    def tag(self, start: int) -> int:
        """Opens or closes the tag that begins at ``start``; returns the position after it."""
        match = _TAG.match(self.source, start)
        if match is None:
            name = re.match(r"[a-zA-Z-]*", self.source[start + 1 :])
            raise self.wrong(f'Unsupported start tag "{name.group() if name else ""}"', start)
        closing, name_, attributes = match.group(1), match.group(2).lower(), match.group(3)
        if closing:
            self.close(name_, start)
        else:
            self.begin(name_, attributes, start)
        return match.end()

    def begin(self, name: str, attributes: str, start: int) -> None:
        values = {key.lower(): a or b or c for key, a, b, c in _ATTRIBUTE.findall(attributes)}
        if name not in _STYLES or (name == "span" and values.get("class") != "tg-spoiler"):
            raise self.wrong(f'Unsupported start tag "{name}"', start)
        entity: Json = {"type": _STYLES[name], "offset": self.length}
        if name == "a" and values.get("href"):
            entity["url"] = parse_html(values["href"])[0]
        if name == "blockquote" and "expandable" in values:
            entity["type"] = "expandable_blockquote"
        if name == "code" and values.get("class", "").startswith("language-"):
            entity["language"] = values["class"].removeprefix("language-")
        self.open.append((name, entity))

    def close(self, name: str, start: int) -> None:
        if not self.open:
            raise self.wrong("Unexpected end tag", start)
        expected, entity = self.open.pop()
        if name not in (expected, ""):
            raise self.wrong("Unmatched end tag", start, f', expected "</{expected}>", found "</{name}>"')
        entity["length"] = self.length - entity["offset"]
        if name == "a" and "url" not in entity:
            return  # a link without an address is plain text
        outer = self.open[-1][1] if self.open else {}
        language = entity.pop("language", None) if name == "code" else None
        if language and outer.get("type") == "pre":
            outer["language"] = language
            return
        if entity["length"]:
            self.entities.append(entity)

    def finish(self) -> tuple[str, list[Json]]:
        if self.open:
            name = self.open[-1][0]
            raise bad(f"can't parse entities: Can't find end tag corresponding to start tag \"{name}\"")
        return "".join(self.parts), self.entities

    def wrong(self, what: str, start: int, rest: str = "") -> ApiError:
        offset = len(self.source[:start].encode())
        return bad(f"can't parse entities: {what} at byte offset {offset}{rest}")
