"""Retention: which class a record belongs to, and how long a class is kept. What is unknown is kept."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from contracts import message_class
from contracts.fact import Fact
from contracts.message import Message
from services.kit.errors import Invalid

UNKNOWN = "unknown"
"""The class of what stands in none: it is kept for ever."""

SECURITY = "security"
DELIVERY = "delivery-detail"
SECURITY_AT_LEAST = timedelta(days=184)
"""Six months: the law's least for logs of a network's security."""

MEND = "mend services/audit/data/retention.yaml"


@dataclass(frozen=True)
class Class:
    """One class: how long it is kept, None for ever, and what belongs to it."""

    name: str
    keep: timedelta | None
    messages: frozenset[str]
    facts: frozenset[str]


@dataclass(frozen=True)
class Retention:
    """The rules, with their version."""

    version: int
    classes: Mapping[str, Class]

    def of(self, message: Message | None) -> str:
        """Return the class of what a record says."""
        if message is None:
            return UNKNOWN
        if isinstance(message, Fact):
            return self.of_fact(message.service, message.kind)
        return self.of_message(message.noun, message.verb)

    def of_message(self, noun: str, verb: str) -> str:
        """Return the class of a message that is no fact."""
        return self._first((f"{noun}.{verb}", noun), {m: c.name for c in self._all() for m in c.messages})

    def of_fact(self, service: str, kind: str) -> str:
        """Return the class of a fact: the closest pattern counts."""
        begun = kind.split(".", 1)[0] + ".*"
        names = (f"{service}:{kind}", kind, f"{service}:{begun}", begun)
        return self._first(names, {f: c.name for c in self._all() for f in c.facts})

    def may_be(self, name: str, kind: str) -> bool:
        """Tell whether a record of this kind, whoever said it, can be of a class."""
        noun, _, verb = kind.partition(".")
        mine = {f.split(":", 1)[0] for f in self.classes[name].facts if f.endswith(f":{kind}")}
        said = (self.of_message(noun, verb), *(self.of_fact(house, kind) for house in ("", *mine)))
        return kind != UNKNOWN and name in said

    def may_empty(self, name: str, subject: str) -> bool:
        """Tell whether a record with this subject can be of a class that is deleted in time.

        More cannot be told of a record whose payload is gone: of a fact, that the class has facts.
        """
        found = self.classes.get(name)
        if found is None or found.keep is None:
            return False
        try:
            said = message_class(subject)
        except KeyError:
            return False
        if said is Fact:
            return bool(found.facts)
        return self.of_message(said.noun, said.verb) == name

    def latest(self, name: str, now: datetime) -> datetime | None:
        """Return before when records of a class may be deleted, None when they never may."""
        keep = self.classes[name].keep
        return now - keep if keep is not None else None

    def _all(self) -> Iterable[Class]:
        return self.classes.values()

    def _first(self, names: Iterable[str], where: Mapping[str, str]) -> str:
        return next((where[name] for name in names if name in where), UNKNOWN)


def parse(given: Any) -> Retention:
    """Return the rules of a file; raise Invalid that names what is wrong with it."""
    try:
        classes = {str(name): _class(str(name), found) for name, found in given["classes"].items()}
        rules = Retention(int(given["version"]), classes)
    except (KeyError, TypeError, ValueError, AttributeError, OverflowError) as error:
        raise Invalid("retention", f"cannot be read: {type(error).__name__}", MEND) from None
    _refuse_twice(rules)
    security = rules.classes.get(SECURITY)
    if security is None or (security.keep is not None and security.keep < SECURITY_AT_LEAST):
        raise Invalid("retention", "the security log is kept for less than six months", MEND)
    return rules


def _class(name: str, given: Mapping[str, Any]) -> Class:
    keep = None if given["keep"] == "forever" else timedelta(days=int(given["keep"]))
    if keep is not None and keep <= timedelta(0):
        raise ValueError("kept for no time")
    messages, facts = list(given["messages"]), list(given["facts"])
    if len({*messages}) != len(messages) or len({*facts}) != len(facts):
        raise Invalid("retention", f"class {name} names something twice", MEND)
    return Class(name, keep, frozenset(map(str, messages)), frozenset(map(str, facts)))


def _refuse_twice(rules: Retention) -> None:
    seen: set[str] = set()
    for one in rules.classes.values():
        names = {f"message {m}" for m in one.messages} | {f"fact {f}" for f in one.facts}
        if seen & names:
            raise Invalid("retention", f"{min(seen & names)} stands in two classes", MEND)
        seen |= names
