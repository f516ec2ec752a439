"""What a hostile platform answers in the place of a packet: one attack after the other."""

import gzip
import io
import tarfile
from collections.abc import Callable


def attack(number: int, name: str, answer: bytes) -> bytes:
    """Return an attack in the place of an honest answer, another one for each number."""
    kinds = list(ATTACKS.values())
    return kinds[number % len(kinds)](name, answer)


def _tar(*entries: tuple[str, bytes, bytes]) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.GNU_FORMAT) as tar:
        for name, kind, content in entries:
            entry = tarfile.TarInfo(name)
            entry.type, entry.size = kind, len(content)
            entry.linkname = "/etc/passwd" if kind in (tarfile.SYMTYPE, tarfile.LNKTYPE) else ""
            tar.addfile(entry, io.BytesIO(content))
    return buffer.getvalue()


def _main(name: str) -> str:
    return name.replace("EBDT_", "EBDB_").replace(".tar", ".xml")


def _claims(name: str) -> bytes:
    entry = tarfile.TarInfo(_main(name))
    entry.size = 8 << 30
    return entry.tobuf(tarfile.GNU_FORMAT) + bytes(1024)


def _bottomless(name: str) -> bytes:
    return _tar((_main(name), tarfile.REGTYPE, b"<EBD>" + b"<a>" * 50_000))


def _entities(name: str) -> bytes:
    bomb = b'<!DOCTYPE EBD [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;">]><EBD>&b;</EBD>'
    return _tar((_main(name), tarfile.REGTYPE, bomb))


ATTACKS: dict[str, Callable[[str, bytes], bytes]] = {
    "parent folder": lambda name, _: _tar((f"../../{_main(name)}", tarfile.REGTYPE, b"<EBD/>")),
    "absolute path": lambda name, _: _tar((f"/tmp/{_main(name)}", tarfile.REGTYPE, b"<EBD/>")),
    "symbolic link": lambda name, _: _tar((_main(name), tarfile.SYMTYPE, b"")),
    "hard link": lambda name, _: _tar((_main(name), tarfile.LNKTYPE, b"")),
    "device": lambda name, _: _tar((_main(name), tarfile.CHRTYPE, b"")),
    "tar in a tar": lambda name, answer: _tar((name, tarfile.REGTYPE, answer)),
    "claims 8 GB": lambda name, _: _claims(name),
    "gzip bomb": lambda _, __: gzip.compress(bytes(5 << 20)),
    "longer than allowed": lambda _, answer: answer + bytes(2 << 20),
    "deep nesting": lambda name, _: _bottomless(name),
    "entity bomb": lambda name, _: _entities(name),
    "cut in the middle": lambda _, answer: answer[:600],
}
