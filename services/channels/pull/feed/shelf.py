"""The public files in a folder, for a web server that a crowd may come to: each whole or not at all."""

import os
import socket
from collections.abc import Mapping
from pathlib import Path

from services.channels.pull.feed.sheet import HTML, File
from services.kit.errors import Refused


def put(folder: Path, files: Mapping[str, File]) -> None:
    """Write what differs from what is there; pages of what is long over stay."""
    for path, file in files.items():
        target = folder / _name(path, file)
        try:
            if target.exists() and target.read_bytes() == file.content:
                continue
            target.parent.mkdir(parents=True, exist_ok=True)
            draft = target.with_name(f".{target.name}.{socket.gethostname()}.{os.getpid()}")
            draft.write_bytes(file.content)
            draft.replace(target)
        except OSError as error:
            raise Refused(
                f"{folder} cannot be written: {error.strerror}", mend="mend YUTIAN_PUBLIC_FOLDER"
            ) from None


def _name(path: str, file: File) -> str:
    name = path.lstrip("/")
    return f"{name}/index.html" if file.media_type == HTML else name
