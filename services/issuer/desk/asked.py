"""What an approver is asked to say yes to: a warning, what goes out with it, what it ends, who clashes."""

from dataclasses import dataclass

from starlette.datastructures import FormData

from services.issuer import store
from services.issuer.actions.alongside import clashes
from services.issuer.actions.mixing import parts_of
from services.issuer.api import Parts
from services.issuer.desk.wording import Wording
from services.issuer.model import Alongside, State, WeatherWarning
from services.issuer.model.choices import Beside

CLASH, WHY = "clash-", "why-clash-"
"""How the fields begin that answer for another warning, by its reference."""


@dataclass(frozen=True)
class Asked:
    """Everything that one approval is for."""

    warning: WeatherWarning
    together: tuple[WeatherWarning, ...] = ()
    """What goes out with it, in other colours."""
    ends: tuple[WeatherWarning, ...] = ()
    """Other warnings in force that it supersedes."""
    clashes: tuple[Alongside, ...] = ()
    """Who came into force there meanwhile, and nobody has said what becomes of it."""

    @property
    def every(self) -> tuple[WeatherWarning, ...]:
        """All that goes out."""
        return (self.warning, *self.together)


async def asked(parts: Parts, warning: WeatherWarning) -> Asked:
    """Return what an approval of this revision would be for, as things stand now."""
    async with parts.db.read() as connection:
        together = await parts_of(connection, warning)
        if warning.state is not State.REVIEW:
            return Asked(warning, tuple(together))
        named = [await store.warnings.standing(connection, one) for one in warning.content.supersedes]
        found = await clashes(connection, [warning, *together], parts.db.clock.now())
    return Asked(warning, tuple(together), tuple(one for one in named if one), tuple(found))


def kept(form: FormData) -> tuple[Beside, ...]:
    """Return the others of which an approver says that they stay, each with his reason."""
    named = [name.removeprefix(CLASH) for name, choice in form.items() if name.startswith(CLASH) and choice]
    return tuple(
        Beside(reference=one[:80], reason=str(form.get(f"{WHY}{one}", "")).strip()) for one in named if one
    )


def answers(form: FormData, asked: Asked, say: Wording) -> str:
    """Return what an approver says of others that stay, in words that are kept with his approval."""
    headlines = {one.reference: one.headline for one in asked.clashes}
    return " ".join(
        say.say(
            "It stays beside “%(headline)s”: %(reason)s.",
            headline=headlines.get(one.reference, one.reference),
            reason=one.reason,
        )
        for one in kept(form)
    )


def choices(form: FormData) -> dict[str, str]:
    """Return what was answered, so that a page that is shown again has it."""
    return {one.reference: one.reason for one in kept(form)}
