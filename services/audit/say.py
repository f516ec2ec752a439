"""Words of the pages: for every code that a page shows, the text that the catalogue translates."""

CHANNELS = {
    "station": "Village stations",
    "sms": "SMS",
    "area": "Area SMS",
    "broadcast": "Emergency broadcast",
    "cable": "Cable television",
    "wechat": "WeChat",
    "app": "Apps",
    "feed": "Public feed",
    "": "Together",
}

COLUMNS = {
    "confirmed": "Confirmed",
    "delivered": "Delivered",
    "failed": "Failed",
    "withdrawn": "Withdrawn",
    "expired": "Expired",
    "open": "Open",
}

STATES = {
    "requested": "requested",
    "queued": "queued",
    "sent": "sent",
    "withdrawn": "withdrawn",
    "expired": "expired",
    "failed": "failed",
    "received": "received",
    "verified": "verified",
    "played": "played",
    "confirmed": "confirmed",
    "acted": "acted",
    "in-force": "in force",
    "cancelled": "lifted",
    "updated": "updated",
    "superseded": "muted by another warning",
    "halted": "halted",
    "online": "online",
    "suspect": "suspect",
    "offline": "offline",
}

VERBS = {"issued": "Issued", "updated": "Update", "cancelled": "Lift"}

LEVELS = {"RED": "red", "ORANGE": "orange", "YELLOW": "yellow", "BLUE": "blue"}

MODES = {"live": "live", "drill": "drill"}

KINDS = {
    "warning.drafted": "Warning drafted",
    "warning.edited": "Warning edited",
    "warning.submitted": "Warning submitted",
    "warning.returned": "Warning returned",
    "warning.rejected": "Warning rejected",
    "warning.update-begun": "Update begun",
    "warning.lift-begun": "Lift begun",
    "warning.approved": "Warning approved",
    "warning.issued": "Warning issued",
    "warning.updated": "Warning updated",
    "warning.cancelled": "Warning lifted",
    "warning.halted": "Warning halted",
    "warning.expired": "Warning expired",
    "plan.made": "Plan made",
    "plan.differs": "Plan is not the pinned manifest",
    "delivery.requested": "Delivery requested",
    "delivery.reported": "Delivery reported",
    "delivery.withdrawn": "Delivery withdrawn",
    "delivery.overtaken": "Delivery overtaken by its end",
    "delivery.failed": "Delivery failed",
    "delivery.untaken": "Delivery that nobody took",
    "sms.dead": "SMS given up",
    "sms.reported-late": "SMS reported late",
    "gateway.starved": "Gateway does not fetch",
    "gateway.fed": "Gateway fetches again",
    "station.seen": "Presence of a station",
    "registry.changed": "Registry changed",
    "registry.imported": "Registry imported",
    "registry.outlined": "Outlines imported",
    "key.issued": "Key issued",
    "key.revoked": "Key revoked",
    "session.opened": "Signed in",
    "session.failed": "Sign-in failed",
    "session.ended": "Signed out",
    "account.written": "Account changed",
    "account.rests": "Account locked",
    "audit.queried": "Audit asked",
    "audit.exported": "Ledger exported",
    "letter.buried": "Message buried",
    "unknown": "Unknown message",
}
"""Kinds that are not here are shown by their code."""

DIFFERENCES = {
    "warning-missing": "Planned, but its publication is not in the ledger",
    "plan-missing": "Published, but no plan was made",
    "plan-twice": "Another plan was made for the same revision",
    "revision-twice": "Said again with another content or manifest",
    "manifest-differs": "The plan is not of the manifest that was approved",
    "count-differs": "The deliveries of the plan do not add up to the manifest",
    "deliveries-missing": "Deliveries of the plan are not in the books",
    "delivery-not-planned": "A delivery stands in no plan",
    "delivery-not-requested": "A delivery was planned, and nobody was asked",
    "delivery-silent": "Nobody has said a word about a delivery",
    "size-differs": "A delivery was asked for with another size",
    "tally-differs": "The states of a delivery do not add up to its size",
    "open-after-end": "Targets are open although the revision has ended",
    "target-not-planned": "A target is not in the manifest",
    "targets-forgotten": "Targets of the manifest that no request names",
    "ledger-behind": "The stream has messages that the ledger has not taken",
    "ledger-gap": "The stream had lost messages before they were recorded",
    "ledger-count": "Records are missing, or too many",
    "ledger-broken": "The ledger is not the one over which a head was signed",
}

FIELDS = {
    "identifier": "Identifier",
    "level": "Level",
    "headline": "Headline",
    "approved_by": "Approved by",
    "approved_at": "Approved",
    "expires": "Valid until",
    "manifest_sha256": "Manifest",
    "content_sha256": "Content",
    "by": "By",
    "reason": "Reason",
    "note": "Note",
    "count": "Targets",
    "channels": "Channels",
    "deliveries": "Deliveries",
    "delivery_id": "Delivery",
    "action": "Action",
    "size": "Targets",
    "route": "Carrier",
    "report": "Report",
    "tally": "Counts",
    "outcomes": "Outcomes",
    "more": "and more",
    "detail": "Details",
    "presence": "Presence",
    "last_sequence": "Last sequence",
    "clock_offset_ms": "Clock off by ms",
    "sha256": "SHA-256",
    "gone": "Gone",
    "consumer": "Consumer",
    "original_subject": "Subject",
    "original_id": "Message id",
    "service": "Service",
    "source": "From address",
    "path": "Page",
    "query": "Question",
    "revision": "Revision",
}
"""Fields of a record's details; those that are not here are shown by their code."""

ACTIONS = {"START": "say it", "REPLACE": "say it instead", "STOP": "take it back"}

VALUES = {**STATES, **LEVELS, **ACTIONS}

ALL = {
    "field": FIELDS,
    "value": VALUES,
    "channel": CHANNELS,
    "column": COLUMNS,
    "state": STATES,
    "verb": VERBS,
    "level": LEVELS,
    "mode": MODES,
    "kind": KINDS,
    "difference": DIFFERENCES,
}
