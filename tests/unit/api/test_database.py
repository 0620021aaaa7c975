"""The database's own promises, on a real SQLite file."""

import asyncio

from api.storage.database import Database


async def test_closing_waits_for_what_has_begun(tmp_path):
    database = Database(f"sqlite+aiosqlite:///{tmp_path / 'bangban.db'}")
    await database.migrate()
    begun, may_end, order = asyncio.Event(), asyncio.Event(), []

    async def unit_of_work():
        async with database.reading() as work:
            begun.set()
            await may_end.wait()
            await work.desk_events.newest()
            order.append("ended")

    async def close():
        await database.close()
        order.append("closed")

    working = asyncio.create_task(unit_of_work())
    await begun.wait()
    closing = asyncio.create_task(close())
    await asyncio.sleep(0.1)
    assert order == []
    may_end.set()
    await asyncio.gather(working, closing)
    assert order == ["ended", "closed"]
