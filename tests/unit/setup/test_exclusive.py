import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from api.exclusive import AlreadyRunning, CannotStart, PortInUse, hold_data_dir, listening_socket, refuse_taken_port


@pytest.fixture
def taken():
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


def test_a_taken_port_is_refused_with_the_setting_that_changes_it(taken):
    with pytest.raises(PortInUse, match=f"Port {taken} .* in use: .*BANGBAN_BOT_PORT"):
        refuse_taken_port("127.0.0.1", taken, "BANGBAN_BOT_PORT")


def test_a_port_that_was_only_asked_about_stays_free():
    with listening_socket("127.0.0.1", 0, "BANGBAN_PORT") as first:
        port = first.getsockname()[1]
    refuse_taken_port("127.0.0.1", port, "BANGBAN_PORT")
    listening_socket("127.0.0.1", port, "BANGBAN_PORT").close()


def test_a_host_that_is_not_this_machine_is_told_by_its_setting():
    with pytest.raises(CannotStart, match="BANGBAN_HOST"):
        listening_socket("198.51.100.7", 8000, "BANGBAN_PORT")


def test_a_second_service_in_the_same_data_dir_is_told_who_holds_it(tmp_path):
    with hold_data_dir(tmp_path), pytest.raises(AlreadyRunning) as refused, hold_data_dir(tmp_path):
        pass
    assert refused.value.holder == f"process {os.getpid()}"
    assert "BANGBAN_DATA_DIR" in str(refused.value)


def test_the_data_dir_is_free_again_when_its_holder_was_killed(tmp_path):
    code = (
        "import sys, time; from pathlib import Path; from api.exclusive import hold_data_dir\n"
        "with hold_data_dir(Path(sys.argv[1])): print('held', flush=True); time.sleep(60)"
    )
    checkout = Path(__file__).resolve().parents[3]
    with subprocess.Popen([sys.executable, "-c", code, str(tmp_path)], stdout=subprocess.PIPE, cwd=checkout) as holder:
        assert holder.stdout.readline() == b"held\n"
        with pytest.raises(AlreadyRunning), hold_data_dir(tmp_path):
            pass
        holder.kill()
        holder.wait()
    with hold_data_dir(tmp_path):
        pass


def test_a_data_dir_that_cannot_be_made_is_told_by_its_setting(tmp_path):
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(CannotStart, match="BANGBAN_DATA_DIR"), hold_data_dir(tmp_path / "file"):
        pass
