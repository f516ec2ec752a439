"""Text that people can read: no control characters, and nothing that turns the direction of writing."""

import re
from typing import Annotated

from pydantic import StringConstraints

_HIDDEN = r"\u007f-\u009f\u2028-\u202e\u2066-\u2069\ufffe\uffff"
_HIDDEN_IN_LINE = rf"\u0000-\u001f{_HIDDEN}"
_HIDDEN_IN_TEXT = rf"\u0000-\u0008\u000b-\u001f{_HIDDEN}"
"""Line ends and tabs can be seen."""

LINE = rf"^[^{_HIDDEN_IN_LINE}]*$"
TEXT = rf"^[^{_HIDDEN_IN_TEXT}]*$"

# Half a character exists in Python alone, where a form of JSON Schema need not name it.
_IN_LINE = re.compile(rf"[{_HIDDEN_IN_LINE}\ud800-\udfff]")
_IN_TEXT = re.compile(rf"[{_HIDDEN_IN_TEXT}\ud800-\udfff]")

WHY = "holds a character that cannot be seen, such as a control character"
MEND = "type it anew instead of pasting it"

Line = Annotated[str, StringConstraints(pattern=LINE)]
"""One line that people can read. Whatever is sent to us as text is this, or `Lines`."""

Lines = Annotated[str, StringConstraints(pattern=TEXT)]
"""Several lines that people can read."""


def is_line(text: str) -> bool:
    """Tell whether a text is one line, of characters that can be seen."""
    return _IN_LINE.search(text) is None


def is_text(text: str) -> bool:
    """Tell whether a text of several lines holds nothing but characters that can be seen."""
    return _IN_TEXT.search(text) is None
