"""Errors are of four kinds, sorted in one place.

Problem
├── Refused            the rules say no               409   to DEAD
│   ├── Invalid        a field is wrong               422
│   ├── Unauthenticated  nobody is signed in          401
│   ├── Forbidden      somebody else may              403
│   │   └── Owing      something comes first          403
│   └── Absent         left out of this installation  501
├── NotFound           no such thing (yet)            404   tried again until expiry
├── Retry              the world is busy              503   tried again until expiry
└── Reject             it will never work             502   to DEAD
"""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Fault:
    """One thing wrong with what was sent: where, what, and how to mend it. Never the value itself."""

    field: str
    why: str
    mend: str


class Problem(Exception):
    """Something that a caller can be told. `name` is stable and answers at /problems/<name>."""

    name = "problem"
    status = 500
    title = "Something went wrong"

    def __init__(self, why: str, *, mend: str | None = None, name: str | None = None) -> None:
        super().__init__(why)
        self.why = why
        self.mend = mend
        self.name = name or type(self).name


class Refused(Problem):
    """The rules say no."""

    name, status, title = "refused", 409, "The rules do not allow this"


class Invalid(Refused):
    """What was sent is wrong, field by field."""

    name, status, title = "invalid", 422, "What was sent cannot be used"

    def __init__(self, field: str, why: str, mend: str, *, more: Sequence[Fault] = ()) -> None:
        super().__init__(f"{field}: {why}", mend=mend)
        self.faults = (Fault(field, why, mend), *more)

    @classmethod
    def of(cls, faults: Sequence[Fault]) -> "Invalid":
        """Return the error that names all the faults at once."""
        first, *more = faults
        return cls(first.field, first.why, first.mend, more=more)


class Unauthenticated(Refused):
    """Nobody is signed in, or the key is unknown."""

    name, status, title = "unauthenticated", 401, "Sign in or send a valid key"


class Forbidden(Refused):
    """Whoever is signed in may not do this."""

    name, status, title = "forbidden", 403, "This account or key may not do that"


class Owing(Forbidden):
    """Something must be done first, at an address that a browser is led to."""

    name, title = "first-things-first", "Something must be done first"

    def __init__(self, why: str, *, leads_to: str, mend: str) -> None:
        super().__init__(why, mend=mend)
        self.leads_to = leads_to


class Absent(Refused):
    """This installation was made without what it takes."""

    name, status, title = "absent", 501, "This server was installed without it"


class NotFound(Problem):
    """There is no such thing, or not yet."""

    name, status, title = "not-found", 404, "No such thing"


class Retry(Problem):
    """The world is busy; try again, after so many seconds when it says so."""

    name, status, title = "busy", 503, "Busy, try again"

    def __init__(self, why: str, *, after: float | None = None, mend: str | None = None) -> None:
        super().__init__(why, mend=mend)
        self.after = after


class Reject(Problem):
    """It will never work, however often it is tried."""

    name, status, title = "rejected", 502, "It will never work"
