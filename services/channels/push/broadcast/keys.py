"""Our SM2 keys at the broadcast platform: one for live packets, one for drills, kept in the key folder."""

from contracts.values import Mode
from services.kit import sm
from services.kit.crypto import KeyFolder


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
