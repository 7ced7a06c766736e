"""Message catalogues: ``vi/<area>.toml`` and ``en/<area>.toml``, Vietnamese first.

A key is ``<area>.<name>``; a text is a ``str.format`` pattern with named fields. Both languages hold the same
keys with the same fields; ``tests/i18n`` proves it, so a missing text is found before anybody reads it.
"""

import tomllib
from functools import cache
from pathlib import Path
from typing import Any, Literal

Lang = Literal["vi", "en"]
LANGS: tuple[Lang, ...] = ("vi", "en")
DEFAULT: Lang = "vi"


@cache
def catalogue(lang: Lang) -> dict[str, str]:
    """All texts of one language by full key."""
    texts: dict[str, str] = {}
    for path in sorted((Path(__file__).parent / lang).glob("*.toml")):
        for name, text in tomllib.loads(path.read_text(encoding="utf-8")).items():
            texts[f"{path.stem}.{name}"] = text
    return texts


def t(key: str, lang: Lang = DEFAULT, **params: Any) -> str:
    """The text for ``key`` in ``lang``. Raises KeyError for an unknown key: a bug, not a user's mistake."""
    return catalogue(lang)[key].format(**params)


def pick(wanted: str | None) -> Lang:
    """The best language for an Accept-Language header or a chat's language code; Vietnamese when in doubt."""
    for part in (wanted or "").lower().split(","):
        code = part.split(";")[0].strip().split("-")[0]
        if code in LANGS:
            return code
    return DEFAULT
