"""Inventory: of each table, whether it is a source, derived from the records, or only helps to go on.

What is derived can be folded anew, and is looked at again and again. What is a source bears its own proof, or
is held against the facts in the ledger. What only helps says nothing to anybody who asks.
"""

SOURCE, DERIVED, BOOKKEEPING = "source", "derived", "bookkeeping"

INVENTORY: dict[str, tuple[str, str]] = {
    "records": (SOURCE, "the records, each with its leaf, its hash and its place in the chain"),
    "nodes": (SOURCE, "hashes of the tree over the records"),
    "heads": (SOURCE, "the heads that were signed"),
    "epochs": (SOURCE, "the lives of the stream"),
    "gaps": (SOURCE, "what the stream had lost before it was recorded"),
    "proposals": (SOURCE, "what auditors propose, held against the facts"),
    "holds": (SOURCE, "legal holds, held against the facts"),
    "tombstones": (SOURCE, "what stands for records that were emptied, held against the facts"),
    "revisions": (DERIVED, "the revisions of warnings"),
    "endings": (DERIVED, "what ended warnings"),
    "plans": (DERIVED, "the plans of warnings"),
    "deliveries": (DERIVED, "the deliveries of warnings"),
    "targets": (DERIVED, "the named targets of warnings"),
    "target_counts": (DERIVED, "counts of targets whose names were deleted"),
    "acts": (DERIVED, "who did what to a warning"),
    "comings": (DERIVED, "when stations came and went"),
    "carried": (DERIVED, "what a gateway carried of a revision"),
    "carried_days": (DERIVED, "what a gateway carried on a day"),
    "faces": (DERIVED, "revisions as reports show them"),
    "aims": (DERIVED, "where plans were aimed"),
    "changes": (DERIVED, "which block of a village counted from when"),
    "observations": (DERIVED, "what people said of the weather"),
    "equipment": (DERIVED, "what the registry said of a station's equipment"),
    "carriers": (DERIVED, "whose gateway each is"),
    "places": (DERIVED, "names of places"),
    "contents": (DERIVED, "what villages' blocks hold"),
    "batches": (DERIVED, "the batches that were asked for"),
    "postings": (DERIVED, "lists of hashes that are not gathered"),
    "volumes": (DERIVED, "volumes of gathered hashes"),
    "pages": (DERIVED, "pages of gathered hashes"),
    "word_segments": (DERIVED, "segments of the index of words"),
    "words": (DERIVED, "the index of words"),
    "words_cursor": (BOOKKEEPING, "how far the index of words has come"),
    "folded": (BOOKKEEPING, "how far the tables of the reports have come"),
    "listings": (BOOKKEEPING, "how far the records of an agreement are listed"),
    "kept_heads": (BOOKKEEPING, "how far the places outside have the heads"),
    "alarms": (BOOKKEEPING, "the alarms, whose story is in the facts"),
    "looks": (BOOKKEEPING, "when each warning is looked at next"),
    "walks": (BOOKKEEPING, "how far the walks have come"),
    "rounds": (BOOKKEEPING, "what the last rounds did"),
}
"""For each table its class, and in plain words what it holds."""


def meaning(table: str) -> str:
    """Return in plain words what a table holds."""
    return INVENTORY[table][1]
