"""Style and script of the wall display."""

from pathlib import Path

from app.assets import Assets

ASSETS = Assets("/wall/static", Path(__file__).parent / "static")
address = ASSETS.address
