import importlib.util
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).resolve().parents[3]


@pytest.fixture
def bootstrap(tmp_path, monkeypatch):
    """bootstrap.py over an empty checkout of its own with small locks."""
    spec = importlib.util.spec_from_file_location("bootstrap_under_test", CHECKOUT / "bootstrap.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    places = {
        "CHECKOUT": tmp_path,
        "SERVICE": tmp_path / ".venv",
        "BOT": tmp_path / "bot/.venv",
        "TOOLS": tmp_path / "var/tools",
        "LOG": tmp_path / "var/logs/setup.log",
        "TOOL_LOCK": tmp_path / "requirements-tools.lock",
        "SERVICE_LOCK": tmp_path / "requirements.lock",
        "TEST_LOCK": tmp_path / "requirements-test.lock",
        "BOT_LOCK": tmp_path / "bot/requirements.lock",
    }
    (tmp_path / "bot").mkdir()
    for name, place in places.items():
        monkeypatch.setattr(module, name, place)
        if name.endswith("_LOCK"):
            place.write_text("uv==0.0.1 \\\n    --hash=sha256:00\n")
    (tmp_path / "pyproject.toml").write_text("")
    return module


def environment(folder):
    """What `uv venv` leaves, as far as it is looked at."""
    (folder / "bin").mkdir(parents=True)
    (folder / "bin" / "python").symlink_to(sys.executable)
    (folder / "pyvenv.cfg").write_text("version_info = 3.11.7\n")


def make_complete(bootstrap, tests=False):
    for folder in (bootstrap.SERVICE, bootstrap.BOT):
        environment(folder)
    for part, (folder, _) in bootstrap._parts(tests).items():
        bootstrap._stamp(folder, part, tests)


def executable(path, script):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(script)
    path.chmod(0o755)
    return path


# --- what is done is skipped, what is not is taken up again ----------------------------------------------------------


def test_on_a_fresh_checkout_everything_is_missing(bootstrap):
    assert bootstrap._missing(tests=True) == {"torch", "service", "bangban", "bot", "test tools"}


def test_what_is_complete_is_not_installed_again(bootstrap):
    make_complete(bootstrap)
    assert bootstrap._missing(tests=False) == set()


def test_tests_need_only_the_test_tools_more(bootstrap):
    make_complete(bootstrap)
    assert bootstrap._missing(tests=True) == {"test tools"}


def test_another_lock_means_only_that_part_again(bootstrap):
    make_complete(bootstrap)
    bootstrap.BOT_LOCK.write_text("rasa==0\n")
    assert bootstrap._missing(tests=False) == {"bot"}


def test_another_interpreter_means_the_whole_environment_again(bootstrap):
    make_complete(bootstrap)
    (bootstrap.SERVICE / "pyvenv.cfg").write_text("version_info = 3.12.1\n")
    assert bootstrap._missing(tests=False) == {"torch", "service", "bangban"}


def test_an_environment_whose_interpreter_is_gone_is_made_again(bootstrap):
    make_complete(bootstrap)
    (bootstrap.BOT / "bin" / "python").unlink()
    (bootstrap.BOT / "bin" / "python").symlink_to("/nowhere/python3.10")
    assert bootstrap._missing(tests=False) == {"bot"}


def test_a_part_that_was_interrupted_is_missing_and_the_finished_one_is_not(bootstrap):
    environment(bootstrap.SERVICE)
    bootstrap._stamp(bootstrap.SERVICE, "torch")
    assert "torch" not in bootstrap._missing(tests=False)
    assert "service" in bootstrap._missing(tests=False)


def test_a_stamp_cut_short_counts_as_none(bootstrap):
    make_complete(bootstrap)
    (bootstrap.BOT / "bangban-installed.json").write_text('{"bot": ["a')
    assert bootstrap._missing(tests=False) == {"bot"}


def test_a_checkout_that_was_moved_installs_itself_anew(bootstrap, tmp_path, monkeypatch):
    make_complete(bootstrap)
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "pyproject.toml").write_text("")
    monkeypatch.setattr(bootstrap, "CHECKOUT", tmp_path / "elsewhere")
    assert bootstrap._missing(tests=False) == {"bangban"}


