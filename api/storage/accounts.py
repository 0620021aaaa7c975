"""Queries about accounts, login sessions and failed attempts."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from sqlalchemy import delete, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncSession

from api.storage.account_models import AccountRow, AttemptsRow, LoginRow, OidcFlowRow


class Accounts:
    """The tables of accounts and of who is signed in, within one unit of work."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def add(self, row: AccountRow) -> None:
        """Keep a new account."""
        self._session.add(row)
        await self._session.flush()

    async def get(self, username: str) -> AccountRow | None:
        """The account."""
        return await self._session.get(AccountRow, username)

    async def hold(self, username: str) -> AccountRow | None:
        """The account as it is now, kept from other writers until the unit of work ends; change its attributes."""
        return await self._session.get(AccountRow, username, with_for_update=True, populate_existing=True)

    async def by_subject(self, subject: str) -> AccountRow | None:
        """The account that the provider knows by this subject."""
        return await self._session.scalar(select(AccountRow).where(AccountRow.oidc_subject == subject))

    async def everyone(self) -> Sequence[AccountRow]:
        """All accounts, by name."""
        return (await self._session.scalars(select(AccountRow).order_by(AccountRow.username))).all()

    async def add_login(self, row: LoginRow) -> None:
        """Keep a new login session."""
        self._session.add(row)
        await self._session.flush()

    async def login(self, token_hash: str) -> tuple[LoginRow, AccountRow] | None:
        """The login session with its account."""
        found = await self._session.execute(
            select(LoginRow, AccountRow)
            .join(AccountRow, AccountRow.username == LoginRow.username)
            .where(LoginRow.token_hash == token_hash)
        )
        row = found.one_or_none()
        return None if row is None else (row[0], row[1])

    async def touch_login(self, token_hash: str, created_at: dt.datetime, used_at: dt.datetime) -> None:
        """Write down that a login session was used; nothing happens where it has ended."""
        await self._session.execute(
            update(LoginRow)
            .where(LoginRow.token_hash == token_hash)
            .values(created_at=created_at, used_at=used_at)
            .execution_options(synchronize_session=False)
        )

    async def end_login(self, token_hash: str) -> None:
        """Forget one login session."""
        await self._session.execute(delete(LoginRow).where(LoginRow.token_hash == token_hash))

    async def end_logins_of(self, username: str) -> None:
        """Forget every login session of an account."""
        await self._session.execute(delete(LoginRow).where(LoginRow.username == username))

    async def end_logins_before(self, created_at: dt.datetime, used_at: dt.datetime) -> None:
        """Forget the login sessions that were made, or last used, before these moments."""
        await self._session.execute(
            delete(LoginRow).where((LoginRow.created_at < created_at) | (LoginRow.used_at < used_at))
        )

    async def hold_attempts(self, key: str, moment: dt.datetime) -> AttemptsRow:
        """The failed attempts by this key (none yet: from `moment` on), kept from other writers; change its attributes.

        The row is there before it is read, so that two first attempts at once count as two.
        """
        dialect = postgresql if self._session.get_bind().dialect.name == "postgresql" else sqlite
        fresh = dialect.insert(AttemptsRow).values(key=key, failures=0, began_at=moment)
        await self._session.execute(fresh.on_conflict_do_nothing())
        return await self._session.get_one(AttemptsRow, key, with_for_update=True, populate_existing=True)

    async def forget_attempts(self, key: str) -> None:
        """Count from nought again."""
        await self._session.execute(delete(AttemptsRow).where(AttemptsRow.key == key))

    async def forget_attempts_before(self, moment: dt.datetime) -> None:
        """Remove what no longer counts; not what somebody holds, since two who wait for each other wait for ever."""
        old = select(AttemptsRow.key).where(AttemptsRow.began_at < moment).with_for_update(skip_locked=True)
        await self._session.execute(
            delete(AttemptsRow).where(AttemptsRow.key.in_(old)).execution_options(synchronize_session=False)
        )

    async def add_flow(self, row: OidcFlowRow) -> None:
        """Keep a sign-in that is under way."""
        self._session.add(row)
        await self._session.flush()

    async def take_flow(self, cookie_hash: str) -> OidcFlowRow | None:
        """The sign-in under way, which can be taken once."""
        taken = await self._session.execute(
            delete(OidcFlowRow).where(OidcFlowRow.cookie_hash == cookie_hash).returning(OidcFlowRow)
        )
        return taken.scalar_one_or_none()

    async def forget_flows_before(self, moment: dt.datetime) -> None:
        """Remove what was never finished."""
        await self._session.execute(delete(OidcFlowRow).where(OidcFlowRow.began_at < moment))
