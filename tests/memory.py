"""Where the tests' files lie: in memory when there is room, so that nobody waits for a disk."""

import atexit
import os
import shutil
import tempfile
from pathlib import Path

_MEMORY = Path("/dev/shm")
_NAME = "yutian-tests-"
_ROOM = 4 << 30
"""Fewer bytes would not do for all that runs at once; a container is often given 64 MB."""


def take() -> None:
    """Let temporary files lie in memory, here and in every child; whoever sets TMPDIR has said where."""
    if "TMPDIR" in os.environ or not _roomy():
        return
    for left in _MEMORY.glob(f"{_NAME}*"):
        if not Path(f"/proc/{left.name.removeprefix(_NAME)}").exists():
            shutil.rmtree(left, ignore_errors=True)
    folder = _MEMORY / f"{_NAME}{os.getpid()}"
    folder.mkdir(mode=0o755)
    atexit.register(_leave, folder, os.getpid())
    os.environ["TMPDIR"] = tempfile.tempdir = str(folder)


def _roomy() -> bool:
    try:
        return shutil.disk_usage(_MEMORY).free >= _ROOM
    except OSError:
        return False


def _leave(folder: Path, pid: int) -> None:
    """Give the memory back, unless this is a child that was forked."""
    if os.getpid() == pid:
        shutil.rmtree(folder, ignore_errors=True)
