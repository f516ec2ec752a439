"""The zip itself: written so that the same files are the same bytes, and read as a stranger's.

Files are stored, not compressed: a compressed stream has bits that nothing depends on: one could
be changed unseen; and another version of the library writes other bytes.
"""

import hashlib
import struct
import zipfile
import zlib
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO, BinaryIO

from services.audit.folder.contents import File
from services.kit.errors import Reject

MOST_FILES = 10_000
MOST_BYTES = 16 * 2**30
"""Unpacked, all together."""
MOST_IN_MEMORY = 256 * 2**20
"""One file that is read whole."""
PIECE = 2**20

_LONG_AGO = (1980, 1, 1, 0, 0, 0)
_UNIX, _READABLE = 3, 0o100644 << 16
_END = 22
"""Bytes of the record that ends a zip, when nothing is written after it."""

Unreadable = (zipfile.BadZipFile, zlib.error, EOFError, OSError, RuntimeError, struct.error, ValueError)
"""What a damaged zip makes the library say."""


class Sink:
    """One file that is being written."""

    def __init__(self, out: IO[bytes]) -> None:
        self._out = out
        self.size = 0
        self.digest = hashlib.sha256()

    def write(self, content: bytes) -> None:
        """Add to the file."""
        self._out.write(content)
        self.size += len(content)
        self.digest.update(content)


class Writer:
    """Writes a zip with fixed times, and notes what is in it."""

    def __init__(self, out: BinaryIO) -> None:
        self.zip = zipfile.ZipFile(out, "w", zipfile.ZIP_STORED)
        self.files: list[File] = []

    @contextmanager
    def open(self, path: str) -> Iterator[Sink]:
        """Write a file piece by piece."""
        with self.zip.open(_info(path), "w", force_zip64=True) as out:
            sink = Sink(out)
            yield sink
        self.files.append(File(path, sink.size, sink.digest.hexdigest()))

    def add(self, path: str, content: bytes) -> None:
        """Write a whole file."""
        with self.open(path) as sink:
            sink.write(content)

    def close(self) -> None:
        """Write the directory of the zip."""
        self.zip.close()


def _info(path: str) -> zipfile.ZipInfo:
    info = zipfile.ZipInfo(path, _LONG_AGO)
    info.compress_type, info.create_system, info.external_attr = zipfile.ZIP_STORED, _UNIX, _READABLE
    return info


class Reader:
    """Reads a zip that anybody may have made: nothing is unpacked to a disk, and nothing without a limit."""

    def __init__(self, file: BinaryIO) -> None:
        try:
            self.zip = zipfile.ZipFile(file)
        except Unreadable:
            raise Reject("the file is no zip, or its directory is damaged") from None
        infos = self.zip.infolist()
        if len(infos) > MOST_FILES:
            raise Reject(f"there are more than {MOST_FILES} files in it")
        if sum(info.file_size for info in infos) > MOST_BYTES:
            raise Reject(f"it would unpack to more than {MOST_BYTES >> 30} GB")
        self.infos = {info.filename: info for info in infos}
        counted = Counter(info.filename for info in infos)
        self.twice = sorted(name for name, count in counted.items() if count > 1)
        self._file = file

    def pieces(self, path: str, most: int) -> Iterator[bytes]:
        """Yield a file, no more of it than it may have; raise Reject when it cannot be unpacked."""
        left = most
        try:
            with self.zip.open(self.infos[path]) as source:
                while piece := source.read(min(PIECE, left + 1)):
                    left -= len(piece)
                    if left < 0:
                        raise Reject("is larger than the contents say")
                    yield piece
        except Unreadable:
            raise Reject("cannot be unpacked: a byte of it was changed") from None

    def whole(self, path: str, most: int = MOST_IN_MEMORY) -> bytes:
        """Return a file."""
        return b"".join(self.pieces(path, min(most, MOST_IN_MEMORY)))

    def lines(self, path: str, most: int) -> Iterator[bytes]:
        """Yield a file line by line, each with its end; a line without one is the last."""
        rest = b""
        for piece in self.pieces(path, most):
            *lines, rest = (rest + piece).split(b"\n")
            if len(rest) > MOST_IN_MEMORY:
                raise Reject("has a line that is too long")
            yield from (line + b"\n" for line in lines)
        if rest:
            yield rest

    def strange(self) -> str | None:
        """Return what in the zip is not as we write it: bytes beside the files, or altered headers."""
        at = 0
        for info in self.zip.infolist():
            header = _header(info)
            if info.header_offset != at or self._bytes(at, len(header)) != header or not _ours(info):
                return f"the header of {info.filename} is not as it was written"
            at += len(header) + info.compress_size
        if at != self.zip.start_dir or self.zip.comment:
            return "there are bytes in the zip that belong to no file"
        length = self._file.seek(0, 2)
        central = sum(46 + len(info.filename.encode()) for info in self.zip.infolist())
        if length != at + central + _END or self._bytes(at, length - at) != self._directory():
            return "the directory of the zip is not as it was written"
        return None

    def _bytes(self, at: int, count: int) -> bytes:
        self._file.seek(at)
        return self._file.read(count)

    def _directory(self) -> bytes:
        """Return the directory as we would write it."""
        infos = self.zip.infolist()
        rows = b"".join(_central(info) for info in infos)
        end = struct.pack(
            "<4s4H2LH", b"PK\x05\x06", 0, 0, len(infos), len(infos), len(rows), self.zip.start_dir, 0
        )
        return rows + end


def _ours(info: zipfile.ZipInfo) -> bool:
    fixed = (info.date_time, info.create_system, info.external_attr, info.compress_type)
    return fixed == (_LONG_AGO, _UNIX, _READABLE, zipfile.ZIP_STORED) and not info.flag_bits


_VERSION = 45
"""Sizes of more than 4 GB are provided for."""


def _header(info: zipfile.ZipInfo) -> bytes:
    name = info.filename.encode()
    sizes = struct.pack("<2H2Q", 1, 16, info.file_size, info.compress_size)
    fixed = (b"PK\x03\x04", _VERSION, 0, 0, info.compress_type, 0, 0x21, info.CRC)
    head = struct.pack("<4s2B4HL2L2H", *fixed, 0xFFFFFFFF, 0xFFFFFFFF, len(name), len(sizes))
    return head + name + sizes


def _central(info: zipfile.ZipInfo) -> bytes:
    name = info.filename.encode()
    return (
        struct.pack(
            "<4s4B4HL2L5H2L",
            *(b"PK\x01\x02", _VERSION, _UNIX, _VERSION, 0, 0, info.compress_type, 0, 0x21, info.CRC),
            *(info.compress_size, info.file_size, len(name), 0, 0, 0, 0, _READABLE, info.header_offset),
        )
        + name
    )
