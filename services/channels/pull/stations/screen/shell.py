"""The files of the screen: what a browser keeps so that it starts without network, and their version."""

import hashlib
from functools import lru_cache
from pathlib import Path

from starlette.responses import Response
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

from services.kit import pages

STATIC = Path(__file__).parent.parent / "static"
WORKER = STATIC / "worker.js"
PAGE = "/station"
AT = "/static/stations"

_PARTS = ("channels/pages/station.html", "channels/locale/zh.po")


class Fresh(StaticFiles):
    """Files that a browser asks for again each time, so that two versions are not mixed for long."""

    async def get_response(self, path: str, scope: Scope) -> Response:
        """Return a file, to be kept and looked at anew."""
        answer = await super().get_response(path, scope)
        answer.headers["cache-control"] = "no-cache"
        return answer


def files() -> list[str]:
    """Return the addresses of everything that the page is made of."""
    mine = sorted(path.name for path in STATIC.iterdir() if path != WORKER)
    return [PAGE, *(f"{AT}/{name}" for name in mine)]


@lru_cache
def version() -> str:
    """Return a name for these files that changes with any of them."""
    digest = hashlib.sha256()
    services = Path(pages.__file__).parent.parent
    for path in (*sorted(STATIC.iterdir()), *(services / part for part in _PARTS)):
        digest.update(path.name.encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()[:12]