# --- one clear sentence ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("told", "says"),
    [
        ("error: failed to write: No space left on device (os error 28)", "disk is full"),
        ("error: Request failed\n cause: dns error: failed to lookup address information", "check the network"),
        ("error: Hash mismatch for `jieba==0.42.1`", "broken download"),
        ("zipfile.BadZipFile: File is not a zip file", "broken download"),
        ("invalid peer certificate: UnknownIssuer", "SSL_CERT_FILE"),
        ("mkdir: Permission denied (os error 13)", "owner"),
        ("something nobody foresaw", "failed"),
    ],
)
def test_a_failure_is_told_in_one_line_with_what_to_do_and_where_the_details_are(bootstrap, told, says):
    sentence = bootstrap.explain(told, "Installing the bot's packages")
    assert says in sentence
    assert sentence.startswith("Installing the bot's packages")
    assert "var/logs/setup.log" in sentence and "\n" not in sentence


def test_too_little_space_is_refused_before_anything_is_fetched(bootstrap, monkeypatch):
    monkeypatch.setattr(bootstrap.shutil, "disk_usage", lambda place: type("Usage", (), {"free": 1.5 * 1024**3}))
    with pytest.raises(bootstrap.SetupFailed, match=r"needs about 6\.0 GB .* 1\.5 GB are free"):
        bootstrap._refuse_without_space({"torch", "service", "bangban", "bot"})


def test_a_missing_python_310_is_told_with_how_to_get_it(bootstrap, tmp_path, monkeypatch):
    uv = executable(tmp_path / "uv", "#!/bin/sh\necho 'error: dns error' >&2; exit 1\n")
    monkeypatch.setenv("PATH", "/nonexistent")
    monkeypatch.setenv("PYENV_ROOT", str(tmp_path / "none"))
    monkeypatch.setenv("HOME", str(tmp_path))
    with pytest.raises(bootstrap.SetupFailed, match=r"Python 3\.10.*pyenv install 3\.10"):
        bootstrap._python310(str(uv), bootstrap.Steps())


def test_an_unexpected_command_names_the_known_ones():
    done = subprocess.run([sys.executable, "bootstrap.py", "fly"], cwd=CHECKOUT, capture_output=True, text=True)
    assert done.returncode == 2 and "run, install, test" in done.stderr


# --- finding Python --------------------------------------------------------------------------------------------------


def test_a_shim_on_the_path_that_answers_for_nothing_is_passed_over_for_pyenvs_own(bootstrap, tmp_path, monkeypatch):
    executable(tmp_path / "shims" / "python3.10", "#!/bin/sh\nexit 127\n")
    real = executable(
        tmp_path / "pyenv" / "versions" / "3.10.13" / "bin" / "python3.10", "#!/bin/sh\necho '(3, 10)' \"$0\"\n"
    )
    monkeypatch.setenv("PATH", f"{tmp_path / 'shims'}:{os.environ['PATH']}")
    monkeypatch.setenv("PYENV_ROOT", str(tmp_path / "pyenv"))
    assert bootstrap._python((3, 10)) == str(real)


def test_the_newest_of_pyenvs_pythons_is_taken(bootstrap, tmp_path, monkeypatch):
    for version in ("3.10.4", "3.10.13", "3.10.9"):
        executable(tmp_path / "versions" / version / "bin" / "python3.10", "#!/bin/sh\necho '(3, 10)' \"$0\"\n")
    monkeypatch.setenv("PATH", "/bin")
    monkeypatch.setenv("PYENV_ROOT", str(tmp_path))
    assert "/3.10.13/" in bootstrap._python((3, 10))


def test_torch_on_disk_is_taken_only_where_it_fits_the_python(bootstrap, tmp_path, monkeypatch):
    (tmp_path / f"torch-{bootstrap.TORCH}+cpu-cp311-cp311-manylinux_2_28_x86_64.whl").touch()
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path))
    assert bootstrap._torch_source("cp311") == ["--find-links", str(tmp_path)]
    assert bootstrap._torch_source("cp312") is None


def test_a_mirror_that_pip_was_told_of_is_told_to_uv(bootstrap, monkeypatch):
    monkeypatch.delenv("UV_DEFAULT_INDEX", raising=False)
    monkeypatch.delenv("UV_INDEX_URL", raising=False)
    monkeypatch.setenv("PIP_INDEX_URL", "https://mirror.example/simple")
    assert bootstrap._environment()["UV_DEFAULT_INDEX"] == "https://mirror.example/simple"


