"""What the tests of the engine share: answers of a partner, and a sealed batch."""

from contracts.delivery import DeliveryRequested
from contracts.outcome import TargetState
from contracts.values import Action, Channel, Lane, Mode
from services.channels.push.adapter import Air, Answer
from services.kit.crypto import SoftwareCrypto
from tests.channels.push.push_make import a_batch, a_request

URGENT = (Mode.LIVE, Lane.URGENT)
SENT = Answer(dict.fromkeys(range(2), TargetState.SENT), air=Air.ON, reference="their-name", ask_again_s=2)
PLAYED = Answer(dict.fromkeys(range(2), TargetState.PLAYED), {0: "heard"}, air=Air.OFF)


def every_played(air: Air) -> Answer:
    """Return the answer of a partner that has played it at every target."""
    return Answer(dict.fromkeys(range(2), TargetState.PLAYED), air=air, reference="x")


def a_sealed_request(crypto: SoftwareCrypto, people: list[str], revision: int = 1) -> DeliveryRequested:
    """Return a request for sealed recipients; a second revision is a lift."""
    action = Action.START if revision == 1 else Action.STOP
    plain = a_request(Channel.WECHAT, revision=revision, action=action)
    batch = a_batch(crypto, plain.delivery_id, people)
    return a_request(Channel.WECHAT, revision=revision, action=action, batch=batch)
