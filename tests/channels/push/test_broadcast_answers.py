"""What the broadcast platform answers, as we read it."""

from dataclasses import replace

import pytest

from sandbox import ebd
from services.channels.push.broadcast import answers, archive, ids
from services.channels.push.broadcast.answers import Receipt, ResultCode, StateReport
from services.channels.push.broadcast.archive import Unreadable
from services.channels.push.broadcast.site import DIALECTS, PlayState, Site
from tests.channels.push.broadcast_make import (
    AT,
    MESSAGE_ID,
    OUR_KEY,
    PACKET_ID,
    SITE,
    THEIR_KEY,
    THEIRS,
    answer_tar,
    receipt_xml,
    state_xml,
)


def read(content: bytes, site: Site = SITE) -> Receipt | StateReport:
    return answers.read(site, content, THEIR_KEY.public)


@pytest.mark.parametrize("code", ResultCode)
def test_receipt_is_read(code: ResultCode) -> None:
    said = read(answer_tar(receipt_xml(code.value)))
    assert isinstance(said, Receipt)
    assert (said.code, said.related, said.description) == (code, PACKET_ID, "说明")
    assert said.at == AT
    assert said.code.final_refusal == (code.value >= 2)


@pytest.mark.parametrize(("code", "state"), list(enumerate(PlayState)))
def test_state_is_read(code: int, state: PlayState) -> None:
    said = read(answer_tar(state_xml(code)))
    assert isinstance(said, StateReport)
    assert (said.message_id, said.state, said.coverage_rate) == (MESSAGE_ID, state, 0.5)
    assert said.areas == ("500110110000",)
    assert said.resources == (1, 0, 1, 12)
    assert said.items[0].state is state
    assert said.items[0].adapter == THEIRS
    assert said.state.final == (code >= 3)


def test_old_regional_state_codes_mean_something_else() -> None:
    site = replace(SITE, dialect=DIALECTS["regional"])
    states = [read(answer_tar(state_xml(code)), site) for code in (0, 1, 2)]
    assert [said.state for said in states if isinstance(said, StateReport)] == [
        PlayState.FAILED,
        PlayState.PLAYING,
        PlayState.PLAYED,
    ]
    with pytest.raises(Unreadable):
        read(answer_tar(state_xml(3)), site)


@pytest.mark.parametrize(
    ("written", "rate"), [("99", 0.99), ("1", 1.0), ("0", 0.0), ("-1", None), ("nan", None)]
)
def test_coverage_rate_is_kept_between_nothing_and_all(written: str, rate: float | None) -> None:
    said = read(answer_tar(state_xml(rate=written)))
    assert isinstance(said, StateReport)
    assert said.coverage_rate == rate


def test_answer_signed_by_somebody_else_is_refused() -> None:
    forged = ebd.Party(THEIRS, OUR_KEY.secret, "77")
    with pytest.raises(Unreadable, match="does not hold"):
        read(answer_tar(receipt_xml(), party=forged))


def test_answer_without_signature_is_taken_for_a_heartbeat_only() -> None:
    name = f"EBDB_{ids.packet_id(THEIRS, 5)}.xml"
    main = archive.unpack(answer_tar(receipt_xml()))[name]
    unsigned = archive.pack(ids.packet_id(THEIRS, 5), {name: main}, AT).content
    with pytest.raises(Unreadable, match="not signed"):
        read(unsigned)
    assert isinstance(answers.read(SITE, unsigned, None), Receipt)


def test_changed_answer_is_refused() -> None:
    files = archive.unpack(answer_tar(receipt_xml(5)))
    name = f"EBDB_{ids.packet_id(THEIRS, 5)}.xml"
    files[name] = files[name].replace(b">5<", b">1<")
    with pytest.raises(Unreadable, match="does not hold"):
        read(archive.pack(ids.packet_id(THEIRS, 5), files, AT).content)


def test_signature_of_another_packet_is_refused() -> None:
    files = archive.unpack(answer_tar(receipt_xml()))
    (main_name, main), (_, signature) = files.items()
    other = ids.packet_id(THEIRS, 6)
    swapped = {main_name.replace("05.xml", "06.xml"): main, f"EBDS_EBDB_{other}.xml": signature}
    with pytest.raises(Unreadable, match="another packet"):
        read(archive.pack(other, swapped, AT).content)


def test_answer_of_another_platform_is_refused() -> None:
    party = ebd.Party(THEIRS[:-1] + "9", THEIR_KEY.secret, "77")
    with pytest.raises(Unreadable, match="somebody else"):
        read(answer_tar(receipt_xml(), party=party))


def test_answer_for_somebody_else_is_refused() -> None:
    with pytest.raises(Unreadable, match="somebody else"):
        read(answer_tar(receipt_xml(), to=THEIRS))


@pytest.mark.parametrize(
    "body",
    [
        "<EBDResponse/>",
        receipt_xml("6"),
        receipt_xml("yes"),
        receipt_xml("-1"),
        state_xml("9"),
        state_xml().replace(MESSAGE_ID, "1"),
        "<OMDRequest><OMDType>EBRPSInfo</OMDType></OMDRequest>",
    ],
)
def test_answer_that_says_nothing_known_is_refused(body: str) -> None:
    with pytest.raises(Unreadable):
        read(answer_tar(body))
