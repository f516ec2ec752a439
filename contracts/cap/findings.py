"""Everything that can be wrong with a CAP message: one row a rule, how bad it is, and how to mend it."""

from dataclasses import dataclass
from enum import StrEnum

from contracts.cap.model import CapAlert
from contracts.values import Value


class Grade(StrEnum):
    """How bad a finding is."""

    SCHEMA = "schema"
    """The document is not CAP; it is never written so."""
    RULE = "rule"
    """The specification or a known receiver refuses it."""
    ADVICE = "advice"
    """Receivers complain or may show it wrongly."""


class Finding(Value):
    """One thing that is wrong: where, what, how to mend it. It never repeats what was submitted."""

    rule: str
    """The row of `RULES`: the name under which a page finds its own wording."""
    path: str
    what: str
    mend: str
    grade: Grade


class CapReading(Value):
    """A message as it was read, and what was odd about the document."""

    alert: CapAlert
    version: str
    signed: bool
    """A signature element is there; nobody has verified it yet."""
    oddities: tuple[Finding, ...] = ()


@dataclass(frozen=True)
class Rule:
    """How bad a breach is, and how to mend it."""

    grade: Grade
    mend: str


_SCHEMA, _RULE, _ADVICE = Grade.SCHEMA, Grade.RULE, Grade.ADVICE

ODDITIES: dict[str, Rule] = {
    "version-old": Rule(_ADVICE, "ask the sender for CAP 1.2"),
    "byte-order-mark": Rule(_ADVICE, "leave the byte-order mark out"),
    "space-before-start": Rule(_SCHEMA, "begin with the XML declaration"),
    "encoding": Rule(_ADVICE, "write UTF-8"),
    "element-unknown": Rule(_SCHEMA, "leave it out, or move it into a parameter"),
    "element-order": Rule(_SCHEMA, "keep the order of the CAP 1.2 schema"),
    "element-repeated": Rule(_SCHEMA, "give it once; only the first was read"),
    "element-empty": Rule(_RULE, "leave an empty optional element out"),
    "element-inside": Rule(_SCHEMA, "give plain text; only the text inside was read"),
    "named-value-old": Rule(_RULE, "give a valueName and a value"),
    "number-unreadable": Rule(_SCHEMA, "give a plain decimal number"),
    "polygon-unreadable": Rule(_RULE, "give pairs `lat,lon` with single spaces between; it was left out"),
    "circle-unreadable": Rule(_RULE, "give `lat,lon radius`; it was left out"),
    "certainty-very-likely": Rule(_SCHEMA, "write Likely; it was read so"),
    "signature-place": Rule(_SCHEMA, "make the signature the last child of alert"),
    "more-oddities": Rule(_ADVICE, "mend those that are listed first"),
}
"""What only the document can show."""

