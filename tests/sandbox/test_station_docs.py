"""The page for makers of terminals: its verification is run, on what must be shown and what must not."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from contracts import cap
from contracts.cap import MsgType
from contracts.values import Mode
from services.kit.crypto import KeyFolder
from services.kit.xmlsig import CapSigner, init_cap_keys
from tests.channels.pull.stations_make import soon

PAGE = Path(__file__).parents[2] / "docs" / "stations.md"


@pytest.fixture(scope="module")
def signer(tmp_path_factory: pytest.TempPathFactory) -> CapSigner:
    keys = KeyFolder(tmp_path_factory.mktemp("keys"))
    init_cap_keys(keys)
    return CapSigner(keys)


def the_function() -> Any:
    """Return the function that the page shows."""
    code = PAGE.read_text().split("```python\n")[1].split("```")[0]
    names: dict[str, Any] = {}
    exec(compile(code, str(PAGE), "exec"), names)
    return names["refusal"]


def test_what_the_page_says_of_verification_shows_what_is_signed_and_refuses_the_rest(
    signer: CapSigner,
) -> None:
    refusal, now, notice = the_function(), datetime.now(UTC), soon()
    live, drill = (signer.certificate(mode) for mode in Mode)
    text = signer.sign(cap.write(cap.compose(notice, MsgType.ALERT, Mode.LIVE)), Mode.LIVE).decode()
    alert = {"mode": "live", "kind": "alert", "identifier": notice.identifier, "cap_xml": text}
    assert refusal(alert, "live", live, now) is None
    later = now + timedelta(hours=7)
    assert refusal(alert, "live", live, later) == "expired"
    assert refusal(alert, "drill", drill, now) == "foreign mode"
    assert refusal(alert | {"mode": "drill"}, "drill", live, now) == "foreign mode"
    unsigned = "not signed by the certificate of this device"
    assert refusal(alert, "live", drill, now) == unsigned
    for broken in (text.replace("避险", "不避险"), text.replace("户外", "户内"), "<alert/>", "", None):
        if broken != text:
            assert refusal(alert | {"cap_xml": broken}, "live", live, now) == unsigned
    assert refusal(alert | {"identifier": "another"}, "live", live, now) == "signed for another alert"
    assert refusal({"mode": "live", "kind": "halt"}, "live", live, later) is None
