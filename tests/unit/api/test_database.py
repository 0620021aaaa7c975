"""The database's own promises, on a real SQLite file."""

import asyncio
import threading

from sqlalchemy import text

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


def test_the_event_loop_ends_though_it_cancels_a_query_whose_connection_is_being_given_back(tmp_path):
    """Its own thread, because before the mend it never came back."""
    slow = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 2000000) SELECT max(i) FROM n"

    async def leave_half_way():
        database = Database(f"sqlite+aiosqlite:///{tmp_path / 'bangban.db'}")
        await database.migrate()

        async def look():
            async with database.reading() as work:
                await work._session.execute(text(slow))

        looking = [asyncio.create_task(look()) for _ in range(8)]  # Which task is cancelled first is up to chance.
        await asyncio.sleep(0.1)
        for task in looking:
            task.cancel()
        await asyncio.sleep(0.05)

    ending = threading.Thread(target=asyncio.run, args=(leave_half_way(),), daemon=True)
    ending.start()
    ending.join(20)
    assert not ending.is_alive()
