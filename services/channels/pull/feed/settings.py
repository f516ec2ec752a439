"""The settings of the public feed and page."""

from pathlib import Path
from typing import ClassVar

from pydantic import Field

from services.kit.settings import Settings


class FeedSettings(Settings):
    """Where the public files are written, and how many readers may follow at once."""

    service: ClassVar[str] = "feed"

    public_folder: Path | None = Field(
        None, description="Folder for the public page and feeds as files, for a web server; empty: none"
    )
    feed_most_followers: int = Field(
        2000, ge=1, description="How many apps of others may hold a stream of the feed open at once"
    )
