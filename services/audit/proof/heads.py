"""Heads that must be there: those that somebody kept, and those that were signed as the records say."""

from bisect import bisect_left
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from contracts.fact import Fact
from services.audit.model import own
from services.audit.model.checkpoint import PublicKey, SignedHead
from services.audit.model.differences import Difference
from services.audit.model.own import HeadSaid
from services.kit.errors import Reject


def refuse_strange(kept: Iterable[SignedHead], origin: str, keys: Sequence[PublicKey]) -> None:
    """Raise Reject unless every head that was kept is the ledger's, and none contradicts another."""
    roots: dict[int, bytes] = {}
    for one in kept:
        size = one.head.size
        if one.head.origin != origin:
            raise Reject(
                f"the head that you kept over {size} records is of another ledger: {one.head.origin}"
            )
        if not any(key.vouches(one) for key in keys):
            raise Reject(f"the head that you kept over {size} records is not signed by the ledger's key")
        if roots.setdefault(size, one.head.root) != one.head.root:
            raise Reject(f"two heads that you kept over {size} records differ, and the ledger signed both")


@dataclass
class Signed:
    """The heads that stand in a transcript, beside those of which its records say that they were signed."""

    roots: dict[int, bytes] = field(default_factory=dict)
    """By the size, smallest first."""
    missing: dict[int, int] = field(default_factory=dict)
    """Heads that do not stand there, by their size, each with the record that says that it was signed."""
    found: list[Difference] = field(default_factory=list)

    def hear(self, position: int, fact: Fact) -> None:
        """Take in what a fact says; the heads of which it can speak stand above it."""
        try:
            said = own.said(fact)
        except Reject:
            self.found.append(own.named(position, fact.kind))
            return
        if not isinstance(said, HeadSaid):
            return
        root = self.roots.get(said.size)
        if root is None:
            self.missing.setdefault(said.size, position)
        elif root != said.root:
            why = f"a head is not the one of which record {position} says that it was signed"
            self.found.append(Difference("head-forged", why, about=f"head {said.size}"))

    def gap(self) -> tuple[str, int] | None:
        """Return why the first head that is missing must be there, and in which line it should stand."""
        if not self.missing:
            return None
        size = min(self.missing)
        why = f"the head over the first {size} records is missing"
        why = f"{why}: record {self.missing[size]} says that it was signed"
        return why, 2 + size + bisect_left(sorted(self.roots), size)

    def differences(self) -> list[Difference]:
        """Return what is wrong with heads of a transcript that is whole."""
        why = "a head that was signed, as record {} says, does not stand in the transcript"
        missing = (
            Difference("heads-missing", why.format(position), about=f"head {size}", expected=size)
            for size, position in sorted(self.missing.items())
        )
        return [*self.found, *missing]
