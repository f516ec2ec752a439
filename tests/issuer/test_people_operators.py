"""What one operator may do, and what needs two."""

import asyncio
from typing import Any

import pytest

from contracts.fact import Fact
from services.issuer import actions
from services.issuer.actions import accounts
from services.issuer.model import WrongPassword
from services.issuer.model.people import Disabled, Owes
from services.issuer.store.tables import PEOPLE_EVENTS, PROPOSALS
from services.kit import proposals
from services.kit.errors import Forbidden, Invalid, NotFound, Refused
from services.kit.proposals import Proposal
from tests.issuer.app_make import PASSWORD
from tests.issuer.issuer_make import Office
from tests.issuer.people_make import DOORMAN, account, code_of, kinds, proposed_signer, sign_in


async def test_a_drafter_is_made_by_one_operator_and_a_signer_by_two(staffed: Office) -> None:
    made = await accounts.new_account(staffed.db, "qian", "he", "何静", ["drafter"])
    assert not isinstance(made, Proposal)
    proposal = await proposed_signer(staffed)
    with pytest.raises(NotFound):
        await account(staffed, "zhou")
    with pytest.raises(Forbidden):
        await accounts.confirm(staffed.db, "qian", proposal.proposal_id)  # type: ignore[arg-type]
    zhou = await accounts.confirm(staffed.db, "wu", proposal.proposal_id)  # type: ignore[arg-type]
    assert (zhou.roles, zhou.must_change, zhou.password_hash) == ({"signer"}, True, "")
    facts = {fact.kind: fact for fact in await staffed.said(Fact)}
    assert (facts["account.made"].actor, facts["account.made"].detail["proposed_by"]) == ("wu", "qian")
    with pytest.raises(WrongPassword):
        await actions.sign_in(staffed.db, DOORMAN, "zhou", "")


async def test_of_two_operators_at_once_one_decides(staffed: Office) -> None:
    he = {"username": "he", "display_name": "何静", "roles": ["operator"], "password": PASSWORD}
    await actions.seed_users(staffed.db, [he])
    proposal: Any = await proposed_signer(staffed)
    deciding = [
        accounts.confirm(staffed.db, "wu", proposal.proposal_id),
        accounts.confirm(staffed.db, "he", proposal.proposal_id),
        accounts.decline(staffed.db, "qian", proposal.proposal_id),
    ]
    done = await asyncio.gather(*deciding, return_exceptions=True)
    assert sum(isinstance(one, Refused) for one in done) == 2
    said = await kinds(staffed)
    assert said.count("proposal.confirmed") + said.count("proposal.declined") == 1


async def test_a_proposal_lasts_a_day(staffed_laptop: Office) -> None:
    proposal: Any = await proposed_signer(staffed_laptop)
    with pytest.raises(Refused, match="waits already"):
        await proposed_signer(staffed_laptop)
    staffed_laptop.clock.move(hours=24)
    with pytest.raises(Refused, match="expired"):
        await accounts.confirm(staffed_laptop.db, "wu", proposal.proposal_id)
    async with staffed_laptop.db.read() as connection:
        (kept,) = await proposals.latest(connection, PROPOSALS)
    assert kept.at(staffed_laptop.clock.now()) == "expired"
    await proposed_signer(staffed_laptop)


async def test_power_is_proposed_and_taken_away_at_once(staffed: Office) -> None:
    session = await sign_in(staffed, "zhang")
    proposal: Any = await accounts.change_roles(staffed.db, "qian", "zhang", ["drafter", "auditor"])
    assert await actions.LocalSessions(staffed.db).who(session.token) is not None
    await accounts.confirm(staffed.db, "wu", proposal.proposal_id)
    assert (await account(staffed, "zhang")).roles == {"drafter", "auditor"}
    assert await actions.LocalSessions(staffed.db).who(session.token) is None
    with pytest.raises(Invalid, match="different people"):
        await accounts.change_roles(staffed.db, "qian", "zhang", ["operator", "auditor"])
    less = await accounts.change_roles(staffed.db, "qian", "zhang", ["drafter"])
    assert not isinstance(less, Proposal)
    with pytest.raises(Invalid, match="town"):
        await accounts.change_roles(staffed.db, "qian", "zhang", ["town-desk"])


async def test_no_account_is_made_for_somebody_who_would_watch_himself(staffed_laptop: Office) -> None:
    for roles in (["operator", "auditor"], ["auditor", "drafter", "operator"]):
        with pytest.raises(Invalid, match="different people"):
            await accounts.new_account(staffed_laptop.db, "qian", "he", "何静", roles)
    async with staffed_laptop.db.read() as connection:
        assert await proposals.latest(connection, PROPOSALS) == []


async def test_a_proposal_for_other_roles_falls_when_they_change_meanwhile(staffed_laptop: Office) -> None:
    proposal: Any = await accounts.change_roles(staffed_laptop.db, "qian", "zhang", ["drafter", "checker"])
    await accounts.change_roles(staffed_laptop.db, "wu", "zhang", ["town-desk"], "500110110")
    with pytest.raises(Refused, match="meanwhile"):
        await accounts.confirm(staffed_laptop.db, "wu", proposal.proposal_id)
    assert (await account(staffed_laptop, "zhang")).roles == {"town-desk"}


async def test_a_lost_second_factor_is_forgotten_by_two(staffed: Office) -> None:
    opened = await sign_in(staffed, "wang", code_of(staffed))
    proposal: Any = await accounts.reset_factor(staffed.db, "qian", "wang")
    await accounts.confirm(staffed.db, "wu", proposal.proposal_id)
    assert await actions.LocalSessions(staffed.db).who(opened.token) is None
    again = await sign_in(staffed, "wang")
    assert (again.person.roles, again.person.owes) == (set(), Owes.SECOND_FACTOR)


async def test_two_operators_always_remain(staffed: Office) -> None:
    both = [accounts.disable(staffed.db, "qian", "wu"), accounts.disable(staffed.db, "wu", "qian")]
    done = await asyncio.gather(*both, return_exceptions=True)
    assert [type(one) for one in done] == [Refused, Refused]
    he = {"username": "he", "display_name": "何静", "roles": ["operator"], "password": PASSWORD}
    await actions.seed_users(staffed.db, [he])
    both = [accounts.disable(staffed.db, "qian", "wu"), accounts.disable(staffed.db, "wu", "qian")]
    done = await asyncio.gather(*both, return_exceptions=True)
    assert sum(isinstance(one, Refused) for one in done) == 1
    with pytest.raises(Forbidden):
        await accounts.disable(staffed.db, "he", "he")


async def test_a_disabled_account_is_out_at_once_and_back_by_two(staffed: Office) -> None:
    opened = await sign_in(staffed, "wang", code_of(staffed))
    await accounts.disable(staffed.db, "qian", "wang")
    assert await actions.LocalSessions(staffed.db).who(opened.token) is None
    staffed.clock.move(seconds=30)
    with pytest.raises(Disabled):
        await sign_in(staffed, "wang", code_of(staffed))
    proposal: Any = await accounts.enable(staffed.db, "qian", "wang")
    await accounts.confirm(staffed.db, "wu", proposal.proposal_id)
    assert (await sign_in(staffed, "wang", code_of(staffed))).person.roles == {"signer"}
    rows = await staffed.db.rows(PEOPLE_EVENTS.select().where(PEOPLE_EVENTS.c.username == "wang"))
    assert {"account.disabled", "proposal.made", "proposal.confirmed", "account.enabled"} <= {
        row["act"] for row in rows
    }
