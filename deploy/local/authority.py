"""Writes the table of people into docs/authority.md; with --check, says whether page and data differ."""

import sys
from collections.abc import Iterator
from pathlib import Path

from contracts.values import Level
from services.issuer.catalogue import load
from services.issuer.catalogue.authority import Authority, Deed, Verb

PAGE = Path(__file__).parents[2] / "docs" / "authority.md"
STANDINGS = (
    "draft",
    "review",
    "issued",
    "lifted",
    "halted",
    "superseded",
    "cancelled",
    "expired",
    "rejected",
)
MEANS = {
    "desk": "one of the desk's roles",
    "author": "who wrote in the revision",
    "approver": "a role that its approvals ask for, and no author of it",
    "halter": "a role that may halt",
}


def page(authority: Authority) -> str:
    """Return the page that the data make."""
    return "\n".join((*_head(authority), *_acts(authority), *_approvals(authority), ""))


def _head(authority: Authority) -> Iterator[str]:
    yield "# Who may do what"
    yield ""
    yield f"Made from `services/issuer/catalogue/authority.yaml`, version {authority.version}, by"
    yield "`python -m deploy.local.authority`; `make check` fails when the two differ. What is not in the"
    yield "first table is refused, which `tests/issuer/test_moves.py` tries for every state, act and role."
    yield ""
    yield f"The desk: {_listed(authority.desk_roles)}. Halting: {_listed(authority.halt.roles)}, looked at"
    yield f"within {authority.halt.review_within_hours} hours. Whoever wrote in a revision never approves it."
    yield f"A note beside a warning in force is a {_listed(authority.notes.roles)}'s alone, for its own town."


def _acts(authority: Authority) -> Iterator[str]:
    yield from ("", "## Acts, by where a revision stands", "")
    yield f"| Act | {' | '.join(STANDINGS)} | By |"
    yield f"|---|{'---|' * (len(STANDINGS) + 1)}"
    for verb in Verb:
        rule = authority.acts[verb]
        marks = ("yes" if where in rule.where else "" for where in STANDINGS)
        yield f"| {verb} | {' | '.join(marks)} | {', '.join(sorted(rule.by))} |"
    yield ""
    yield from (f"- *{who}*: {means}" for who, means in MEANS.items())
    yield "- *lifted*: a lift that is out; every other word is a state of the revision"


def _approvals(authority: Authority) -> Iterator[str]:
    yield from ("", "## Approvals, by product and colour", "", "| Product | Colour | To issue | To lift |")
    yield "|---|---|---|---|"
    for product in authority.products:
        for level in Level:
            asked = (
                ", then ".join(f"a {' or a '.join(sorted(step.roles))}" for step in steps)
                for steps in (authority.approvals(product, level, deed) for deed in Deed)
            )
            yield f"| {product} | {level} | {' | '.join(asked)} |"


def _listed(roles: frozenset[str]) -> str:
    return ", ".join(sorted(map(str, roles)))


def main(arguments: list[str]) -> int:
    """Write the page, or check it."""
    wanted = page(load().authority)
    if "--check" not in arguments:
        PAGE.write_text(wanted, encoding="utf-8")
        return 0
    if PAGE.read_text(encoding="utf-8") == wanted:
        return 0
    print("docs/authority.md is not what authority.yaml says: run `python -m deploy.local.authority`")
    return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
