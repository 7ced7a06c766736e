"""What browsers get: files under their hash, and what npm brought."""

import gzip
import json
import re
from pathlib import Path

import pytest

from app import vendor
from app.assets import Assets
from app.errors import NotFound

ROOT = Path(__file__).parents[1]


def test_a_file_is_found_under_its_hash_and_under_no_other(tmp_path: Path) -> None:
    (tmp_path / "a.css").write_text("p { margin: 0 }" * 50)
    (tmp_path / "notes.txt").write_text("not for browsers")
    assets = Assets("/static", tmp_path, tmp_path / "not there")
    _, base, version, name = assets.address("a.css").split("/")
    assert (base, name) == ("static", "a.css")
    packed = assets.answer(version, name, "br, gzip", "x")
    assert packed.headers["Content-Encoding"] == "gzip"
    assert gzip.decompress(packed.content) == (tmp_path / "a.css").read_bytes()
    plain = assets.answer(version, name, "", "x")
    assert "Content-Encoding" not in plain.headers
    for wrong in (("0" * 12, name), (version, "notes.txt"), (version, "../a.css")):
        with pytest.raises(NotFound):
            assets.answer(*wrong, "", "portal.not_found")
    with pytest.raises(KeyError):
        assets.address("leaflet.js")


def test_each_file_of_the_list_is_copied_or_none_is(tmp_path: Path) -> None:
    modules, to = tmp_path / "node_modules", tmp_path / "vendor"
    for name in vendor.FILES:
        (modules / name).parent.mkdir(parents=True, exist_ok=True)
        (modules / name).write_text(name)
    vendor.copy(modules, to)
    assert {path.name for path in to.iterdir()} == {Path(name).name for name in vendor.FILES}
    (modules / vendor.FILES[0]).unlink()
    (to / "leaflet.js").write_text("as it was")
    with pytest.raises(vendor.NotFetched, match=re.escape(vendor.FILES[0])):
        vendor.copy(modules, to)
    assert (to / "leaflet.js").read_text() == "as it was"


def test_every_package_is_pinned_and_locked_by_its_hash_and_no_registry_is_named() -> None:
    wanted = json.loads((ROOT / "package.json").read_text())
    locked = json.loads((ROOT / "package-lock.json").read_text())["packages"]
    for name, version in (wanted["dependencies"] | wanted["devDependencies"]).items():
        assert locked[f"node_modules/{name}"]["version"] == version
    assert all("integrity" in package for path, package in locked.items() if path)
    assert "://" not in "".join((ROOT / name).read_text() for name in ("package.json", "package-lock.json", ".npmrc"))
