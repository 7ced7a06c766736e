"""What an object key may look like, in every store alike."""

import re

_KEY = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9._-]*(/[A-Za-z0-9_-][A-Za-z0-9._-]*)*")
_LONGEST = 512


def check_key(key: str) -> str:
    """``key`` itself. Raises ValueError when a segment is empty, starts with a dot or leaves ``[A-Za-z0-9._-]``.

    So no key can leave its folder, meet a store's own files, or need escaping in an address.
    """
    if len(key) > _LONGEST or not _KEY.fullmatch(key):
        raise ValueError(f"not an object key: {key[:80]!r}")
    return key
