"""Words of the pages: for every code that a page shows, the text that the catalogue translates."""

from services.audit.say import questions as question_words
from services.audit.say import story as say_story
from services.audit.say.records import FIELDS
from services.audit.say.records import KINDS as KINDS

CHANNELS = {
    "station": "Village stations",
    "sms": "SMS",
    "area": "Area SMS",
    "broadcast": "Emergency broadcast",
    "cable": "Cable television",
    "wechat": "WeChat",
    "app": "Apps",
    "voice": "Telephone calls",
    "feed": "Public feed",
    "web": "Browsers",
    "media": "Radio and media",
    "weibo": "Weibo",
    "upper": "12379 platform above us",
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
    "issued-unheard": "Issued, and its message has not come to the ledger",
    "issuer-silent": "The issuer cannot be asked what it has issued",
    "ledger-behind": "The stream has messages that the ledger has not taken",
    "ledger-gap": "The stream had lost messages before they were recorded",
    "ledger-count": "Records are missing, or too many",
    "observation-differs": "What is shown of the weather is not what the records say",
    "posting-odd": "A batch's list of recipients cannot be read and was set aside",
    "posting-altered": "A batch's list of recipients is not the one that was recorded",
    "posting-missing": "A batch's list of recipients is gone",
    "posting-stranger": "Recipients are kept that no record names",
    "ledger-broken": "The ledger is not the one over which a head was signed",
    "ledger-restored": "The ledger was restored from an old backup",
    "heads-missing": "A signed head is missing",
    "heads-behind": "Heads do not reach a place outside",
    "head-forged": "A head is not the ledger's own",
    "record-changed": "A record was changed",
    "record-missing": "A record is missing",
    "record-emptied": "A record was emptied without an agreement of two",
    "tombstone-differs": "A tombstone is not what was agreed",
    "hold-differs": "A legal hold was changed",
    "proposal-differs": "A proposal was changed",
    "tree-changed": "A hash of the tree was changed",
    "epoch-differs": "An epoch was changed",
    "ledger-gap-differs": "A gap was changed",
    "books-differ": "The accounts are not what the records come to",
    "derived-differs": "What is kept for questions and reports is not what the records come to",
    "fact-odd": "A fact of the ledger is not as the ledger writes them",
    "part-failed": "A part of comparing has failed",
    "words-differ": "The index of words is not what the records say",
}

WALKS = {"warnings": "All warnings", "ledger": "The whole ledger", "issued": "Everything issued"}

ACTIONS = {"START": "say it", "REPLACE": "say it instead", "STOP": "take it back"}

CLASSES = {
    "warnings": "Warnings, approvals, plans",
    "keeping": "Agreements, holds, heads",
    "delivery-detail": "Delivery detail",
    "presence": "Presence of stations",
    "security": "Security log",
}

SCOPES = {
    "warning": "A warning",
    "period": "A period",
    "class": "A class",
    "everything": "Everything",
}

DECISIONS = {
    "confirmed": "confirmed",
    "declined": "declined",
    "expired": "expired",
    "open": "open to decide",
}

RUNGS = {
    "first-call": "first call",
    "other-way": "other way",
    "second-call": "second call",
    "deputy": "deputies",
    "town-desk": "town's duty desk",
    "district-officer": "district's duty officer",
    "leader-call": "leader called",
    "leader-again": "leader called again",
    "leader-silent": "leader does not answer",
    "reminder": "reminder",
}
"""Of the ladders that the router's rules begin with; another ladder's rungs stand there by their names."""

VALUES = {**STATES, **LEVELS, **ACTIONS, **RUNGS}

JUDGEMENTS = {"hit": "Hit", "partly": "Partly a hit", "miss": "Miss", "false-alarm": "False alarm"}

WAYS = {
    "station": "at the station",
    "keypress": "a key on the telephone",
    "sms": "SMS",
    "app": "in the app",
    "manual": "written down by the duty officer",
}

LACKS = {
    "station": "no station",
    "recipients": "nobody on a list",
    "both": "no station and nobody on a list",
    "village": "was not in the registry",
    "more": "more came later",
}

HAZARDS = {
    "11B03": "Rainstorm",
    "11B04": "Snowstorm",
    "11B05": "Cold wave",
    "11B06": "Gale",
    "11B09": "Heat",
    "11B22": "Drought",
    "11B14": "Lightning",
    "11B15": "Hail",
    "11B16": "Frost",
    "11B17": "Dense fog",
    "11B19": "Haze",
    "11B21": "Road icing",
    "11B25": "Forest fire danger",
    "11B01": "Typhoon",
    "11B07": "Sandstorm",
}

ALL = {
    **question_words.ALL,
    "judgement": JUDGEMENTS,
    "way": WAYS,
    "rung": {**WAYS, **RUNGS},
    "lack": LACKS,
    "hazard": HAZARDS,
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
    "walk": WALKS,
    **say_story.ALL,
    "class": CLASSES,
    "scope": SCOPES,
    "decision": DECISIONS,
}
