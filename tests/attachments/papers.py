"""PDFs: honest ones, and files that only claim to be."""

import io
import zipfile
from functools import cache

import pypdfium2


@cache
def pdf(pages: int = 1, size: tuple[float, float] = (595, 842), title: str = "") -> bytes:
    """A valid PDF of empty pages; another title makes another file."""
    document = pypdfium2.PdfDocument.new()
    for _ in range(pages):
        document.new_page(*size)
    out = io.BytesIO()
    document.save(out)
    data = out.getvalue()
    return data + f"%{title}\n%%EOF\n".encode() if title else data


def locked() -> bytes:
    """A PDF that asks for a password: the smallest one whose trailer says that it is encrypted."""
    parts = [
        b"1 0 obj\n<< /Type /Catalog /Pages 2 0 R >>\nendobj\n",
        b"2 0 obj\n<< /Type /Pages /Kids [] /Count 0 >>\nendobj\n",
        b"3 0 obj\n<< /Filter /Standard /V 1 /R 2 /Length 40 /P -4 /O <" + b"41" * 32 + b"> /U <" + b"42" * 32
        + b"> >>\nendobj\n",
    ]  # fmt: skip
    data, places = b"%PDF-1.4\n", []
    for part in parts:
        places.append(len(data))
        data += part
    table = b"xref\n0 4\n0000000000 65535 f \n" + b"".join(b"%010d 00000 n \n" % place for place in places)
    identity = b"<" + b"00" * 16 + b">"
    trailer = b"trailer\n<< /Size 4 /Root 1 0 R /Encrypt 3 0 R /ID [" + identity + identity + b"] >>\n"
    return data + table + trailer + b"startxref\n%d\n%%%%EOF\n" % len(data)


def with_archive(data: bytes, comment: bytes = b"") -> bytes:
    """The same bytes with a ZIP archive behind them, which archivers open without complaint."""
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as file:
        file.writestr("setup.exe", b"MZ" + bytes(200))
        file.comment = comment
    return data + archive.getvalue()
