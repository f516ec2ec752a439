"""Calls when nobody answers are no part of the manifest: the books add up without them."""

from contracts.delivery import DeliveryReported, DeliveryRequested, call_id_of
from contracts.message import Message
from services.audit.model.books import Books
from tests.audit.audit_make import NOON, AWarning


def test_books_with_calls_are_the_books_without_them() -> None:
    said = AWarning().whole()
    called: list[Message] = [
        m.model_copy(update={"delivery_id": call_id_of(m.warning_id, m.revision, m.channel, "second-call")})
        for m in said
        if isinstance(m, DeliveryRequested | DeliveryReported)
    ]
    assert called
    without, among = Books(), Books()
    for message in said:
        without.hear(message, NOON)
    for message in (*said, *called):
        among.hear(message, NOON)
    assert among == without
