"""Place names as people type them: words, kinds of unit, and keys that forgive spelling.

A name's *key* is what is left after folding (no accents, lower case), removing spaces and evening out the two or three
spellings Vietnamese allows for one sound (Mỹ/Mĩ, Quy/Qui, Đắk/Đắc). Its *accents* are kept beside it, in a form that
does not care where the tone mark sits (Hòa = Hoà), to tell Cẩm Giang from Cẩm Giàng when the person did type accents.
"""

import re
import unicodedata
from functools import lru_cache
from typing import NamedTuple

from app.i18n.text import fold

WARD, RURAL, ZONE, TOWN = "phường", "xã", "đặc khu", "thị trấn"
QUARTER, DISTRICT, DISTRICT_TOWN, CITY, PROVINCE = "quận", "huyện", "thị xã", "thành phố", "tỉnh"
COMMUNE_KINDS = frozenset((WARD, RURAL, ZONE))
KINDS = (WARD, RURAL, ZONE, TOWN, QUARTER, DISTRICT, DISTRICT_TOWN, CITY, PROVINCE)

# What people write in front of a name, folded, as one or two words.
KIND_WORDS: dict[tuple[str, ...], str] = {
    **{tuple(fold(kind).split()): kind for kind in KINDS},
    ("p",): WARD, ("ph",): WARD, ("f",): WARD, ("ward",): WARD,
    ("x",): RURAL,
    ("dk",): ZONE,
    ("tt",): TOWN, ("ttr",): TOWN,
    ("q",): QUARTER,
    ("h",): DISTRICT,
    ("tx",): DISTRICT_TOWN,
    ("tp",): CITY, ("t", "p"): CITY,
    ("t",): PROVINCE,
}  # fmt: skip

_WORD = re.compile(r"[^\W_]+(?:['’‘`][^\W_]+)*")
_QUOTES = re.compile(r"['’‘`]")
_BREAK = re.compile(r"[,;\n()\[\]]")
_NUMBERED = re.compile(r"(p|ph|f|q|phuong|quan)(\d{1,2})")


class Word(NamedTuple):
    key: str  # folded
    accents: str  # see ``accents``
    breaks: bool  # a comma or the like stands before it


@lru_cache(maxsize=8192)
def _spelt(word: str) -> tuple[str, str]:
    """Folded and accents; names share some 3,000 words, so building the index asks for each again and again."""
    return fold(word), accents(word)


def accents(word: str) -> str:
    """Letters and marks of a word apart from each other: equal for Hòa and Hoà, different for Giang and Giàng."""
    split = unicodedata.normalize("NFD", word.casefold())
    letters = "".join(c for c in split if unicodedata.category(c) != "Mn").replace("y", "i")
    return letters + "".join(sorted(c for c in split if unicodedata.category(c) == "Mn"))


def words(text: str) -> list[Word]:
    """The words of an address. "P5" and "Q.1" come out as two words, "H'Leo" as one."""
    found: list[Word] = []
    end = 0
    for match in _WORD.finditer(text):
        breaks = bool(_BREAK.search(text, end, match.start())) or not found
        end = match.end()
        bare = _QUOTES.sub("", match.group())
        key, marks = _spelt(bare)
        if numbered := _NUMBERED.fullmatch(key):
            found.append(Word(numbered[1], numbered[1], breaks))
            key = marks = numbered[2]
            breaks = False
        found.append(Word(key.lstrip("0") or "0" if key.isdigit() else key, marks, breaks))
    return found


def joined(keys: list[str]) -> str:
    """The key of consecutive folded words."""
    key = "".join(keys).replace("y", "i")
    for spelt in ("dak", "pak", "lak"):
        key = key.replace(spelt, spelt[:2] + "c")
    return key


@lru_cache(maxsize=16384)
def name_key(name: str) -> str:
    """The key of a name without its kind: "Đất Mũi" → "datmui", "Phường 05"'s "05" → "5"."""
    return joined([word.key for word in words(name)])


@lru_cache(maxsize=16384)
def name_accents(name: str) -> tuple[str, ...]:
    return tuple(word.accents for word in words(name))


_KIND_SPELT = {name_accents(kind): kind for kind in KINDS}
_KIND_ACCENTS = {accents(word) for kind in (*KINDS, "đk") for word in kind.split()}


def kind_before(found: list[Word], end: int) -> tuple[str, int] | None:
    """The kind that stands right before word ``end``, and where it starts. "Phượng" is not taken for "phường"."""
    for count in (2, 1):
        start = end - count
        if start < 0 or any(word.breaks for word in found[start + 1 : end + 1]):
            continue
        before = found[start:end]
        kind = KIND_WORDS.get(tuple(word.key for word in before))
        if kind and all(word.accents in _KIND_ACCENTS or word.accents.isascii() for word in before):
            return kind, start
    return None


def split_kind(full_name: str) -> tuple[str | None, str]:
    """Kind and bare name of an official full name: "Thị Trấn Năm Căn" → ("thị trấn", "Năm Căn").

    The kind is None when the text starts with none.
    """
    parts = full_name.split()
    for count in (2, 1):
        kind = _KIND_SPELT.get(name_accents(" ".join(parts[:count])))
        if kind and len(parts) > count:
            return kind, " ".join(parts[count:])
    return None, " ".join(parts)


def same_but_for_tones(one: str, other: str) -> bool:
    """Whether two names differ at most in where the tone mark sits, in capitals and in spaces."""
    return name_accents(one) == name_accents(other)
