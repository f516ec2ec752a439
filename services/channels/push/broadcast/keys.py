"""Our SM2 keys at the broadcast platform: one for live packets, one for drills, kept in the key folder."""

from contracts.values import Mode
from services.kit import sm
from services.kit.crypto import KeyFolder
from services.kit.errors import Refused


def purpose(mode: Mode) -> str:
    """Return the folder in which the key of a mode lies."""
    return f"sm2-{mode}"


def init_partner_keys(folder: KeyFolder) -> list[str]:
    """Make every software key for partners that is missing; return the purposes for which one was made."""
    made = []
    for mode in Mode:
        if not (folder.root / purpose(mode) / "active").exists():
            folder.add(purpose(mode), sm.PrivateKey.generate().secret.hex().encode() + b"\n")
            made.append(purpose(mode))
    return made


def signer(folder: KeyFolder, mode: Mode) -> sm.PrivateKey:
    """Return the key that signs packets of a mode; raise Refused when there is none that can be read."""
    _, content = folder.active(purpose(mode))
    try:
        return sm.PrivateKey.from_hex(content.decode("ascii", errors="replace"))
    except ValueError as error:
        raise Refused(f"the {purpose(mode)} key cannot be read: {error}") from None
