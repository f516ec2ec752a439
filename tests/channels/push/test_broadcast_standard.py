"""Our packets against the tables of the standard, in every dialect, judged by programs that we do not use.

`gmssl` and the `openssl` command verify what `gmalg` signed; neither is a library of the product.
"""

import base64
import re
import shutil
import subprocess
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import gmssl.func
import gmssl.sm2
import gmssl.sm3
import pytest
from lxml import etree

from contracts.values import Action, Level, Mode
from services.channels.push.broadcast import archive, audio, ids, packet
from services.channels.push.broadcast.site import DIALECTS, MessageType, Site
from services.kit import sm
from tests.channels.push.broadcast_make import (
    AT,
    MESSAGE_ID,
    OLD_MESSAGE_ID,
    OUR_KEY,
    OURS,
    PACKET_ID,
    SITE,
    a_request,
)

MOMENT = r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d"
AREAS = r"\d{12}(,\d{12})*"
FIELDS: dict[str, str] = {
    "EBDVersion": r"1(\.0)?",
    "EBDID": r"(10|01)[1-6]\d{38}",
    "EBDType": "EBM",
    "SRC/EBRID": r"[1-6]\d{22}",
    "DEST/EBRID": r"[1-6]\d{22}",
    "EBDTime": MOMENT,
    "EBM/EBMVersion": "1",
    "EBM/EBMID": r"[1-6]\d{34}",
    "EBM/MsgBasicInfo/MsgType": "[1-5]",
    "EBM/MsgBasicInfo/SenderName": ".+",
    "EBM/MsgBasicInfo/SenderCode": r"\d{4}|[1-6]\d{22}",
    "EBM/MsgBasicInfo/SendTime": MOMENT,
    "EBM/MsgBasicInfo/EventType": r"1[1-4][A-Z]\d\d",
    "EBM/MsgBasicInfo/Severity": "[0-4]",
    "EBM/MsgBasicInfo/StartTime": MOMENT,
    "EBM/MsgBasicInfo/EndTime": MOMENT,
    "EBM/MsgContent/LanguageCode": "zho",
    "EBM/MsgContent/MsgTitle": ".+",
    "EBM/MsgContent/MsgDesc": ".+",
    "EBM/MsgContent/AreaCode": AREAS,
}
"""What must be there, in this order, and what it looks like."""

OPTIONAL: dict[str, str] = {
    "SRC/URL": r"https?://\S+",
    "EBM/RelatedInfo/EBMID": r"[1-6]\d{34}",
    "EBM/MsgContent/Auxiliary/AuxiliaryType": "2",
    "EBM/MsgContent/Auxiliary/AuxiliaryDesc": r"EBDR_\w+\.(mp3|wav)",
    "EBM/MsgContent/Auxiliary/Size": r"\d+",
    "EBM/MsgContent/Auxiliary/Digest": "[0-9a-f]{64}",
}

SIGNATURES: dict[str, dict[str, str]] = {
    "flat": {
        "Version": "1",
        "RelatedEBD/EBDID": PACKET_ID,
        "CertSN": ".+",
        "SignatureAlgorithm": "SM2-SM3",
        "SignatureValue": "[A-Za-z0-9+/=]+",
    },
    "certificate": {
        "Version": "1",
        "RelatedEBD/EBDID": PACKET_ID,
        "SignatureCert/CertType": "1",
        "SignatureCert/IssuerID": ".+",
        "SignatureCert/CertSN": ".+",
        "SignatureTime": MOMENT,
        "DigestAlgorithm": "SM3",
        "SignatureAlgorithm": "SM2",
        "SignatureValue": "[A-Za-z0-9+/=]+",
    },
}
RECORDING = audio.Audio(b"ID3" + bytes(range(256)) * 40, "mp3")
SPKI_HEAD = bytes.fromhex("3059301306072a8648ce3d020106082a811ccf5501822d034200")


@pytest.fixture(params=DIALECTS)
def site(request: pytest.FixtureRequest) -> Site:
    """A site of each dialect, and of each that takes DER."""
    return replace(
        SITE,
        dialect=DIALECTS[request.param],
        certificate_issuer="Q1",
        url="https://warnings.example/api/v1/ebd/broadcast/live",
    )


