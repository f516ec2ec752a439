"""The curl lines of the README, run as they stand there."""

import re
import subprocess
from collections.abc import Awaitable, Callable
from pathlib import Path

from tests.flows.system import System

README = Path(__file__).parent.parent.parent / "README.md"


def the_lines() -> str:
    """Return the shell blocks between the two marks, as one script."""
    part = README.read_text().split("<!-- curl: begin -->")[1].split("<!-- curl: end -->")[0]
    return "\n".join(re.findall(r"```sh\n(.*?)```", part, flags=re.DOTALL))


async def test_curl_alone_can_issue_approve_lease_report_and_query(
    a_system: Callable[..., System], seeded: Callable[[System], Awaitable[None]]
) -> None:
    system = a_system()
    await seeded(system)
    await system.start_in_one()
    script = the_lines().replace("http://127.0.0.1:8600", system.url)
    script = script.replace("var/credentials.json", str(system.credentials_path))
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", script], capture_output=True, text=True, check=False, timeout=120
    )
    assert done.returncode == 0, done.stderr[-2000:] + done.stdout[-2000:]
