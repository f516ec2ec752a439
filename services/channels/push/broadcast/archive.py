"""The tar that a packet travels in: flat, plain, two or three files. What comes in is hostile until read."""

import io
import re
import tarfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from services.kit.errors import Retry

MOST_BYTES = 1 << 20
"""An answer is a few kilobytes; nothing longer is looked at."""
MOST_FILES = 8
MOST_FILE_BYTES = 512 << 10

_BLOCK = tarfile.BLOCKSIZE
_NAME = re.compile(r"(?:EBDB|EBDS_EBDB|EBDR|EBDI|EBDS_EBDI)_[0-9A-Za-z][0-9A-Za-z_-]{0,80}\.(?:xml|mp3|wav)")
_ZERO = bytes(_BLOCK)


class Unreadable(Retry):
    """What the other side sent cannot be read or trusted; the same packet may be sent again."""

    name = "unreadable-answer"
    result = 2
    """The ResultCode that tells the other side why: it cannot be parsed."""


class Missing(Unreadable):
    """Something is missing that must be there."""

    result = 3


class Unsigned(Unreadable):
    """The signature is missing, or does not hold."""

    result = 4


class Foreign(Unreadable):
    """It comes from somebody else, is for somebody else, or asks for what is not done here."""

    result = 5


@dataclass(frozen=True)
class Packet:
    """A packet as it is posted: the file part's name, and its bytes."""

    packet_id: str
    file_name: str
    content: bytes


def pack(packet_id: str, files: Mapping[str, bytes], at: datetime) -> Packet:
    """Return the tar of the files, in their order; the same files at the same moment give the same bytes."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.USTAR_FORMAT) as tar:
        for name, content in files.items():
            entry = tarfile.TarInfo(name)
            entry.size, entry.mtime, entry.mode = len(content), int(at.timestamp()), 0o644
            tar.addfile(entry, io.BytesIO(content))
    return Packet(packet_id, f"EBDT_{packet_id}.tar", buffer.getvalue())


def unpack(content: bytes) -> dict[str, bytes]:
    """Return the files of a tar by name; raise Unreadable for anything but a few plain, flat, small files.

    Each header is read by itself: nothing is extracted, no extension header is followed, and no chain of
    them can go deep.
    """
    if len(content) > MOST_BYTES:
        raise Unreadable(f"the tar is longer than {MOST_BYTES} bytes")
    files: dict[str, bytes] = {}
    for name, file in _entries(content):
        if name in files:
            raise Unreadable("the tar holds two files of one name")
        if len(files) == MOST_FILES:
            raise Unreadable(f"the tar holds more than {MOST_FILES} files")
        files[name] = file
    return files


def _entries(content: bytes) -> Iterator[tuple[str, bytes]]:
    offset = 0
    while offset + _BLOCK <= len(content):
        block = content[offset : offset + _BLOCK]
        if block == _ZERO:
            return
        entry = _header(block)
        start, end = offset + _BLOCK, offset + _BLOCK + entry.size
        if end > len(content):
            raise Unreadable("the tar ends in the middle of a file")
        yield entry.name, content[start:end]
        offset = start + -(-entry.size // _BLOCK) * _BLOCK
    if offset == 0:
        raise Unreadable("the answer is not a tar")


def _header(block: bytes) -> tarfile.TarInfo:
    try:
        entry = tarfile.TarInfo.frombuf(block, "utf-8", "strict")
    except (tarfile.HeaderError, UnicodeDecodeError, ValueError):
        raise Unreadable("the answer is not a plain tar") from None
    if entry.type not in (tarfile.REGTYPE, tarfile.AREGTYPE):
        raise Unreadable("the tar holds something that is not a plain file")
    if not _NAME.fullmatch(entry.name):
        raise Unreadable("the tar holds a file whose name does not belong there")
    if not 0 <= entry.size <= MOST_FILE_BYTES:
        raise Unreadable(f"the tar holds a file longer than {MOST_FILE_BYTES} bytes")
    return entry
