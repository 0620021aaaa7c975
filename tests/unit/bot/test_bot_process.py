import socket
import stat
import subprocess
import sys
import time

import numpy as np
import pytest

from api import bot_process
from api.bot_process import BotDiedEarly, BotPortInUse, BotTooSlow
from api.settings import Settings


@pytest.fixture
def settings(tmp_path):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return Settings(data_dir=tmp_path, bot_port=free.getsockname()[1])


def test_the_token_is_made_once_and_for_this_user_alone(settings):
    made = bot_process.token(settings)
    assert len(made) >= 32 and bot_process.token(settings) == made
    assert stat.S_IMODE((settings.data_dir / "bot" / "token").stat().st_mode) == 0o600


def test_every_training_text_comes_once():
    texts = bot_process.training_texts()
    assert len(texts) == len(set(texts)) > 1500
    assert "转人工" in texts and "and the fee?" in texts


def test_no_training_text_holds_what_rasa_would_read_as_an_annotation():
    assert not [text for text in bot_process.training_texts() if set(text) & set("[]{}")]


def test_vectors_and_texts_must_be_as_many(tmp_path):
    with pytest.raises(ValueError, match="2 texts"):
        bot_process.write_embeddings(tmp_path / "e.npz", ["a", "b"], np.zeros((3, 4)))


def test_other_vectors_make_another_model(tmp_path):
    for name, value in (("one", 0.0), ("same", 0.0), ("other", 1.0)):
        bot_process.write_embeddings(tmp_path / name, ["砍树"], np.full((1, 4), value))
    settings = Settings(data_dir=tmp_path)
    one, same, other = (bot_process.model_path(settings, tmp_path / name) for name in ("one", "same", "other"))
    assert one == same != other


def test_a_used_port_is_named_before_anything_starts(settings):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", settings.bot_port))
        taken.listen()
        with pytest.raises(BotPortInUse, match=f"port {settings.bot_port} .*BANGBAN_BOT_PORT"):
            bot_process.start(settings, settings.data_dir / "model.tar.gz")


def test_an_engine_that_dies_tells_why(settings):
    process = bot_process.start(settings, settings.data_dir / "missing.tar.gz")
    with pytest.raises(BotDiedEarly, match=r"missing\.tar\.gz") as died:
        bot_process.wait_ready(settings, process)
    assert died.value.code != 0
    bot_process.stop(process)


def sleeper(code):
    return subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE, start_new_session=True)


def test_waiting_tells_its_progress_and_ends(settings):
    told = []
    process = sleeper("import time; time.sleep(60)")
    with pytest.raises(BotTooSlow):
        bot_process.wait_ready(settings, process, told.append, timeout_s=1.2)
    bot_process.stop(process)
    assert len(told) >= 2 and told == sorted(told)


def test_stopping_ends_politely(settings):
    process = sleeper("import time; time.sleep(60)")
    bot_process.stop(process)
    assert process.returncode == -15
    bot_process.stop(process)


def test_stopping_ends_what_does_not_listen_and_its_children():
    deaf = "import signal, subprocess, sys, time; signal.signal(signal.SIGTERM, signal.SIG_IGN);"
    child = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print(1, flush=True); time.sleep(60)"
    process = subprocess.Popen(
        [sys.executable, "-c", f"{deaf} c = subprocess.Popen([sys.executable, '-c', {child!r}]); time.sleep(60)"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        start_new_session=True,
    )
    process.stdout.readline()
    began = time.monotonic()
    bot_process.stop(process, grace_s=0.5)
    assert process.returncode == -9 and time.monotonic() - began < 5
    assert process.stdout.read() == b"", "the child holds the pipe open while it lives"
