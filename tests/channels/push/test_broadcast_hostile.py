"""Hostile tars and files in the place of an answer: refused, at once, whatever they hold."""

import contextlib
import gzip
import io
import random
import tarfile
import time
from collections.abc import Callable

import pytest

from services.channels.push.broadcast import answers, archive, ids
from services.channels.push.broadcast.archive import Unreadable
from tests.channels.push.broadcast_make import AT, OURS, PACKET_ID, SITE, answer_tar, state_xml

MAIN_NAME = f"EBDB_{PACKET_ID}.xml"


def a_tar(*entries: tuple[tarfile.TarInfo, bytes], form: int = tarfile.GNU_FORMAT) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=form) as tar:
        for entry, content in entries:
            entry.size = len(content)
            tar.addfile(entry, io.BytesIO(content))
    return buffer.getvalue()


def named(name: str, content: bytes = b"<EBD/>") -> bytes:
    return a_tar((tarfile.TarInfo(name), content))


def typed(kind: bytes) -> bytes:
    entry = tarfile.TarInfo(MAIN_NAME)
    entry.type, entry.linkname = kind, "/etc/passwd"
    return entry.tobuf() + bytes(1024)


def claiming(size: int) -> bytes:
    entry = tarfile.TarInfo(MAIN_NAME)
    entry.size = size
    return entry.tobuf(tarfile.GNU_FORMAT) + bytes(1024)


def chained_long_names() -> bytes:
    entry = tarfile.TarInfo("././@LongLink")
    entry.type, entry.size = tarfile.GNUTYPE_LONGNAME, 100
    return (entry.tobuf() + b"a".ljust(512, b"\0")) * 900


def with_pax_path() -> bytes:
    entry = tarfile.TarInfo(MAIN_NAME)
    entry.pax_headers = {"path": "../../etc/cron.d/x"}
    return a_tar((entry, b"<EBD/>"), form=tarfile.PAX_FORMAT)


def sparse() -> bytes:
    entry = tarfile.TarInfo(MAIN_NAME)
    entry.type, entry.size = tarfile.GNUTYPE_SPARSE, 0
    return entry.tobuf(tarfile.GNU_FORMAT) + bytes(1024)


def broken_checksum() -> bytes:
    good = bytearray(named(MAIN_NAME))
    good[150] ^= 1
    return bytes(good)


HOSTILE: dict[str, Callable[[], bytes]] = {
    "empty": lambda: b"",
    "only zeros": lambda: bytes(10240),
    "not a tar": lambda: b"<html>502 Bad Gateway</html>" * 100,
    "parent folder": lambda: named(f"../{MAIN_NAME}"),
    "absolute path": lambda: named(f"/tmp/{MAIN_NAME}"),
    "sub folder": lambda: named(f"a/{MAIN_NAME}"),
    "backslash": lambda: named(f"..\\{MAIN_NAME}"),
    "strange name": lambda: named("EBDB_\u202exml.exe"),
    "shell script": lambda: named("EBDB_1.sh"),
    "symbolic link": lambda: typed(tarfile.SYMTYPE),
    "hard link": lambda: typed(tarfile.LNKTYPE),
    "device": lambda: typed(tarfile.CHRTYPE),
    "block device": lambda: typed(tarfile.BLKTYPE),
    "fifo": lambda: typed(tarfile.FIFOTYPE),
    "directory": lambda: typed(tarfile.DIRTYPE),
    "sparse file": sparse,
    "pax path": with_pax_path,
    "chained long names": chained_long_names,
    "claims 8 GB": lambda: claiming(8 << 30),
    "claims more than there is": lambda: claiming(4096),
    "negative size": lambda: claiming(-512),
    "over-size file": lambda: named(MAIN_NAME, bytes(archive.MOST_FILE_BYTES + 1)),
    "over-size tar": lambda: bytes(archive.MOST_BYTES + 1),
    "many files": lambda: a_tar(*((tarfile.TarInfo(f"EBDR_{n}.mp3"), b"x") for n in range(9))),
    "one name twice": lambda: a_tar(*((tarfile.TarInfo(MAIN_NAME), b"<EBD/>") for _ in range(2))),
    "two main files": lambda: a_tar(
        (tarfile.TarInfo(MAIN_NAME), b"<EBD/>"),
        (tarfile.TarInfo(f"EBDB_{ids.packet_id(OURS, 2)}.xml"), b"<EBD/>"),
    ),
    "tar in a tar": lambda: named(MAIN_NAME.replace(".xml", ".tar"), named(MAIN_NAME)),
    "gzip bomb": lambda: gzip.compress(bytes(5 << 20)),
    "broken checksum": broken_checksum,
    "cut in the middle": lambda: named(MAIN_NAME, bytes(2000))[:1400],
    "main file named for nothing": lambda: named("EBDB_1.xml"),
}


@pytest.mark.parametrize("case", HOSTILE)
def test_hostile_tar_is_refused_at_once(case: str) -> None:
    content = HOSTILE[case]()
    started = time.perf_counter()
    with pytest.raises(Unreadable):
        answers.read(SITE, content, None)
    assert time.perf_counter() - started < 1


HOSTILE_XML = {
    "not XML": b"\x00\x01",
    "cut": b"<EBD><EBDVersion>",
    "another root": b"<html/>",
    "entity bomb": b'<!DOCTYPE EBD [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;">]><EBD>&b;</EBD>',
    "external entity": b'<!DOCTYPE EBD [<!ENTITY x SYSTEM "file:///etc/passwd">]><EBD><EBDID>&x;</EBDID></EBD>',
    "external DTD": b'<!DOCTYPE EBD SYSTEM "http://192.0.2.1/x.dtd"><EBD/>',
    "deep nesting": b"<EBD>" + b"<a>" * 200 + b"</a>" * 200 + b"</EBD>",
    "bottomless nesting": b"<EBD>" + b"<a>" * 50_000,
    "wide": b"<EBD>" + b"<a/>" * 100_000 + b"</EBD>",
    "UTF-16 document type": '<!DOCTYPE EBD [<!ENTITY a "b">]><EBD/>'.encode("utf-16"),
    "another id": b"<EBD><EBDID>1</EBDID></EBD>",
}


@pytest.mark.parametrize("case", HOSTILE_XML)
def test_hostile_main_file_is_refused_at_once(case: str) -> None:
    content = archive.pack(PACKET_ID, {MAIN_NAME: HOSTILE_XML[case]}, AT).content
    started = time.perf_counter()
    with pytest.raises(Unreadable):
        answers.read(SITE, content, None)
    assert time.perf_counter() - started < 1


def test_a_thousand_damaged_answers_are_read_or_refused_and_nothing_else() -> None:
    good, chance = answer_tar(state_xml()), random.Random(7)
    for _ in range(1000):
        damaged = bytearray(good[: chance.choice([len(good), chance.randrange(len(good))])])
        for _ in range(chance.randrange(1, 20)):
            if damaged:
                damaged[chance.randrange(min(len(damaged), 3000))] = chance.randrange(256)
        with contextlib.suppress(Unreadable):
            answers.read(SITE, bytes(damaged), None)
