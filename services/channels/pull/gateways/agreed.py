"""The terms in force: the file that is named, or the one that comes with us."""

from pathlib import Path

from services.channels.pull.gateways.model.terms import Terms, read
from services.kit.errors import Refused

OURS = Path(__file__).parent / "data" / "terms.yaml"


def terms_of(named: str) -> Terms:
    """Return the terms of a file, ours when none is named; raise Refused when it cannot be read."""
    try:
        text = (Path(named) if named else OURS).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        raise Refused(
            f"the terms of operators cannot be read from {named}", mend="see YUTIAN_GATEWAYS_TERMS"
        ) from None
    return read(text)
