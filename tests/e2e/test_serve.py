"""Starting and ending the whole service."""

import os
import subprocess
import sys
import time
from pathlib import Path

import httpx
import psutil
from service import free_port, share_prepared, start, stop

BANGBAN = str(Path(sys.executable).with_name("bangban"))


def serve(data_dir: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    ports = {"BANGBAN_PORT": str(free_port()), "BANGBAN_BOT_PORT": str(free_port())}
    settings = {"BANGBAN_DATA_DIR": str(data_dir), **ports}
    return subprocess.run(
        [BANGBAN, "serve"], env={**os.environ, **settings, **environment}, capture_output=True, text=True, timeout=60
    )


def test_ending_the_service_leaves_no_process_and_a_second_start_finds_everything_ready(tmp_path):
    share_prepared(tmp_path)
    running = start(tmp_path)
    children = psutil.Process(running.process.pid).children(recursive=True)
    assert children
    stop(running)
    assert running.process.returncode == 0
    assert not [child for child in children if child.is_running() and child.status() != psutil.STATUS_ZOMBIE]


def test_a_service_that_is_killed_takes_its_bot_with_it(tmp_path):
    share_prepared(tmp_path)
    running = start(tmp_path)
    children = psutil.Process(running.process.pid).children(recursive=True)
    running.process.kill()
    running.process.wait()
    assert psutil.wait_procs(children, timeout=15)[1] == []


def test_a_bot_that_dies_is_started_again_and_the_service_is_ready_again(tmp_path):
    share_prepared(tmp_path)
    running = start(tmp_path)
    try:
        (bot,) = psutil.Process(running.process.pid).children()
        bot.kill()
        bot.wait()
        deadline = time.monotonic() + 90
        while httpx.get(f"{running.url}/readyz", timeout=10).status_code != 200:
            assert time.monotonic() < deadline, "the bot did not come back"
            time.sleep(0.5)
    finally:
        stop(running)


def test_a_port_in_use_ends_in_one_sentence_that_names_the_setting(stack, tmp_path):
    taken = stack.url.rsplit(":", 1)[1]
    refused = serve(tmp_path, BANGBAN_PORT=taken)
    assert refused.returncode != 0
    assert taken in refused.stderr and "BANGBAN_PORT" in refused.stderr and "Traceback" not in refused.stderr


def test_a_data_dir_in_use_is_refused_in_one_sentence(stack):
    refused = serve(stack.data_dir)
    assert refused.returncode != 0 and str(stack.data_dir) in refused.stderr and "Traceback" not in refused.stderr


def test_redis_is_refused_rather_than_ignored(tmp_path):
    refused = serve(tmp_path, BANGBAN_REDIS_URL="redis://127.0.0.1")
    assert refused.returncode != 0 and "BANGBAN_REDIS_URL" in refused.stderr