CHECKS: dict[str, Rule] = {
    "missing": Rule(_SCHEMA, "fill it in"),
    "word-unknown": Rule(_SCHEMA, "use a word of the CAP 1.2 list"),
    "date-form": Rule(_SCHEMA, "write YYYY-MM-DDThh:mm:ss+08:00, without Z and without fractions"),
    "language-form": Rule(_SCHEMA, "write a language tag such as zh-CN"),
    "characters": Rule(_SCHEMA, "take the control characters out"),
    "identifier-characters": Rule(_RULE, "use no spaces, commas, < or &"),
    "utc-form": Rule(_ADVICE, "write -00:00 for UTC"),
    "test-public": Rule(_ADVICE, "keep tests out of public feeds; use Exercise for a drill"),
    "restriction-scope": Rule(_RULE, "give a restriction only with scope Restricted"),
    "restriction-missing": Rule(_RULE, "say in restriction who may see it"),
    "addresses-missing": Rule(_RULE, "list the addresses that a Private message is for"),
    "quotes": Rule(_RULE, "put each item that holds spaces between two double quotes"),
    "note-missing": Rule(_ADVICE, "say in note what the exercise is for"),
    "reason-missing": Rule(_RULE, "say in note why the message was rejected"),
    "references-missing": Rule(_RULE, "list every message that this one replaces, ends or answers"),
    "references-form": Rule(_RULE, "write `sender,identifier,sent`, with a space between two of them"),
    "reference-date": Rule(_RULE, "repeat the sent text of the other message byte for byte"),
    "reference-self": Rule(_RULE, "refer to other messages only"),
    "reference-later": Rule(_RULE, "refer to earlier messages only"),
    "info-missing": Rule(_RULE, "give the whole content in an info block"),
    "info-advised": Rule(_ADVICE, "keep an info block, so that simple screens can show the all-clear"),
    "infos-differ": Rule(_RULE, "give every info block the same categories and event codes"),
    "text-language": Rule(_ADVICE, "translate it, or correct the language of the info block"),
    "events-differ": Rule(_RULE, "name the same event in every info block of one language"),
    "text-same": Rule(_ADVICE, "translate it, or leave the second info block out"),
    "language-missing": Rule(_ADVICE, "write the language: receivers take en-US when there is none"),
    "level-unknown": Rule(_ADVICE, "say what is known: many receivers hide Unknown"),
    "expires-missing": Rule(_RULE, "say when it expires, or each receiver decides for itself"),
    "expires-early": Rule(_RULE, "let it expire after it takes effect"),
    "onset-late": Rule(_RULE, "let the onset come before the expiry"),
    "headline-long": Rule(_ADVICE, "keep the headline within 140 characters"),
    "headline-too-long": Rule(_ADVICE, "keep the headline within 160 characters: some screens hold no more"),
    "description-missing": Rule(_ADVICE, "say in a description what is expected"),
    "texts-alike": Rule(_ADVICE, "let headline, description and instruction each say something of its own"),
    "markup": Rule(_ADVICE, "write plain text without HTML tags and entities"),
    "uri-form": Rule(_RULE, "give a full address such as https://example.org/page"),
    "value-name": Rule(_RULE, "name the value in valueName"),
    "area-missing": Rule(_RULE, "say where: receivers cannot place it otherwise"),
    "area-nowhere": Rule(_RULE, "give the area a polygon, a circle or a geocode"),
    "polygon-short": Rule(_RULE, "give at least four points"),
    "polygon-open": Rule(_RULE, "repeat the first point as the last"),
    "polygon-range": Rule(_RULE, "keep latitude within 90 and longitude within 180 degrees"),
    "polygon-turned": Rule(_RULE, "write the latitude first"),
    "polygon-crossing": Rule(_RULE, "let no two edges meet except at their common corner"),
    "polygon-unchecked": Rule(_ADVICE, "simplify the polygons: their edges are too many to compare"),
    "circle-range": Rule(_RULE, "keep latitude within 90 and longitude within 180 degrees"),
    "circle-point": Rule(_ADVICE, "give the radius within which people are warned"),
    "circle-radius": Rule(_RULE, "give the radius in kilometres, not below zero"),
    "geocode-coordinates": Rule(_ADVICE, "put coordinates into polygon or circle"),
    "ceiling-alone": Rule(_RULE, "give the altitude too"),
    "ceiling-low": Rule(_RULE, "let the ceiling be above the altitude"),
    "mime-form": Rule(_RULE, "give a media type of the registered kinds, such as image/png"),
    "size-negative": Rule(_RULE, "give the size in bytes"),
    "content-form": Rule(_RULE, "give the file as base64"),
    "digest-form": Rule(_RULE, "give the SHA-1 as 40 hex digits"),
    "digest-wrong": Rule(_RULE, "compute the digest over the file that is in derefUri"),
    "more-findings": Rule(_ADVICE, "mend those that are listed first"),
}
"""What `check` looks for."""

RULES = {**ODDITIES, **CHECKS}


def found(rule: str, path: str, what: str) -> Finding:
    """Return the finding that a rule is broken at a place."""
    row = RULES[rule]
    return Finding(rule=rule, path=path, what=what, mend=row.mend, grade=row.grade)
