import json
import shutil

import pytest
from typer.testing import CliRunner

from api.cli import app
from api.settings import CHECKOUT


@pytest.fixture
def bangban(monkeypatch, tmp_path):
    """Runs one command: bangban("kb", "check", "--quick", BANGBAN_PORT="1")."""
    monkeypatch.setenv("BANGBAN_DATA_DIR", str(tmp_path / "var"))

    def run(*arguments, **environment):
        return CliRunner().invoke(app, list(arguments), env=environment)

    return run


@pytest.fixture
def base(tmp_path):
    """A copy of the knowledge to break."""
    return shutil.copytree(CHECKOUT / "knowledge", tmp_path / "knowledge", ignore=shutil.ignore_patterns("*.py"))


def test_a_base_without_faults_is_counted(bangban):
    done = bangban("kb", "check", "--quick", "--json")
    assert done.exit_code == 0
    assert json.loads(done.stdout)["items"] >= 12


def test_a_fault_of_the_base_is_told_with_file_line_and_field(bangban, base):
    broken = base / "items" / "tree-relocation.yaml"
    broken.write_text(broken.read_text().replace("kind:", "kindd:", 1))
    line = next(n for n, text in enumerate(broken.read_text().splitlines(), 1) if "kindd:" in text)
    done = bangban("kb", "check", "--quick", BANGBAN_KNOWLEDGE_DIR=str(base))
    assert done.exit_code == 1
    told = " ".join(done.stdout.split())
    assert f"items/tree-relocation.yaml:{line} schema kindd: " in told


def test_a_setting_that_makes_no_sense_is_told_by_its_name(bangban):
    done = bangban("serve", BANGBAN_PORT="eighty")
    assert done.exit_code == 1
    assert done.stderr.startswith("BANGBAN_PORT is 'eighty'") and done.stderr.count("\n") == 1


@pytest.mark.parametrize(
    ("environment", "told"),
    [
        ({"BANGBAN_OIDC_CLIENT_SECRET": "a secret"}, "BANGBAN_OIDC_ISSUER, _CLIENT_ID and _CLIENT_SECRET are needed"),
        (
            {"BANGBAN_OIDC_ISSUER": "http://login.example"},
            "BANGBAN_OIDC_ISSUER is 'http://login.example': the",
        ),
        ({"BANGBAN_OIDC_ROLES": "desk=boss", "BANGBAN_OIDC_ROLE_CLAIM": "groups"}, "BANGBAN_OIDC_ROLES is 'boss'"),
    ],
)
def test_a_provider_that_is_told_by_half_ends_in_a_sentence_without_the_secret(bangban, environment, told):
    done = bangban("user", "list", **environment)
    assert done.exit_code == 1 and done.stderr.startswith(told) and done.stderr.count("\n") == 1
    assert "a secret" not in done.stderr


def test_serving_with_redis_is_refused_rather_than_ignored(bangban):
    done = bangban("serve", BANGBAN_REDIS_URL="redis://127.0.0.1")
    assert done.exit_code == 1 and "not supported yet" in done.stderr


def test_asking_a_server_that_does_not_answer_ends_in_a_sentence(bangban):
    done = bangban("ask", "砍树要多久", "--server", "http://127.0.0.1:9")
    assert done.exit_code == 1 and "does not answer" in done.stderr


def test_the_doctor_tells_json_that_a_program_can_read(bangban):
    done = bangban("doctor", "--json")
    told = json.loads(done.stdout)
    assert {finding["state"] for finding in told} <= {"ok", "warn", "fail"}
    assert done.exit_code == int(any(finding["state"] == "fail" for finding in told))
