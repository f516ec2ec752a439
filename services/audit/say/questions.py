"""Words of the pages that answer the auditor's questions, as `say` has them for all pages."""

ROWS = {
    "stations": "stations",
    "recipients": "recipients",
    "villages": "villages",
    "towns": "towns",
    "gateways": "gateways",
    "keys": "keys",
    "row": "a row",
}

NEWS = {"maintenance": "maintenance", "keys": "keys", "devices": "devices"}

DEVICES = {
    "terminal": "terminal",
    "screen": "screen",
    "loudspeaker": "loudspeaker",
    "siren": "siren",
    "receiver": "receiver",
    "phone": "phone",
}

WORKS = {"working": "works", "faulty": "faulty", "maintenance": "in maintenance", "retired": "retired"}

ACTS = {
    "drafted": "drafted",
    "edited": "edited",
    "split": "split",
    "submitted": "submitted",
    "returned": "returned",
    "rejected": "rejected",
    "approved": "approved",
    "update-begun": "update begun",
    "lift-begun": "lift begun",
    "correction-begun": "correction begun",
    "note-sent": "note sent",
    "halted": "halted",
    "halt-reviewed": "halt reviewed",
    "emergency-reviewed": "emergency flow reviewed",
}

DISAGREEMENTS = {
    "approval-missing": "no fact of an approval is recorded",
    "approvers-count": "facts and publication name different numbers of approvers",
    "content-differs": "another content was approved than was published",
    "manifest-differs": "another target list was approved than was published",
    "hash-missing": "a fact does not say what was approved",
    "person-missing": "a fact does not say who approved",
    "same-person": "one person did what takes two",
    "approved-after": "an approval came after the publication",
}

OPERATORS = {"cmcc": "China Mobile", "cucc": "China Unicom", "ctcc": "China Telecom"}

ALL = {
    "row": ROWS,
    "news": NEWS,
    "device": DEVICES,
    "works": WORKS,
    "act": ACTS,
    "disagreement": DISAGREEMENTS,
    "operator": OPERATORS,
}
