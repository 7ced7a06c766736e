"""What is taken for a PDF, and what is not: nothing is believed but the bytes."""

import io
import zipfile
from pathlib import Path

import pytest

from app.attachments import service
from app.attachments.model import MAX_BYTES, clean_name
from app.attachments.sniff import check_pdf, check_size
from app.db import Pool
from app.errors import Invalid
from app.photos.lab import PhotoLab
from storage.folder import FolderStore
from tests.attachments.papers import locked, pdf, with_archive
from tests.photos.keeping import photo_bytes
from tests.photos.pictures import jpeg_header, png_header


async def refused(pool: Pool, objects: FolderStore, lab: PhotoLab, data: bytes, name: str = "tep.pdf") -> str:
    with pytest.raises(Invalid) as error:
        await service.store_file(pool, objects, lab, data, name)
    assert error.value.problems[0].params["name"] == name
    return error.value.key


@pytest.mark.parametrize(
    ("data", "key"),
    [
        (b"", "attachments.empty"),
        (b"%PDF-1.7\n" + bytes(100), "attachments.pdf_cut"),
        (pdf()[:-8], "attachments.pdf_cut"),
        (pdf() + b"<script>alert(1)</script>", "attachments.pdf_more"),
        (with_archive(pdf()), "attachments.pdf_more"),
        (with_archive(pdf(), comment=b"%%EOF"), "attachments.pdf_more"),
        (b"%PDF-1.7\nnothing of the kind\n%%EOF\n", "attachments.pdf_damaged"),
        (pdf(pages=501), "attachments.pdf_pages"),
        (pdf(size=(20_000, 100)), "attachments.pdf_damaged"),
        (locked(), "attachments.pdf_locked"),
    ],
    ids=["empty", "cut", "end cut off", "script behind", "archive behind", "archive that ends as a PDF", "nonsense",
         "too many pages", "a page of seven metres", "a password"],
)  # fmt: skip
async def test_a_pdf_that_is_none_or_more_than_one_is_refused(
    data: bytes, key: str, pool: Pool, objects: FolderStore, lab: PhotoLab
) -> None:
    assert await refused(pool, objects, lab, data) == key


def _office() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as file:
        file.writestr("word/document.xml", "<w:document/>")
    return out.getvalue()


@pytest.mark.parametrize(
    "data",
    [
        _office(),
        b" " + pdf(),
        b"\xff\xfe" + pdf(),
        b"MZ" + bytes(500),
        b"<html><script>alert(1)</script></html>",
        b"<svg xmlns='http://www.w3.org/2000/svg'/>",
        b"GIF89a" + bytes(100),
        b"\x1a\x45\xdf\xa3" + bytes(100),
        "Biên bản".encode(),
    ],
    ids=["word", "PDF after a space", "PDF after a mark", "program", "page", "drawing", "GIF", "video", "text"],
)
async def test_whatever_else_it_is_called_a_pdf_it_is_not_taken(
    data: bytes, pool: Pool, objects: FolderStore, lab: PhotoLab
) -> None:
    assert await refused(pool, objects, lab, data) == "attachments.unsupported"


@pytest.mark.parametrize(
    ("data", "key"),
    [
        (png_header(60_000, 60_000), "photos.too_many_pixels"),
        (jpeg_header(65_000, 65_000), "photos.too_many_pixels"),
        (photo_bytes()[:-400], "photos.damaged"),
    ],
    ids=["png", "jpeg", "cut"],
)
async def test_a_picture_is_looked_at_as_every_photo_is(
    data: bytes, key: str, pool: Pool, objects: FolderStore, lab: PhotoLab
) -> None:
    assert await refused(pool, objects, lab, data, "anh.pdf") == key


def test_size_is_checked_before_anything_else() -> None:
    check_size(MAX_BYTES)
    with pytest.raises(Invalid, match=r"attachments\.too_large"):
        check_size(MAX_BYTES + 1)


def test_line_ends_behind_the_end_are_what_programs_write() -> None:
    check_pdf(pdf() + b"\r\n\x00\n ")
    # Bytes that look like the end of an archive, but do not reach to the end of the file, are part of the document.
    check_pdf(pdf()[:-6] + b"PK\x05\x06" + bytes(18) + b"%%EOF\n")


async def test_a_reader_that_crashes_refuses_the_file_and_nothing_else(
    pool: Pool, objects: FolderStore, lab: PhotoLab, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "app" / "attachments").mkdir(parents=True)
    (tmp_path / "app" / "__init__.py").touch()
    (tmp_path / "app" / "attachments" / "__init__.py").touch()
    (tmp_path / "app" / "attachments" / "reader.py").write_text("import os, signal\nos.kill(os.getpid(), 11)\n")
    with monkeypatch.context() as patch:
        patch.setattr(service, "_ROOT", tmp_path)
        assert await refused(pool, objects, lab, pdf()) == "attachments.pdf_damaged"
    assert (await service.store_file(pool, objects, lab, pdf(), "a.pdf")).pages == 1


async def test_a_reader_that_never_answers_is_ended(
    pool: Pool, objects: FolderStore, lab: PhotoLab, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "app" / "attachments").mkdir(parents=True)
    (tmp_path / "app" / "__init__.py").touch()
    (tmp_path / "app" / "attachments" / "__init__.py").touch()
    (tmp_path / "app" / "attachments" / "reader.py").write_text("import time\ntime.sleep(600)\n")
    with monkeypatch.context() as patch:
        patch.setattr(service, "_ROOT", tmp_path)
        patch.setattr(service, "_PATIENCE", 0.5)
        assert await refused(pool, objects, lab, pdf()) == "attachments.pdf_damaged"


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        ("Biên bản nghiệm thu.pdf", "Biên bản nghiệm thu.pdf"),
        ("C:\\Users\\bich\\bb.PDF", "bb.pdf"),
        ("../../etc/passwd", "passwd.pdf"),
        ("bien-ban.pdf.exe", "bien-ban.pdf.exe.pdf"),
        ("a.pdf.pdf", "a.pdf"),
        ("hoa\u202efdp.exe", "hoa fdp.exe.pdf"),
        ('ten "la"\r\nSet-Cookie: x.pdf', "ten la Set-Cookie x.pdf"),
        (" . ", "tep.pdf"),
        ("", "tep.pdf"),
        ("x" * 300, "x" * 116 + ".pdf"),
    ],
)
def test_a_name_says_what_the_file_is_and_nothing_more(given: str, shown: str) -> None:
    assert clean_name(given, "pdf") == shown
