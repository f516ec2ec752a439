"""What can be done with the registry: one function for each verb, one transaction in each."""

from services.registry.actions.codes import exchange, make_code, open_codes, withdraw_codes
from services.registry.actions.edit import ROW, cells_of, check, confirm_row, edit, end, unmask
from services.registry.actions.keys import (
    KEYS,
    confirm_keys,
    decline_keys,
    issue_keys,
    propose_keys,
    revoke_key,
)
from services.registry.actions.outlines import take_in_outlines
from services.registry.actions.presence import note_presence
from services.registry.actions.respond import respond, responses
from services.registry.actions.take import Change, take_in

__all__ = [
    "KEYS",
    "ROW",
    "Change",
    "cells_of",
    "check",
    "confirm_keys",
    "confirm_row",
    "decline_keys",
    "edit",
    "end",
    "exchange",
    "issue_keys",
    "make_code",
    "note_presence",
    "open_codes",
    "propose_keys",
    "respond",
    "responses",
    "revoke_key",
    "take_in",
    "take_in_outlines",
    "unmask",
    "withdraw_codes",
]
