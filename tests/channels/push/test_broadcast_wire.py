"""Emergency broadcast packets that we send: numbers, messages, the tar and its signature."""

import base64
import io
import shutil
import subprocess
import tarfile
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from contracts.values import Action, Level, Mode
from services.channels.push.broadcast import archive, ids, packet
from services.channels.push.broadcast.site import DIALECTS, MessageType, Site
from services.kit.errors import Refused, Reject
from tests.channels.push.broadcast_make import (
    AT,
    MESSAGE_ID,
    OLD_MESSAGE_ID,
    OUR_KEY,
    OURS,
    PACKET_ID,
    SITE,
    THEIRS,
    a_message,
    a_request,
    order_of,
    the,
)


def test_numbers_have_the_lengths_of_the_standard() -> None:
    assert (len(OURS), len(MESSAGE_ID), len(PACKET_ID)) == (23, 35, 41)
    assert MESSAGE_ID == OURS + "20260601" + "0001"
    assert PACKET_ID == "10" + OURS + "0" * 15 + "1"
    assert ids.heartbeat_id(OURS) == "01" + OURS + "0" * 16


def test_message_after_midnight_in_beijing_counts_in_the_new_day() -> None:
    assert ids.day_of(datetime(2026, 6, 1, 16, 0, tzinfo=UTC)) == date(2026, 6, 2)


@pytest.mark.parametrize("serial", [0, -1, 10**16])
def test_packet_serial_that_does_not_fit_is_refused(serial: int) -> None:
    with pytest.raises(Reject):
        ids.packet_id(OURS, serial)


@pytest.mark.parametrize("serial", [0, 10_000])
def test_message_serial_that_does_not_fit_is_refused(serial: int) -> None:
    with pytest.raises(Reject):
        ids.message_id(OURS, date(2026, 6, 1), serial)


@pytest.mark.parametrize(
    "text", ["", OURS[:-1], OURS + "1", "0" + OURS[1:], "7" + OURS[1:], OURS[:-1] + "１"]
)
def test_resource_number_of_another_form_is_refused(text: str) -> None:
    with pytest.raises(Reject):
        replace(SITE, ebrid=text)


def test_message_has_every_field_of_the_standard_in_its_order() -> None:
    main = a_message()
    assert main.startswith(b'<?xml version="1.0" encoding="UTF-8"?>')
    assert order_of(main) == ["EBDVersion", "EBDID", "EBDType", "SRC", "DEST", "EBDTime", "EBM"]
    assert order_of(main, "EBM") == ["EBMVersion", "EBMID", "MsgBasicInfo", "MsgContent"]
    assert order_of(main, "EBM/MsgBasicInfo") == [
        *("MsgType", "SenderName", "SenderCode", "SendTime", "EventType", "Severity", "StartTime", "EndTime")
    ]
    assert order_of(main, "EBM/MsgContent") == ["LanguageCode", "MsgTitle", "MsgDesc", "AreaCode"]


def test_message_says_what_the_warning_says() -> None:
    main = a_message()
    expected = {
        "EBDVersion": "1",
        "EBDID": PACKET_ID,
        "EBDType": "EBM",
        "SRC/EBRID": OURS,
        "DEST/EBRID": THEIRS,
        "EBDTime": "2026-06-01 22:05:00",
        "EBM/EBMID": MESSAGE_ID,
        "EBM/MsgBasicInfo/MsgType": "1",
        "EBM/MsgBasicInfo/SenderCode": OURS,
        "EBM/MsgBasicInfo/SendTime": "2026-06-01 22:04:30",
        "EBM/MsgBasicInfo/EventType": "11B03",
        "EBM/MsgBasicInfo/Severity": "1",
        "EBM/MsgBasicInfo/StartTime": "2026-06-01 22:05:00",
        "EBM/MsgBasicInfo/EndTime": "2026-06-02 01:05:00",
        "EBM/MsgContent/LanguageCode": "zho",
        "EBM/MsgContent/MsgTitle": "暴雨红色预警",
        "EBM/MsgContent/AreaCode": "500110110000,500110112000",
    }
    assert {path: the(main, path) for path in expected} == expected


def test_same_delivery_gives_the_same_main_file() -> None:
    assert a_message() == a_message()