# --- steps -----------------------------------------------------------------------------------------------------------


def test_a_step_shows_its_number_name_and_time(bootstrap, capsys):
    steps = bootstrap.Steps()
    steps.expect(2)
    steps.run("Getting nothing", ["true"])
    assert re.fullmatch(r"\[1/2\] Getting nothing … \d\.\d s\n", capsys.readouterr().out)


def test_a_broken_download_is_tried_once_more_before_it_is_told(bootstrap, tmp_path):
    count = tmp_path / "count"
    script = executable(
        tmp_path / "fetch",
        f"#!/bin/sh\necho x >> {count}\n[ $(wc -l < {count}) = 2 ] || {{ echo 'Hash mismatch'; exit 1; }}\n",
    )
    bootstrap.Steps().run("Getting it", [str(script)])
    assert count.read_text() == "x\nx\n"


def test_what_a_step_says_goes_to_the_log_without_passwords(bootstrap, capsys):
    bootstrap.Steps().run("Talking", ["echo", "https://me:secret@mirror.example/simple"])
    assert "mirror.example" not in capsys.readouterr().out
    command = next(line for line in bootstrap.LOG.read_text().splitlines() if line.startswith("---"))
    assert "secret" not in command


def test_an_interrupted_step_ends_what_it_started(tmp_path):
    code = (
        "import importlib.util, signal, sys; from pathlib import Path\n"
        # A background job of a shell without job control inherits "ignore Ctrl-C".
        "signal.signal(signal.SIGINT, signal.default_int_handler)\n"
        f"spec = importlib.util.spec_from_file_location('b', {str(CHECKOUT / 'bootstrap.py')!r})\n"
        "b = importlib.util.module_from_spec(spec); spec.loader.exec_module(b)\n"
        f"b.LOG = Path({str(tmp_path / 'log')!r})\n"
        "b.COMMANDS['sleep'] = lambda rest: b.Steps().run('Sleeping', ['sh', '-c', 'sleep 61.25 & wait'])\n"
        "sys.exit(b.main(['sleep']))"
    )
    started = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert "Sleeping" in started.stdout.read(len("[1/1] Sleeping"))
    time.sleep(1)
    started.send_signal(signal.SIGINT)
    _, told = started.communicate(timeout=15)
    assert started.returncode == 130
    assert "Run the same command again" in told and "Traceback" not in told
    assert subprocess.run(["pgrep", "-f", "sleep 61.25"], capture_output=True).returncode == 1


# --- locks -----------------------------------------------------------------------------------------------------------


def test_every_locked_package_has_a_hash_and_no_file_names_a_registry():
    for name in ("requirements.lock", "requirements-test.lock", "requirements-tools.lock", "bot/requirements.lock"):
        text = (CHECKOUT / name).read_text()
        blocks = re.findall(r"^\S.*\n(?:[ \t].*\n)*", text, re.M)
        assert blocks and all("==" in block and "--hash=sha256:" in block for block in blocks)
        assert "://" not in text and "--index" not in text and "--find-links" not in text


def test_the_two_locks_of_the_service_share_no_package_and_bring_nothing_of_cuda():
    first, second = (
        set(re.findall(r"^([\w.-]+)==", (CHECKOUT / name).read_text(), re.M))
        for name in ("requirements.lock", "requirements-test.lock")
    )
    assert not first & second
    assert not [name for name in first | second if name.startswith(("nvidia-", "cuda-", "triton"))]


@pytest.mark.parametrize("version", ["3.6", "3.7", "3.8", "3.9", "3.10"])
def test_an_old_python_that_finds_no_newer_one_is_told_in_one_sentence(version, tmp_path):
    found = sorted(Path("~/.pyenv/versions").expanduser().glob(f"{version}.*/bin/python{version}"))
    if not found:
        pytest.skip(f"no Python {version} here")
    done = subprocess.run(
        [str(found[0]), "bootstrap.py", "run"], cwd=CHECKOUT, env={"PATH": "/nonexistent", "HOME": str(tmp_path)},
        capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1 and "needs Python 3.11 or newer" in done.stderr
