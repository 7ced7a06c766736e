"""One case set as PDF by a process of its own: a ``Job`` in msgpack on standard input, the PDF on standard output.

Setting a page holds a processor for a twentieth of a second and keeps tens of megabytes of fonts and caches; here both
end with the page. The process gets none of our environment and may use so much memory and time.
"""

import io
import resource
import sys
import tempfile
from pathlib import Path
from typing import Literal

import fontpkg_be_vietnam_pro
import msgspec
import typst
from PIL import Image

from app.papers.model import EDGE, Job

_SOURCE = Path(__file__).with_name("paper.typ")
_FONTS = Path(fontpkg_be_vietnam_pro.__file__).with_name("files")
_MEMORY = 2 << 30
"""Of address space; what is used is a twentieth of it."""
_SECONDS = 30
_QUALITY = 78


def render(job: Job, form: Literal["pdf", "png"] = "pdf") -> bytes | list[bytes]:
    """The pages. What is in ``job.data`` is data to typst, never code."""
    with tempfile.TemporaryDirectory(prefix="phananh-paper-") as folder:
        root = Path(folder)
        source = root / "paper.typ"
        source.write_bytes(_SOURCE.read_bytes())
        for name, photo in job.photos.items():
            (root / f"{name}.jpg").write_bytes(_smaller(photo))
        pages: bytes | list[bytes] = typst.compile(
            str(source),
            root=folder,
            format=form,
            font_paths=[str(_FONTS)],
            ignore_system_fonts=True,
            sys_inputs={"data": msgspec.json.encode(job.data).decode()},
        )
    return pages


def _smaller(photo: bytes) -> bytes:
    """A public copy of ours, as large as paper can show."""
    with Image.open(io.BytesIO(photo), formats=["JPEG"]) as image:
        image.draft("RGB", (EDGE, EDGE))
        image.thumbnail((EDGE, EDGE), Image.Resampling.LANCZOS)
        out = io.BytesIO()
        image.convert("RGB").save(out, "JPEG", quality=_QUALITY)
        return out.getvalue()


def main() -> None:
    resource.setrlimit(resource.RLIMIT_AS, (_MEMORY, _MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (_SECONDS, _SECONDS))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))  # a core dump would leave the case on the disk
    pdf = render(msgspec.msgpack.decode(sys.stdin.buffer.read(), type=Job))
    assert isinstance(pdf, bytes)
    sys.stdout.buffer.write(pdf)


if __name__ == "__main__":
    main()