@pytest.mark.parametrize(("level", "severity"), list(zip(Level, "1234", strict=True)))
def test_colour_becomes_the_severity_digit(level: Level, severity: str) -> None:
    assert the(a_message(a_request(level=level)), "EBM/MsgBasicInfo/Severity") == severity


def test_play_window_ends_no_later_than_the_warning() -> None:
    main = a_message(a_request(expires=AT + timedelta(minutes=20)))
    assert the(main, "EBM/MsgBasicInfo/EndTime") == "2026-06-01 22:25:00"


def test_empty_text_is_not_sent() -> None:
    with pytest.raises(Refused, match="empty"):
        a_message(a_request(short=" \n"))


def test_expired_warning_is_not_sent() -> None:
    with pytest.raises(Refused, match="expired"):
        a_message(a_request(expires=AT))


def test_replacement_is_a_new_message_related_to_the_old() -> None:
    main = a_message(a_request(action=Action.REPLACE), related=OLD_MESSAGE_ID)
    assert the(main, "EBM/MsgBasicInfo/MsgType") == "1"
    assert the(main, "EBM/RelatedInfo/EBMID") == OLD_MESSAGE_ID
    assert order_of(main, "EBM")[:3] == ["EBMVersion", "EBMID", "RelatedInfo"]


def test_replacement_of_what_never_went_out_is_a_first_message() -> None:
    assert "RelatedInfo" not in order_of(a_message(a_request(action=Action.REPLACE)), "EBM")


@pytest.mark.parametrize("mode", Mode)
def test_stop_is_a_cancel_of_the_old_message_even_after_expiry(mode: Mode) -> None:
    main = a_message(a_request(action=Action.STOP, expires=AT, mode=mode), related=OLD_MESSAGE_ID)
    assert the(main, "EBM/MsgBasicInfo/MsgType") == "2"
    assert the(main, "EBM/RelatedInfo/EBMID") == OLD_MESSAGE_ID
    assert the(main, "EBM/MsgBasicInfo/EndTime") > the(main, "EBM/MsgBasicInfo/StartTime")


def test_stop_without_the_old_message_is_refused() -> None:
    with pytest.raises(Refused):
        a_message(a_request(action=Action.STOP))


def test_start_related_to_another_message_is_refused() -> None:
    with pytest.raises(Refused):
        a_message(related=OLD_MESSAGE_ID)


@pytest.mark.parametrize(
    "kind", [MessageType.PLATFORM_DRILL, MessageType.FRONT_END_DRILL, MessageType.TERMINAL_DRILL]
)
@pytest.mark.parametrize("action", [Action.START, Action.REPLACE])
def test_drill_is_never_a_real_broadcast(kind: MessageType, action: Action) -> None:
    related = OLD_MESSAGE_ID if action is Action.REPLACE else None
    main = a_message(
        a_request(mode=Mode.DRILL, action=action), site=replace(SITE, drill=kind), related=related
    )
    assert the(main, "EBM/MsgBasicInfo/MsgType") == str(kind.value)
    assert "演练" in the(main, "EBM/MsgContent/MsgTitle")
    assert the(main, "EBM/MsgContent/MsgDesc").startswith("綦江区气象台，演练")


@pytest.mark.parametrize("kind", [MessageType.BROADCAST, MessageType.CANCEL])
def test_site_that_would_play_drills_for_real_is_refused(kind: MessageType) -> None:
    with pytest.raises(Reject):
        replace(SITE, drill=kind)


def test_control_characters_do_not_reach_the_wire() -> None:
    assert "\x07" not in the(a_message(a_request(short="请注意\x00\x07防范")), "EBM/MsgContent/MsgDesc")


def test_markup_in_a_text_stays_text() -> None:
    main = a_message(a_request(short="雨量<100>毫米&风"))
    assert "雨量<100>毫米&风" in the(main, "EBM/MsgContent/MsgDesc")


def test_question_for_the_state_names_the_message() -> None:
    main = packet.state_request(SITE, packet_id=PACKET_ID, message_id=MESSAGE_ID, at=AT)
    assert the(main, "EBDType") == "EBMStateRequest"
    assert the(main, "EBMStateRequest/EBM/EBMID") == MESSAGE_ID


