"""Styles, scripts and pictures for browsers. Their address holds their content's hash: browsers keep them for good."""

import gzip
import hashlib
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path

from litestar import Response
from msgspec import Struct

from app.errors import NotFound

CHARTS = Path(__file__).parent / "charts" / "static"
"""The look of charts (``app.charts``), for every folder of pages that draws some."""
MAPS = Path(__file__).parent / "maps"
"""The script that fetches a map when it is asked for, for every folder of pages that has one."""
OFFLINE = Path(__file__).parent / "offline"
"""Scripts of pages that work without signal."""
FOR_GOOD = "public, max-age=31536000, immutable"
_TYPES = {".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml", ".png": "image/png"}


class Packed(Struct, frozen=True):
    """Text as it is and as it travels. ``version``: the first 12 hexadecimal digits of its SHA-256."""

    data: bytes
    packed: bytes
    version: str
    media_type: str

    def answer(self, accepts: str, headers: Mapping[str, str]) -> Response[bytes]:
        """``accepts``: the request's Accept-Encoding; what takes gzip gets it."""
        said = {"Vary": "Accept-Encoding", **headers}
        if "gzip" not in accepts:
            return Response(self.data, media_type=self.media_type, headers=said)
        return Response(self.packed, media_type=self.media_type, headers={"Content-Encoding": "gzip", **said})


def pack(data: bytes, media_type: str) -> Packed:
    # Without the time in its head the same content packs to the same bytes.
    packed = gzip.compress(data, 9, mtime=0)
    return Packed(data, packed, hashlib.sha256(data).hexdigest()[:12], media_type)


class Assets:
    """The files of some folders under one address, ``<base>/<version>/<name>``. Read at the first use, then kept."""

    def __init__(self, base: str, *folders: Path) -> None:
        self._base = base
        self._folders = folders

    @cached_property
    def _files(self) -> dict[str, Packed]:
        paths = [path for folder in self._folders if folder.is_dir() for path in sorted(folder.iterdir())]
        return {path.name: pack(path.read_bytes(), _TYPES[path.suffix]) for path in paths if path.suffix in _TYPES}

    def address(self, name: str) -> str:
        """Raises KeyError for a file that is not there: a mistake of ours, or ``make`` has not been run."""
        return f"{self._base}/{self._files[name].version}/{name}"

    def answer(self, version: str, name: str, accepts: str, missing: str) -> Response[bytes]:
        """Raises NotFound with the key ``missing``, for an older version too."""
        file = self._files.get(name)
        if file is None or file.version != version:
            raise NotFound(missing)
        return file.answer(accepts, {"Cache-Control": FOR_GOOD})