def leaves(root: etree._Element) -> dict[str, str]:
    """Return the text of each leaf by its path, in the order of the file."""
    tree = root.getroottree()
    paths = {tree.getpath(e).split("/", 2)[2]: e.text or "" for e in root.iter() if len(e) == 0}
    return {re.sub(r"\[\d+\]", "", path): text for path, text in paths.items()}


def check(found: dict[str, str], required: dict[str, str], optional: dict[str, str]) -> None:
    assert [path for path in required if path not in found] == []
    assert [path for path in found if path not in required and path not in optional] == []
    assert [path for path in found if path in required] == list(required)
    known = required | optional
    wrong = {path: text for path, text in found.items() if not re.fullmatch(known[path], text)}
    assert wrong == {}


@pytest.mark.parametrize("action", Action)
@pytest.mark.parametrize("mode", Mode)
@pytest.mark.parametrize("level", Level)
def test_every_message_has_what_the_table_wants_in_its_order(
    action: Action, mode: Mode, level: Level, site: Site
) -> None:
    request = a_request(action=action, mode=mode, level=level)
    recording = packet.audio_of(audio.Library({(mode, "default"): RECORDING}), request)
    main = packet.message(
        site,
        request,
        packet_id=PACKET_ID,
        message_id=MESSAGE_ID,
        related=None if action is Action.START else OLD_MESSAGE_ID,
        at=AT,
        audio=recording,
    )
    found = leaves(etree.fromstring(main))
    check(found, FIELDS, OPTIONAL)
    assert found["EBDVersion"] == site.dialect.ebd_version
    assert found["EBM/MsgBasicInfo/Severity"] == str(list(Level).index(level) + 1)
    assert ("EBM/MsgContent/Auxiliary/Size" in found) is (action is not Action.STOP)
    drills = {"2"} if action is Action.STOP else {"3", "4", "5"}
    assert found["EBM/MsgBasicInfo/MsgType"] in (drills if mode is Mode.DRILL else {"1", "2"})


@pytest.mark.parametrize("kind", [MessageType(n) for n in (3, 4, 5)])
def test_a_drill_has_the_kind_that_was_agreed_upon(kind: MessageType, site: Site) -> None:
    main = packet.message(
        replace(site, drill=kind),
        a_request(mode=Mode.DRILL),
        packet_id=PACKET_ID,
        message_id=MESSAGE_ID,
        related=None,
        at=AT,
    )
    assert etree.fromstring(main).findtext("EBM/MsgBasicInfo/MsgType") == str(kind.value)


def test_numbers_are_made_of_the_parts_that_the_table_names() -> None:
    assert [len(part) for part in (OURS, MESSAGE_ID, PACKET_ID)] == [23, 35, 41]
    level, region = OURS[0], OURS[1:13]
    assert (level, region[:6]) == ("4", "500110")
    assert (MESSAGE_ID[:23], MESSAGE_ID[23:31], MESSAGE_ID[31:]) == (OURS, "20260601", "0001")
    assert (PACKET_ID[:2], PACKET_ID[2:25], len(PACKET_ID[25:])) == ("10", OURS, 16)
    assert ids.heartbeat_id(OURS) == "01" + OURS + "0" * 16


def sealed(site: Site, recording: audio.Audio | None = None) -> dict[str, bytes]:
    main = packet.message(
        site, a_request(), packet_id=PACKET_ID, message_id=MESSAGE_ID, related=None, at=AT, audio=recording
    )
    made = packet.sealed(site, PACKET_ID, main, at=AT, signer=OUR_KEY, audio=recording)
    return archive.unpack(made.content)


def signature(files: dict[str, bytes]) -> etree._Element:
    return etree.fromstring(files[f"EBDS_EBDB_{PACKET_ID}.xml"])


def value_of(files: dict[str, bytes]) -> bytes:
    return base64.b64decode(signature(files).findtext("SignatureValue") or "")


def test_the_signature_file_has_what_the_table_of_its_form_wants(site: Site) -> None:
    check(leaves(signature(sealed(site))), SIGNATURES[site.dialect.signature_form], {})


