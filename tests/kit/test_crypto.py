"""Sealing, keyed hashes, signatures, keys."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.values import Mode
from services.kit.crypto import (
    KeyFolder,
    SoftwareCrypto,
    hashes_of,
    init_keys,
    new_api_key,
    read_api_key,
)
from services.kit.errors import Refused, Reject, Retry
from services.kit.xmlsig import CapSigner, init_cap_keys

DOCUMENT = (
    '<alert xmlns="urn:oasis:names:tc:emergency:cap:1.2"><identifier>x</identifier><note>綦江</note></alert>'
).encode()


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> KeyFolder:
    keys = KeyFolder(tmp_path_factory.mktemp("keys"))
    init_keys(keys)
    init_cap_keys(keys)
    return keys


@pytest.fixture(scope="module")
def crypto(folder: KeyFolder) -> SoftwareCrypto:
    return SoftwareCrypto(folder)


@given(plain=st.binary(max_size=2000), context=st.binary(max_size=40))
def test_what_is_sealed_opens_in_its_context_alone(
    crypto: SoftwareCrypto, plain: bytes, context: bytes
) -> None:
    sealed = crypto.seal(plain, context)
    assert crypto.unseal(sealed, context) == plain
    with pytest.raises(Reject):
        crypto.unseal(sealed, context + b"!")


@given(data=st.data())
def test_a_flipped_bit_anywhere_is_noticed(crypto: SoftwareCrypto, data: st.DataObject) -> None:
    sealed = bytearray(crypto.seal(b"13800000000", b"c"))
    place = data.draw(st.integers(0, len(sealed) * 8 - 1))
    sealed[place // 8] ^= 1 << place % 8
    with pytest.raises((Reject, Retry)):
        crypto.unseal(bytes(sealed), b"c")


def test_an_old_key_still_opens_after_a_new_one_is_active(tmp_path: Path) -> None:
    keys = KeyFolder(tmp_path)
    init_keys(keys)
    sealed = SoftwareCrypto(keys).seal(b"plain", b"c")
    keys.add("seal", b"k" * 32)
    renewed = SoftwareCrypto(keys)
    assert renewed.unseal(sealed, b"c") == b"plain"
    assert renewed.unseal(renewed.seal(b"new", b"c"), b"c") == b"new"


def test_init_makes_only_what_is_missing(tmp_path: Path) -> None:
    assert init_keys(KeyFolder(tmp_path))
    assert init_keys(KeyFolder(tmp_path)) == []
    assert all(p.stat().st_mode & 0o077 == 0 for p in tmp_path.rglob("*") if p.is_file())


def test_missing_keys_are_named_with_the_mend(tmp_path: Path) -> None:
    with pytest.raises(Refused) as error:
        SoftwareCrypto(KeyFolder(tmp_path))
    assert "yutian keys init" in (error.value.mend or "")


def test_keyed_hashes_are_eight_bytes_and_stable(crypto: SoftwareCrypto) -> None:
    assert len(crypto.keyed_hash("13800000000")) == 8
    assert crypto.keyed_hash("13800000000") == crypto.keyed_hash("13800000000")
    assert crypto.keyed_hash("13800000000") != crypto.keyed_hash("13800000001")


def test_signatures_hold_for_what_was_signed(crypto: SoftwareCrypto) -> None:
    key_id, signature = crypto.sign(b"head")
    assert crypto.verify(key_id, b"head", signature)
    assert not crypto.verify(key_id, b"hoad", signature)


def test_api_keys_show_their_mode_and_hide_their_secret() -> None:
    key_id, key, sha256 = new_api_key("drill")
    assert key.startswith("yt_drill_")
    assert read_api_key(key) == ("drill", key_id, sha256)
    assert read_api_key("yt_test_x_y") is None
    assert read_api_key("rubbish") is None


def test_a_signed_document_verifies_in_its_mode_alone(folder: KeyFolder) -> None:
    signer = CapSigner(folder)
    signed = signer.sign(DOCUMENT, Mode.DRILL)
    assert signer.verified(signed, Mode.DRILL)
    assert not signer.verified(signed, Mode.LIVE)
    assert not signer.verified(signed.replace("綦江".encode(), b"x"), Mode.DRILL)
    assert not signer.verified(DOCUMENT, Mode.DRILL)


def test_signing_fails_closed(folder: KeyFolder, tmp_path: Path) -> None:
    with pytest.raises(Refused):
        CapSigner(KeyFolder(tmp_path)).sign(DOCUMENT, Mode.LIVE)
    with pytest.raises(Refused):
        CapSigner(folder).sign(b"not xml", Mode.LIVE)


def test_a_new_phone_key_hashes_otherwise_and_the_former_one_still_answers(tmp_path: Path) -> None:
    keys, number = KeyFolder(tmp_path), "13800000000"
    init_keys(keys)
    crypto = SoftwareCrypto(keys)
    before, former = crypto.keyed_hash(number), crypto.hash_key
    assert crypto.lasting_key == former
    new = keys.add("phone", bytes(range(32)))
    keys.add("phone", bytes(range(1, 33)), "newest")
    assert crypto.keyed_hash(number) == before
    after = SoftwareCrypto(keys)
    assert (after.hash_key, after.lasting_key) == ("newest", former)
    assert set(after.hash_keys()) == {former, new, "newest"}
    assert after.keyed_hash(number) != before
    assert after.keyed_hash(number, former) == before
    assert crypto.keyed_hash(number, "newest") == after.keyed_hash(number)
    assert hashes_of(after, number, former) == [before]
    assert set(hashes_of(after, number, None)) == {after.keyed_hash(number, key) for key in after.hash_keys()}
