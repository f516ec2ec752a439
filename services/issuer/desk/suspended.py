"""What departments are asked and what became of it, in words that catalogues have."""

from services.issuer.model.suspension import Answer, Asks

ASKED = {Asks.SUSPEND: "Suspend", Asks.LIFT: "Lift the suspension"}
ANSWERED = {
    Answer.OPEN: "waits for the department",
    Answer.CONFIRMED: "confirmed by the department",
    Answer.DECLINED: "declined by the department",
    Answer.WITHDRAWN: "taken back",
    Answer.FOLLOWED: "went out at once, pre-authorised",
}
