"""Whether bytes may be a PDF and nothing besides, before any parser sees them.

Names and MIME types are never believed. A file that is two things at once, a PDF to us and an archive to somebody else,
is refused: nobody needs one.
"""

from app.attachments.model import MAX_BYTES
from app.errors import Invalid

_MARK = b"%PDF-"
_END = b"%%EOF"
_ZIP_END = b"PK\x05\x06"
_ZIP_END_LENGTH, _ZIP_COMMENT_MOST = 22, 65_535


def check_size(size: int) -> None:
    """Raises Invalid ``attachments.empty`` or ``.too_large``."""
    if not size:
        raise Invalid("attachments.empty")
    if size > MAX_BYTES:
        raise Invalid("attachments.too_large", size=f"{size / 2**20:.1f}", limit=MAX_BYTES >> 20)


def is_pdf(data: bytes) -> bool:
    return data.startswith(_MARK)


def check_pdf(data: bytes) -> None:
    """Raises Invalid: ``attachments.pdf_cut`` when its end is missing, ``.pdf_more`` when it is something else as well.

    Readers accept a PDF that begins somewhere in the first kilobyte and that has anything at all after its end; that is
    how a file is made that is two things. Ours begins with its mark and ends with its end, line ends aside.
    """
    end = data.rfind(_END)
    if end < 0:
        raise Invalid("attachments.pdf_cut")
    if data[end + len(_END) :].strip(b"\r\n\t \x00"):
        raise Invalid("attachments.pdf_more")
    if _is_archive(data):
        raise Invalid("attachments.pdf_more")


def _is_archive(data: bytes) -> bool:
    """Archives are read from their end: a record whose comment reaches exactly to the last byte."""
    at = data.rfind(_ZIP_END, -(_ZIP_END_LENGTH + _ZIP_COMMENT_MOST))
    while at >= 0:
        if int.from_bytes(data[at + 20 : at + 22], "little") == len(data) - at - _ZIP_END_LENGTH:
            return True
        at = data.rfind(_ZIP_END, -(_ZIP_END_LENGTH + _ZIP_COMMENT_MOST), at)
    return False
