"""The audit log: who did what to what, when and from where.

It is only ever added to: the database itself refuses to change or remove an entry (migration 0002). An entry holds
names and ids, never anything that a visitor said or left.
"""

from __future__ import annotations

from api.accounts.identity import User
from api.clock import now
from api.storage.account_models import AuditRow
from api.storage.database import Work


async def record(
    work: Work, user: User | None, what: str, target: str | None = None, *, address: str | None = None
) -> None:
    """Write one entry within the unit of work of the change, so that both become true or neither.

    `what` is a constant in the past tense (`ticket_accepted`), `target` an id or a username. Where nobody is signed in
    (`user` is None) `address` says where it came from; otherwise the user knows.
    """
    await work.audit.add(
        AuditRow(
            at=now(),
            username=user.username if user else None,
            role=user.role.value if user else None,
            what=what,
            target=target,
            address=user.address if user else address,
        )
    )
