"""The Yutian profile of CAP."""

from datetime import timedelta
from pathlib import Path

import pytest
import yaml

from contracts.cap import (
    CapAlert,
    CapRefused,
    MsgType,
    NamedValue,
    ResponseType,
    Severity,
    Status,
    Urgency,
    check,
    compose,
    read,
    reference,
    write,
)
from contracts.values import Level, Mode
from services.kit.crypto import KeyFolder
from services.kit.xmlsig import CapSigner, init_cap_keys
from tests.contracts.alerts import OUTLINE, SENT, SHARED, SQUARE, a_notice, a_text, english, schema_errors

EARLIER = reference("50011041600000", "50011041600000_20260611120000_0", "2026-06-11T12:00:00+08:00")


def _parameters(alert: CapAlert) -> dict[str, str]:
    return {parameter.name: parameter.value for parameter in alert.infos[0].parameters}


def _timing(alert: CapAlert) -> tuple[str, str]:
    return alert.infos[0].urgency, alert.infos[0].certainty


def test_an_alert_says_who_what_where_and_until_when() -> None:
    alert = compose(a_notice(), MsgType.ALERT, Mode.LIVE)
    info = alert.infos[0]
    assert (alert.identifier, alert.sender) == ("50011041600000_20260611140500_0", "50011041600000")
    assert (alert.sent, info.expires) == ("2026-06-11T14:05:00+08:00", "2026-06-11T20:05:00+08:00")
    assert (alert.status, alert.msg_type, alert.scope) == ("Actual", "Alert", "Public")
    assert alert.codes == ("YUTIAN:1", "SIGNAL")
    assert (info.language, info.categories, info.event) == ("zh-CN", ("Met",), "暴雨")
    assert info.event_codes == (NamedValue(name="GB/T35561", value="11B03"),)
    assert [area.desc for area in info.areas] == ["丁山镇", "横山镇"]
    assert info.areas[1].geocodes == (NamedValue(name="CN-ADMIN-12", value="500110124000"),)
    assert (alert.references, alert.note) == ("", "")


def test_latitude_comes_first() -> None:
    alert = compose(a_notice(), MsgType.ALERT, Mode.LIVE)
    assert OUTLINE[0] == (106.5, 28.6)
    assert alert.infos[0].areas[0].polygons == (SQUARE,)
    assert b"<polygon>28.6,106.5 28.6,106.7 " in write(alert)


@pytest.mark.parametrize(
    ("level", "severity", "roman"),
    [
        (Level.RED, "Extreme", "I"),
        (Level.ORANGE, "Severe", "II"),
        (Level.YELLOW, "Moderate", "III"),
        (Level.BLUE, "Minor", "IV"),
    ],
)
def test_the_colour_gives_severity_and_level(level: Level, severity: Severity, roman: str) -> None:
    alert = compose(a_notice(level=level), MsgType.ALERT, Mode.LIVE)
    assert alert.infos[0].severity == severity
    assert _parameters(alert) == {"color": level.value, "level": roman}


def test_a_change_of_colour_names_the_colour_before() -> None:
    notice = a_notice(level=Level.RED, references=EARLIER)
    alert = compose(notice, MsgType.UPDATE, Mode.LIVE, replaces=Level.ORANGE)
    assert _parameters(alert)["replaces-colour"] == "ORANGE"
    same = compose(notice, MsgType.UPDATE, Mode.LIVE, replaces=Level.RED)
    assert "replaces-colour" not in _parameters(same)


def test_a_window_of_six_hours_is_expected_and_a_longer_one_future() -> None:
    near = compose(a_notice(), MsgType.ALERT, Mode.LIVE)
    assert _timing(near) == ("Expected", "Likely")
    far = compose(a_notice(expires=SENT + timedelta(hours=6, seconds=1)), MsgType.ALERT, Mode.LIVE)
    assert _timing(far) == ("Future", "Likely")


def test_what_has_begun_is_immediate_and_observed() -> None:
    assert _timing(compose(a_notice(), MsgType.ALERT, Mode.LIVE, observed=True)) == ("Immediate", "Observed")
    begun = a_notice(onset=SENT - timedelta(minutes=20))
    assert _timing(compose(begun, MsgType.ALERT, Mode.LIVE)) == ("Immediate", "Observed")
    begins_now = a_notice(onset=SENT)
    assert _timing(compose(begins_now, MsgType.ALERT, Mode.LIVE)) == ("Expected", "Likely")


def test_a_drill_is_an_exercise_and_says_so() -> None:
    alert = compose(a_notice(), MsgType.ALERT, Mode.DRILL)
    assert alert.status is Status.EXERCISE
    assert "演练" in alert.note
    assert check(alert) == ()


