"""Printing: a page becomes a PDF in a process of its own, with a limit to its time and to its memory.

Run by itself (`python -m services.audit.papers.printing`) it is that process: HTML comes in, a PDF goes out.
"""

import asyncio
import contextlib
import importlib.util
import mimetypes
import os
import resource
import sys
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from services.kit.errors import Absent, Retry
from services.kit.telemetry import log

SERVICES = Path(__file__).parents[2]
FOLDERS = {"kit": SERVICES / "kit" / "static", "audit": SERVICES / "audit" / "static"}
BASE = "http://report.invalid"
ABSENT, FAILED = 3, 4
AT_ONCE = 2
MOST_FILES = 1 << 28
"""The largest file that the process may write: fonts are cached by the libraries below."""


@dataclass
class Printer:
    """Prints pages, few at a time."""

    seconds: float
    megabytes: int
    turns: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(AT_ONCE))

    async def pdf(self, html: str) -> bytes:
        """Return a page as PDF; raise Absent where libraries are missing, Retry when it takes too long."""
        if importlib.util.find_spec("weasyprint") is None:
            raise absent()
        async with self.turns:
            command = (sys.executable, "-m", __name__, str(self.megabytes), str(round(self.seconds) + 1))
            pipe = asyncio.subprocess.PIPE
            process = await asyncio.create_subprocess_exec(
                *command, stdin=pipe, stdout=pipe, stderr=pipe, env=_environment()
            )
            try:
                async with asyncio.timeout(self.seconds):
                    printed, said = await process.communicate(html.encode())
            except TimeoutError:
                raise Retry(
                    "printing took too long", mend="try again, or print the page from the browser"
                ) from None
            finally:
                await _ended(process)
        if process.returncode == ABSENT:
            raise absent()
        if process.returncode != 0 or not printed.startswith(b"%PDF"):
            log.error(
                "report not printed", code=process.returncode, said=said[-500:].decode(errors="replace")
            )
            raise Retry(
                "the report could not be printed", mend="try again, or print the page from the browser"
            )
        return printed


def absent() -> Absent:
    """Return what to say where no PDF can be made."""
    return Absent(
        "this server makes no PDF: WeasyPrint or Pango is missing",
        mend="install the extra `pdf` and libpango, or print the page from the browser",
    )


def _environment() -> dict[str, str]:
    """Return what the process may know: no setting and no secret, and where fonts may be remembered."""
    kept = {name: os.environ[name] for name in ("PATH", "LANG", "HOME", "TMPDIR") if name in os.environ}
    fonts = os.environ.get("XDG_CACHE_HOME") or f"{tempfile.gettempdir()}/yutian-fonts"
    return {**kept, "XDG_CACHE_HOME": fonts}


async def _ended(process: asyncio.subprocess.Process) -> None:
    if process.returncode is None:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        await process.wait()


def file_of(address: str) -> Path | None:
    """Return the file of a stylesheet or picture of ours; None for everything else: nothing is fetched."""
    if not address.startswith(f"{BASE}/static/"):
        return None
    folder, _, name = address.removeprefix(f"{BASE}/static/").partition("/")
    root = FOLDERS.get(folder)
    found = (root / name).resolve() if root and name else None
    return found if found and root and found.is_relative_to(root.resolve()) and found.is_file() else None


def main(megabytes: int, seconds: int) -> int:
    """Print what comes in to what goes out."""
    resource.setrlimit(resource.RLIMIT_AS, (megabytes << 20, megabytes << 20))
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (MOST_FILES, MOST_FILES))
    try:
        import weasyprint  # here, because it is an extra that only this process needs
    except (ImportError, OSError):
        return ABSENT
    html = sys.stdin.buffer.read().decode()
    page = weasyprint.HTML(string=html, base_url=f"{BASE}/", url_fetcher=_fetcher(weasyprint.urls))
    sys.stdout.buffer.write(page.write_pdf(pdf_variant="pdf/ua-1", pdf_tags=True) or b"")
    return 0


def _fetcher(urls: Any) -> Any:
    class OwnFiles(urls.URLFetcher):  # type: ignore[misc]
        """Reads our own stylesheets and pictures, and nothing else in the world."""

        def fetch(self, url: str, headers: Any = None) -> Any:  # noqa: ARG002 (as the library calls it)
            """Return a file of ours."""
            found = file_of(url)
            if found is None:
                raise ValueError("nothing is fetched for a printed report")
            kind = mimetypes.guess_type(found.name)[0] or "application/octet-stream"
            return urls.URLFetcherResponse(url, found.read_bytes(), {"Content-Type": kind})

    return OwnFiles()


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]), int(sys.argv[2])))
