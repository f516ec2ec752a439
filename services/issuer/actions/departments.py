"""Which department an account belongs to: an operator says so, and it is in the log."""

from services.issuer import store
from services.issuer.catalogue import Catalogue
from services.issuer.catalogue.authority import Role
from services.kit.db import Database
from services.kit.errors import Invalid, NotFound


async def set_department(
    db: Database, catalogue: Catalogue, username: str, department: str | None, by: str
) -> None:
    """Give an account its department, or take it away."""
    if department is not None and department not in catalogue.products.departments:
        known = ", ".join(catalogue.products.departments)
        raise Invalid("department", "there is no such department", f"use {known}")
    async with db.transaction() as tx:
        account = await store.people.account(tx.connection, username, lock=True)
        if account is None:
            raise NotFound("there is no such account")
        if department and Role.DEPARTMENT not in account.roles:
            raise Invalid("username", "has not the role of a department", "give the account that role first")
        await store.departments.keep(tx, username, department)
        tx.record("account.department", actor=by, about=username, department=department or "")