def gmssl_accepts(content: bytes, raw: bytes) -> bool:
    judge = gmssl.sm2.CryptSM2(private_key="", public_key="")
    judge.public_key = OUR_KEY.public.hex()[2:]
    return bool(judge.verify_with_sm3(raw.hex(), content))


def openssl_accepts(content: bytes, der: bytes, folder: Path) -> bool:
    command = shutil.which("openssl")
    if command is None:
        pytest.skip("the openssl command is absent: apt-get install openssl")
    given = {"key.der": SPKI_HEAD + OUR_KEY.public.point, "content": content, "signature": der}
    for name, held in given.items():
        (folder / name).write_bytes(held)
    verify = (command, "pkeyutl", "-verify", "-rawin", "-digest", "sm3", "-pubin", "-keyform", "DER")
    how = ("-pkeyopt", "distid:1234567812345678", "-inkey", "key.der", "-in", "content")
    judged = subprocess.run(
        [*verify, *how, "-sigfile", "signature"], cwd=folder, capture_output=True, check=False
    )
    return judged.returncode == 0


@pytest.mark.parametrize("form", ["raw", "der"])
def test_two_strangers_accept_our_signature_over_the_exact_bytes(
    form: str, site: Site, tmp_path: Path
) -> None:
    encoded = replace(site, dialect=replace(site.dialect, signature_encoding=form))
    files = sealed(encoded)
    main, value = files[f"EBDB_{PACKET_ID}.xml"], value_of(files)
    raw = value if form == "raw" else sm.raw_from_der(value)
    der = value if form == "der" else sm.der_from_raw(value)
    assert gmssl_accepts(main, raw)
    assert openssl_accepts(main, der, tmp_path)
    for changed in (main + b"\n", main.replace(b"500110110000", b"500110111000")):
        assert not gmssl_accepts(changed, raw)
        assert not openssl_accepts(changed, der, tmp_path)


def test_a_stranger_finds_the_digest_of_our_recording(site: Site) -> None:
    files = sealed(site, RECORDING)
    found = leaves(etree.fromstring(files[f"EBDB_{PACKET_ID}.xml"]))
    held = files[found["EBM/MsgContent/Auxiliary/AuxiliaryDesc"]]
    assert str(len(held)) == found["EBM/MsgContent/Auxiliary/Size"]
    assert gmssl.sm3.sm3_hash(gmssl.func.bytes_to_list(held)) == found["EBM/MsgContent/Auxiliary/Digest"]


def test_a_platform_whose_clock_is_behind_plays_at_once(site: Site) -> None:
    def start(behind_s: int, **request: object) -> str:
        main = packet.message(
            site,
            a_request(**request),  # type: ignore[arg-type]
            packet_id=PACKET_ID,
            message_id=MESSAGE_ID,
            related=None,
            at=AT,
            behind_s=behind_s,
        )
        found = leaves(etree.fromstring(main))
        assert found["EBM/MsgBasicInfo/EndTime"] == "2026-06-01 23:05:00"
        return found["EBM/MsgBasicInfo/StartTime"]

    assert start(0, expires=AT + timedelta(hours=1)) == "2026-06-01 22:05:00"
    assert start(600, expires=AT + timedelta(hours=1)) == "2026-06-01 21:55:00"


DIGEST = Path(__file__).parents[3].parent / "shared" / "domain" / "README.md"


@pytest.mark.skipif(not DIGEST.exists(), reason="the domain digest is not beside this checkout")
def test_the_tables_here_are_those_of_the_domain_digest() -> None:
    text = DIGEST.read_text(encoding="utf-8")
    table = text.split("### 4.6 EBM body")[1].split("```")[0]
    wanted: list[str] = []
    for path, needed in re.findall(r"^\| (\S[^|]*?) \| ([^|]+?) \|", table, re.MULTILINE)[1:]:
        folder, _, first = path.split(", ")[0].rpartition("/")
        folder = folder if folder.startswith("EBM") else f"EBM/{folder}"
        names = [first, *path.split(", ")[1:]]
        wanted += [f"{folder}/{name}" for name in names if needed == "yes"]
    assert len(wanted) == 14
    assert set(wanted) <= set(FIELDS)
