"""A service that is started to be measured ends with who measures it, also when that one is terminated."""

import signal
import subprocess
import sys
import time

import psutil
import pytest

from api.settings import CHECKOUT

STAND_IN = "import time; print('Bangban is ready', flush=True); time.sleep(60)"
MEASURING = """
import sys, time
from pathlib import Path
from evaluation.service import running

data_dir = Path(sys.argv[1])
(data_dir / "bot").mkdir()
(data_dir / "bot" / "token").write_text("secret")
with running(data_dir, [sys.executable, "-c", sys.argv[2]]) as service:
    print(service.process.pid, flush=True)
    time.sleep(60)
"""


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT])
def test_the_service_ends_when_its_measurer_is_terminated_or_interrupted(tmp_path, how):
    measuring = subprocess.Popen(
        [sys.executable, "-c", MEASURING, str(tmp_path), STAND_IN],
        cwd=CHECKOUT, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
    )  # fmt: skip
    service = psutil.Process(int(measuring.stdout.readline()))
    measuring.send_signal(how)
    assert measuring.wait(20) != 0
    ends = time.monotonic() + 10
    while service.is_running() and service.status() != psutil.STATUS_ZOMBIE and time.monotonic() < ends:
        time.sleep(0.05)
    assert not service.is_running() or service.status() == psutil.STATUS_ZOMBIE