def test_heartbeat_is_of_its_own_class() -> None:
    main = packet.connection_check(SITE, at=AT)
    assert the(main, "EBDID").startswith("01")
    assert the(main, "ConnectionCheck/RptTime") == "2026-06-01 22:05:00"


def test_dialect_2023_writes_its_version() -> None:
    assert the(a_message(site=replace(SITE, dialect=DIALECTS["2023"])), "EBDVersion") == "1.0"


def sealed(site: Site = SITE) -> archive.Packet:
    return packet.sealed(site, PACKET_ID, a_message(site=site), at=AT, signer=OUR_KEY)


def signature_of(files: dict[str, bytes]) -> bytes:
    return base64.b64decode(the(files[f"EBDS_EBDB_{PACKET_ID}.xml"], "SignatureValue"))


def test_packet_is_a_flat_tar_of_main_file_and_signature() -> None:
    made = sealed()
    assert made.file_name == f"EBDT_{PACKET_ID}.tar"
    with tarfile.open(fileobj=io.BytesIO(made.content), mode="r:") as tar:
        assert tar.getnames() == [f"EBDB_{PACKET_ID}.xml", f"EBDS_EBDB_{PACKET_ID}.xml"]
        assert all(member.isreg() for member in tar)


def test_signature_file_has_the_fields_of_the_standard() -> None:
    file = archive.unpack(sealed().content)[f"EBDS_EBDB_{PACKET_ID}.xml"]
    assert order_of(file) == ["Version", "RelatedEBD", "CertSN", "SignatureAlgorithm", "SignatureValue"]
    assert the(file, "RelatedEBD/EBDID") == PACKET_ID
    assert the(file, "CertSN") == "0123456789ABCDEF"
    assert the(file, "SignatureAlgorithm") == "SM2-SM3"


def test_old_dialect_names_certificate_and_time() -> None:
    site = replace(SITE, dialect=DIALECTS["regional"], certificate_issuer="Q1")
    file = archive.unpack(sealed(site).content)[f"EBDS_EBDB_{PACKET_ID}.xml"]
    assert order_of(file, "SignatureCert") == ["CertType", "IssuerID", "CertSN"]
    assert the(file, "SignatureTime") == "2026-06-01 22:05:00"
    assert (the(file, "DigestAlgorithm"), the(file, "SignatureAlgorithm")) == ("SM3", "SM2")


def test_signature_holds_over_the_exact_bytes_of_the_main_file() -> None:
    files = archive.unpack(sealed().content)
    main = files[f"EBDB_{PACKET_ID}.xml"]
    assert main == a_message()
    assert OUR_KEY.public.verify(main, signature_of(files))
    assert not OUR_KEY.public.verify(main + b"\n", signature_of(files))


def test_der_signature_is_written_where_a_site_wants_it() -> None:
    site = replace(SITE, dialect=replace(DIALECTS["2018"], signature_encoding="der"))
    files = archive.unpack(sealed(site).content)
    assert signature_of(files)[0] == 0x30
    assert OUR_KEY.public.verify(files[f"EBDB_{PACKET_ID}.xml"], signature_of(files))


def test_gmssl_accepts_our_packet() -> None:
    judge = pytest.importorskip("gmssl.sm2", reason="gmssl is absent: uv sync")
    files = archive.unpack(sealed().content)
    key = judge.CryptSM2(private_key="", public_key="")
    key.public_key = OUR_KEY.public.hex()[2:]
    assert key.verify_with_sm3(signature_of(files).hex(), files[f"EBDB_{PACKET_ID}.xml"])


def test_gnu_tar_reads_our_packet(tmp_path: Path) -> None:
    command = shutil.which("tar")
    if command is None:
        pytest.skip("the tar command is absent: apt-get install tar")
    (tmp_path / "packet.tar").write_bytes(sealed().content)
    listed = subprocess.run(
        [command, "tf", "packet.tar"], cwd=tmp_path, check=True, capture_output=True, text=True
    )
    assert listed.stdout.split() == [f"EBDB_{PACKET_ID}.xml", f"EBDS_EBDB_{PACKET_ID}.xml"]