def test_a_cancel_keeps_an_info_block_that_says_all_clear() -> None:
    lifted = a_text(headline="綦江区气象台解除暴雨橙色预警信号", short="綦江区气象台解除暴雨橙色预警信号。")
    alert = compose(a_notice(references=EARLIER, text=lifted), MsgType.CANCEL, Mode.LIVE)
    info = alert.infos[0]
    assert info.headline == lifted.headline
    assert info.response_types == (ResponseType.ALL_CLEAR,)
    assert info.urgency == Urgency.PAST
    assert alert.note == lifted.short


def test_a_cancel_says_lifted_even_when_its_headline_forgot() -> None:
    alert = compose(a_notice(references=EARLIER, text_en=english()), MsgType.CANCEL, Mode.DRILL)
    assert alert.infos[0].headline.startswith("解除：")
    assert alert.infos[1].headline.startswith("Lifted: ")
    assert "演练" in alert.note


def test_english_makes_a_second_info_block_of_the_same_event() -> None:
    alert = compose(a_notice(text_en=english()), MsgType.ALERT, Mode.LIVE, contact="12379")
    chinese, other = alert.infos
    assert (chinese.language, other.language) == ("zh-CN", "en-US")
    assert (other.event, other.headline) == ("Rainstorm", english().headline)
    assert other.event_codes == chinese.event_codes
    assert other.areas == chinese.areas
    assert other.contact == "12379"
    assert check(alert) == ()


def test_references_are_repeated_byte_for_byte() -> None:
    references = f"{EARLIER} {reference('a', 'b', '2026-06-11T04:00:00-00:00')}"
    alert = compose(a_notice(references=references), MsgType.UPDATE, Mode.LIVE)
    assert alert.references == references
    assert f"<references>{references}</references>".encode() in write(alert)


def test_a_product_other_than_a_signal_has_its_own_code() -> None:
    assert compose(a_notice(product="risk"), MsgType.ALERT, Mode.LIVE).codes == ("YUTIAN:1", "RISK")


@pytest.mark.parametrize("msg_type", ["Ack", "Error", "alert", "Alarm", ""])
def test_an_unknown_type_is_refused_and_never_taken_for_an_alert(msg_type: str) -> None:
    with pytest.raises(CapRefused):
        compose(a_notice(references=EARLIER), msg_type, Mode.LIVE)


@pytest.mark.parametrize("msg_type", [MsgType.UPDATE, MsgType.CANCEL])
def test_what_replaces_nothing_is_neither_update_nor_cancel(msg_type: MsgType) -> None:
    with pytest.raises(CapRefused, match="refers to nothing"):
        compose(a_notice(), msg_type, Mode.LIVE)


@pytest.mark.parametrize(
    "hazard", ["11A01", "11C01", "11D02", "11E02", "11F01", "11G01", "12A01", "13B01", "14A01"]
)
def test_every_kind_of_event_has_a_category(hazard: str) -> None:
    assert check(compose(a_notice(hazard=hazard), MsgType.ALERT, Mode.LIVE)) == ()


def test_the_signature_stays_last_and_the_message_reads_back(tmp_path: Path) -> None:
    keys = KeyFolder(tmp_path)
    init_cap_keys(keys)
    signer = CapSigner(keys)
    alert = compose(a_notice(text_en=english()), MsgType.ALERT, Mode.DRILL)
    assert not read(write(alert)).signed
    signed = signer.sign(write(alert), Mode.DRILL)
    reading = read(signed)
    assert reading.signed
    assert reading.alert == alert
    assert reading.oddities == ()
    assert signer.verified(signed, Mode.DRILL)
    assert not signer.verified(signed, Mode.LIVE)
    assert schema_errors(signed) == []


def _signals() -> list[tuple[str, str, Level]]:
    path = SHARED / "domain" / "signals.yaml"
    if not path.exists():
        return []
    sets = yaml.safe_load(path.read_text("utf-8"))["meta"]["colour_sets"]
    return [(name, row["code"], Level(colour)) for name, row in sets.items() for colour in row["colours"]]


@pytest.mark.parametrize("mode", list(Mode))
@pytest.mark.parametrize("msg_type", [MsgType.ALERT, MsgType.UPDATE, MsgType.CANCEL])
def test_every_signal_in_every_colour_is_valid(msg_type: MsgType, mode: Mode) -> None:
    signals = _signals()
    if not signals:
        pytest.skip(f"no list of signals in {SHARED}: put the shared folder beside the checkout")
    references = "" if msg_type is MsgType.ALERT else EARLIER
    for name, code, level in signals:
        notice = a_notice(
            hazard=code, hazard_name=name, level=level, references=references, text_en=english()
        )
        alert = compose(notice, msg_type, mode)
        assert check(alert) == (), (name, level)
        assert read(write(alert)).alert == alert
        assert schema_errors(write(alert)) == []
