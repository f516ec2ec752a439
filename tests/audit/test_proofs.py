"""Proofs of many records at once are those of the tree, one by one."""

import asyncio
import tempfile
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from services.audit.actions import sign
from services.audit.model import merkle
from services.audit.store import tree
from services.audit.store.proofs import Prover
from tests.audit.audit_make import a_fact
from tests.audit.ledger_make import a_ledger


@settings(max_examples=25, deadline=None)
@given(st.data())
def test_every_proof_is_that_of_the_tree_whatever_its_size(data: st.DataObject) -> None:
    asyncio.run(_proved(data.draw(st.integers(1, 700))))


async def _proved(size: int) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        async with a_ledger(f"sqlite:///{folder}/db/{{name}}.db", folder) as book:
            await book.say(*(a_fact(n) for n in range(size)))
            head = await sign.head(book.db, book.signer)
            prover = Prover(size, head.root)
            async with book.db.read() as connection:
                for position in {1, size, (size + 1) // 2}:
                    leaf = await tree.node(connection, merkle.Subtree(0, position - 1))
                    expected = await tree.inclusion(connection, position, size)
                    assert await prover.path(connection, position, leaf) == expected
