import itertools
import subprocess
import sys
import time

import pytest

from api.bot_keeper import BotDied, BotKeeper


def kill(process):
    process.kill()
    process.wait()


def child(code):
    return subprocess.Popen([sys.executable, "-c", code])


def until(condition, limit_s=10):
    ends = time.monotonic() + limit_s
    while not condition():
        assert time.monotonic() < ends, "it never came true"
        time.sleep(0.02)


def test_an_engine_that_dies_is_started_again():
    keeper = BotKeeper(lambda: child("import time; time.sleep(60)"), kill, first_pause_s=0.05)
    keeper.start()
    first = keeper.pid
    keeper.process.kill()
    until(lambda: keeper.restarts == 1 and keeper.pid not in (None, first))
    keeper.stop()


def test_the_pause_before_each_new_start_doubles():
    starts = []

    def start():
        starts.append(time.monotonic())
        return child("pass")

    keeper = BotKeeper(start, kill, first_pause_s=0.2)
    keeper.start()
    until(lambda: len(starts) == 4)
    keeper.stop()
    pauses = [later - earlier for earlier, later in itertools.pairwise(starts)]
    assert pauses[0] >= 0.2 and pauses[1] >= 0.4 and pauses[2] >= 0.8


def test_a_stopped_engine_is_not_started_again():
    starts = []

    def start():
        starts.append(1)
        return child("import time; time.sleep(60)")

    keeper = BotKeeper(start, kill, first_pause_s=0.01)
    keeper.start()
    keeper.stop()
    time.sleep(0.2)
    assert len(starts) == 1
    assert keeper.pid is None


def test_what_stops_the_first_start_reaches_the_caller():
    def start():
        raise FileNotFoundError("bot/.venv")

    with pytest.raises(FileNotFoundError, match=r"bot/\.venv"):
        BotKeeper(start, kill).start()


def test_who_waits_for_the_first_start_is_told_that_the_engine_died():
    keeper = BotKeeper(lambda: child("raise SystemExit(3)"), kill, first_pause_s=30)
    keeper.start()
    until(lambda: keeper.pid is None)
    with pytest.raises(BotDied):
        keeper.refuse_dead()
    keeper.stop()
