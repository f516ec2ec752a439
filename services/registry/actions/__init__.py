"""What can be done with the registry: one function for each verb, one transaction in each."""

from services.registry.actions.codes import exchange, make_code, open_codes, withdraw_codes
from services.registry.actions.edit import ROW, cells_of, check, confirm_row, edit, end, unmask
from services.registry.actions.exports import EXPORT, confirm_export, my_exports, open_export, propose_export
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
from services.registry.actions.recode import recode
from services.registry.actions.respond import note_warning, respond, responses, to_answer
from services.registry.actions.take import Change, take_in

__all__ = [
    "EXPORT",
    "KEYS",
    "ROW",
    "Change",
    "cells_of",
    "check",
    "confirm_export",
    "confirm_keys",
    "confirm_row",
    "decline_keys",
    "edit",
    "end",
    "exchange",
    "issue_keys",
    "make_code",
    "my_exports",
    "note_presence",
    "note_warning",
    "open_codes",
    "open_export",
    "propose_export",
    "propose_keys",
    "recode",
    "respond",
    "responses",
    "revoke_key",
    "take_in",
    "take_in_outlines",
    "to_answer",
    "unmask",
    "withdraw_codes",
]
