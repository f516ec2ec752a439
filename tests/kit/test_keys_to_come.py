"""A key that another service has already and we have not is waited for: nothing is buried for want of it."""

from pathlib import Path

import pytest

from services.kit.crypto import KeyFolder, SoftwareCrypto, init_keys
from services.kit.errors import Reject, Retry


def test_what_is_sealed_with_a_key_that_is_not_here_yet_opens_when_it_comes(tmp_path: Path) -> None:
    theirs, ours = KeyFolder(tmp_path / "theirs"), KeyFolder(tmp_path / "ours")
    init_keys(theirs)
    init_keys(ours)
    sealed = SoftwareCrypto(theirs).seal(b"block", b"context")
    here = SoftwareCrypto(ours)
    with pytest.raises(Retry):
        here.unseal(sealed, b"context")
    key_id, key = theirs.active("seal")
    (ours.root / "seal" / key_id).write_bytes(key)
    assert here.unseal(sealed, b"context") == b"block"


def test_what_can_never_be_a_key_is_refused_at_once(tmp_path: Path) -> None:
    for name in ("../seal", ".hidden", "schlüssel"):
        with pytest.raises(Reject):
            KeyFolder(tmp_path).key("seal", name)
