import socket
import sqlite3

import pytest

from api import doctor
from api.doctor import Finding, State
from api.exclusive import hold_data_dir
from api.settings import Settings


def findings(look, **settings):
    return {finding.subject: finding for finding in look(Settings(**settings))}


def test_what_is_not_well_comes_with_what_to_do(tmp_path):
    for finding in doctor.examine(Settings(data_dir=tmp_path)):
        assert finding.state is State.OK or finding.what_to_do, finding


def test_a_port_that_somebody_else_holds_fails_with_its_setting(tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        found = findings(doctor._ports, data_dir=tmp_path, port=taken.getsockname()[1])
    assert found["port of the service"].state is State.FAIL
    assert "BANGBAN_PORT" in found["port of the service"].what_to_do


def test_a_port_that_the_running_service_of_this_data_dir_holds_is_well(tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as ours, hold_data_dir(tmp_path):
        found = findings(doctor._ports, data_dir=tmp_path, port=ours.getsockname()[1])
    assert found["port of the service"].state is State.OK


def test_a_database_that_another_program_keeps_locked_fails(tmp_path, monkeypatch):
    connect = sqlite3.connect
    monkeypatch.setattr(doctor.sqlite3, "connect", lambda path, timeout: connect(path, timeout=0.1))
    holder = connect(tmp_path / "bangban.db", isolation_level=None)
    holder.execute("CREATE TABLE t (x)")
    holder.execute("BEGIN EXCLUSIVE")
    assert findings(doctor._storage, data_dir=tmp_path)["database"].state is State.FAIL
    holder.close()


def test_a_package_of_another_version_than_locked_is_named(tmp_path):
    lock = tmp_path / "requirements.lock"
    lock.write_text(
        "one==1.0 \\\n    --hash=sha256:00\nTwo_More==2.0 ; sys_platform != 'win32' \\\n    --hash=sha256:00\n"
        "never==3.0 ; sys_platform == 'win32' \\\n    --hash=sha256:00\n"
    )
    finding = doctor._compared("environment", lock, {"one": "1.0", "two-more": "2.1"})
    assert finding.state is State.WARN
    assert "two-more 2.1 (locked 2.0)" in finding.seen and "never" not in finding.seen


def test_a_look_that_breaks_is_itself_a_finding(tmp_path):
    def _of_something(settings):
        raise RuntimeError("it broke")
        yield

    (finding,) = doctor._guarded(_of_something, Settings(data_dir=tmp_path))
    assert finding == Finding("of something", State.FAIL, "RuntimeError: it broke", finding.what_to_do)


@pytest.mark.parametrize("state", State)
def test_states_are_words_in_json(state):
    assert state.value in ("ok", "warn", "fail")
