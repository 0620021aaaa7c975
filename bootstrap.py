"""Sets up Bangban on a bare machine and starts it: `make run`, `make test`, `make lock` and the others call this file.

Standard library only, because nothing is installed yet. The few lines above `main` that an old Python meets keep to
syntax that it can read, so that it ends in a sentence and not in a SyntaxError.

Two environments are made: `.venv` (the service, Python 3.11 or newer) and `bot/.venv` (Rasa, Python 3.10 only). Each
part that is finished leaves its fingerprint in the environment's `bangban-installed.json`: a part whose fingerprint is
there is skipped, a part that was interrupted is not there yet and is taken up again.
"""

import contextlib
import fcntl
import hashlib
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parent
OLDEST_PYTHON = (3, 11)
NEWEST_PYTHON = (3, 13)  # the newest for which the locked packages were seen to install
TORCH = "2.13.0"
GIGABYTE = 1024**3
TYPED = ("api", "knowledge", "retrieval")
DISK_NEEDED = {".venv": 2.0 * GIGABYTE, "bot/.venv": 3.2 * GIGABYTE, "var": 0.8 * GIGABYTE}

SERVICE = CHECKOUT / ".venv"
BOT = CHECKOUT / "bot" / ".venv"
TOOLS = CHECKOUT / "var" / "tools"
LOG = CHECKOUT / "var" / "logs" / "setup.log"
TOOL_LOCK, SERVICE_LOCK, TEST_LOCK, BOT_LOCK = (
    CHECKOUT / name
    for name in ("requirements-tools.lock", "requirements.lock", "requirements-test.lock", "bot/requirements.lock")
)
# pip is no dependency of the code; the encoder's package is fetched with it, and `uv venv` brings none.
BESIDES = "pip\nsetuptools\n"
PACKAGES_OF_CUDA = re.compile(r"^(nvidia-|cuda-|triton)")


class SetupFailed(Exception):
    """The set-up cannot go on; the message is the one sentence that the user reads."""


class Stopped(SetupFailed):
    """The user or the system asked to stop; running the same command again goes on from here."""


# --- commands ---------------------------------------------------------------------------------------------------------


def main(arguments):
    """Carry out one command; returns the exit status."""
    command, rest = (arguments[0] if arguments else "run"), arguments[1:]
    if command not in COMMANDS:
        print(f"bootstrap.py knows {', '.join(COMMANDS)}; not {command!r}.", file=sys.stderr)
        return 2
    signal.signal(signal.SIGTERM, _stop)
    try:
        return COMMANDS[command](rest) or 0
    except KeyboardInterrupt:
        return _said("Stopped. Run the same command again: it goes on with what is missing.", 130)
    except Stopped as stopped:
        return _said(str(stopped), 143)
    except SetupFailed as failed:
        return _said(str(failed), 1)
    except OSError as error:
        return _said(explain(str(error), "The set-up") if _kind(str(error)) else f"The set-up failed: {error}", 1)


def install(arguments):
    """Both environments, without test tools."""
    _install(tests=False)


def run(arguments):
    """Install what is missing, then become `bangban serve`."""
    _install(tests=False)
    _become([str(SERVICE / "bin" / "bangban"), "serve", *arguments])


def command(arguments):
    """Install what is missing, then become `bangban …`; measuring needs the test tools too."""
    _install(tests=arguments[:1] == ["eval"])
    _become([str(SERVICE / "bin" / "bangban"), *arguments])


def module(arguments):
    """Install what is missing and the test tools, then become `python -m …` in the service's environment."""
    _install(tests=True)
    _become([str(SERVICE / "bin" / "python"), "-m", *arguments])


def lint(arguments):
    """Style, folder borders and types; every fault is shown, then the status is 1."""
    _install(tests=True)
    return 1 if _check() else 0


def test(arguments):
    """Everything that CI asks: style, borders, types, prepared artefacts, all tests."""
    began = time.monotonic()
    steps = _install(tests=True, browser=True)
    failed = _check(steps)
    steps.show("Preparing the model, the index and the bot", [str(SERVICE / "bin" / "bangban"), "prepare"])
    print(
        "Where the time went so far: " + ", ".join(f"{name} {s:.0f} s" for name, s in steps.slowest(5)) + ".",
        flush=True,
    )
    # Two processes, as a test mostly waits; a module stays in one, as its tests share what they start.
    selection = arguments or ["--numprocesses=2", "--dist=loadfile", "--no-loadscope-reorder", "--durations=15"]
    status = _foreground([str(SERVICE / "bin" / "python"), "-m", "pytest", *selection])
    if failed:
        print(f"The tests are not all: {' and '.join(failed)} found faults, shown above.", file=sys.stderr, flush=True)
    print(f"make test took {_duration(time.monotonic() - began)}.", file=sys.stderr, flush=True)
    return status or (1 if failed else 0)


def lock(arguments):
    """Resolve anew and write every lock file; `--upgrade` takes newer versions, without it the known ones are kept."""
    steps = Steps()
    steps.expect(4)
    uv = _uv(steps)
    compiling = [uv, "pip", "compile", "--no-annotate", "--no-header", "--generate-hashes", "--universal", *arguments]
    torch = _torch_source("cp311") or ["--torch-backend", "cpu"]
    service = [*compiling, "--python-version", "3.11", *torch, "--no-emit-package", "torch", "pyproject.toml", "-"]
    with _folder(CHECKOUT / "var", "locking-") as scratch:
        shutil.copy(TOOL_LOCK, scratch / "tools")
        steps.run(
            "Locking the set-up tool", [*compiling, "--python-version", "3.11", "-", "-o", str(scratch / "tools")], "uv"
        )
        _keep_lock(TOOL_LOCK, _blocks(scratch / "tools"))

        shutil.copy(SERVICE_LOCK, scratch / "service")
        steps.run("Locking the service", [*service, "-o", str(scratch / "service")], BESIDES)
        needed = [block for block in _blocks(scratch / "service") if not PACKAGES_OF_CUDA.match(block)]
        _keep_lock(SERVICE_LOCK, needed)

        (scratch / "test").write_text("".join(needed + (_blocks(TEST_LOCK) if TEST_LOCK.exists() else [])))
        steps.run("Locking the test tools", [*service, "--group", "test", "-o", str(scratch / "test")], BESIDES)
        more = [
            block for block in _blocks(scratch / "test") if block not in needed and not PACKAGES_OF_CUDA.match(block)
        ]
        clash = {_name(block) for block in more} & {_name(block) for block in needed}
        if clash:
            raise SetupFailed(
                f"Tests and service need different versions of {', '.join(sorted(clash))}: mend pyproject.toml."
            )
        _keep_lock(TEST_LOCK, more)

        shutil.copy(BOT_LOCK, scratch / "bot")
        steps.run(
            "Locking the bot",
            [*compiling, "--python-version", "3.10", "bot/pyproject.toml", "-o", str(scratch / "bot")],
        )
        _keep_lock(BOT_LOCK, _blocks(scratch / "bot"))


def clean(arguments):
    """Delete what was installed and prepared. The database and the logs stay: they cannot be made again."""
    for folder in (SERVICE, BOT, TOOLS, *(CHECKOUT / "var" / name for name in ("models", "index", "bot"))):
        if folder.exists():
            shutil.rmtree(folder)
            print(f"deleted {folder.relative_to(CHECKOUT)}")


COMMANDS = {
    "run": run, "install": install, "test": test, "lint": lint, "lock": lock, "clean": clean,
    "bangban": command, "python": module,
}  # fmt: skip


# --- what is installed ------------------------------------------------------------------------------------------------


def _install(tests, browser=False):
    """Make both environments complete; what is already so costs a few file reads. Returns the steps taken."""
    steps = Steps()
    with _only_one():
        missing = _missing(tests)
        if missing:
            _refuse_without_space(missing)
            steps.expect(len(missing) + sum(not _python_of(folder) for folder in (SERVICE, BOT)))
            uv = _uv(steps)
            _install_service(steps, uv, missing)
            _install_bot(steps, uv, missing)
        if browser:
            _install_browser(steps)
    return steps


def _parts(tests):
    """Each part's name, with its environment and the fingerprint of what it is made from."""
    own = _hash(f"{CHECKOUT}".encode(), (CHECKOUT / "pyproject.toml").read_bytes())
    parts = {
        "torch": (SERVICE, _hash(TORCH.encode())),
        "service": (SERVICE, _hash(SERVICE_LOCK.read_bytes())),
        "bangban": (SERVICE, own),
        "bot": (BOT, _hash(BOT_LOCK.read_bytes())),
    }
    if tests:
        parts["test tools"] = (SERVICE, _hash(TEST_LOCK.read_bytes()))
    return parts


def _missing(tests):
    missing = set()
    for part, (folder, fingerprint) in _parts(tests).items():
        if not _python_of(folder) or _stamps(folder).get(part) != [_interpreter(folder), fingerprint]:
            missing.add(part)
    return missing


def _install_service(steps, uv, missing):
    if not missing - {"bot"}:
        return
    source = None
    if not _python_of(SERVICE):
        python, source = _service_python(uv)
        steps.run("Making the service's environment", [uv, "venv", "--clear", "--python", python, str(SERVICE)])
    installing = [uv, "pip", "install", "--python", str(SERVICE / "bin" / "python"), "--no-deps"]
    locked = [*installing, "--require-hashes", "-r"]
    if "torch" in missing:
        source = source or _torch_source(_tag(SERVICE))
        where = source or ([] if sys.platform == "darwin" else ["--torch-backend", "cpu"])
        if not _has_torch():  # Who put another build there themselves, for a GPU say, keeps it.
            steps.run(f"Installing PyTorch {TORCH} for the CPU", [*installing, *where, f"torch=={TORCH}"])
            _refuse_cuda()
        _stamp(SERVICE, "torch")
    if "service" in missing:
        steps.run("Installing the service's packages", [*locked, str(SERVICE_LOCK)])
        _stamp(SERVICE, "service")
    if "test tools" in missing:
        steps.run("Installing the test tools", [*locked, str(TEST_LOCK)])
        _stamp(SERVICE, "test tools", tests=True)
    if "bangban" in missing:
        # Built with the locked setuptools, not in a build environment of its own that would download any newest one.
        steps.run("Installing Bangban itself", [*installing, "--no-build-isolation", "--editable", str(CHECKOUT)])
        _stamp(SERVICE, "bangban")


def _install_bot(steps, uv, missing):
    if "bot" not in missing:
        return
    if not _python_of(BOT):
        python = _python310(uv, steps)
        steps.run("Making the bot's environment (Python 3.10)", [uv, "venv", "--clear", "--python", python, str(BOT)])
    locked = ["--no-deps", "--require-hashes", "-r", str(BOT_LOCK)]
    steps.run("Installing the bot's packages", [uv, "pip", "install", "--python", str(BOT / "bin" / "python"), *locked])
    _stamp(BOT, "bot")


def _install_browser(steps):
    """Chromium for the browser tests, from Debian's packages where it is missing and we may install."""
    if any(shutil.which(name) for name in ("chromium", "chromium-browser", "google-chrome")):
        return
    may = [] if os.geteuid() == 0 else ["sudo", "-n"]
    if not shutil.which("apt-get") or (may and subprocess.run(["sudo", "-n", "true"], capture_output=True).returncode):
        raise SetupFailed(
            "The browser tests need Chromium: install it (on Debian: sudo apt-get install chromium) "
            "and run make test again."
        )
    apt = [*may, "env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "-q", "-y"]
    steps.expect(2)
    steps.run("Reading Debian's package list", [*apt, "update"])
    steps.run("Installing Chromium", [*apt, "install", "--no-install-recommends", "chromium", "fonts-noto-cjk"])


def _uv(steps):
    """The path of a uv that is at least the locked version: one on PATH, else one of our own in var/tools."""
    wanted = re.search(r"^uv==([0-9.]+)", TOOL_LOCK.read_text(), re.M).group(1)
    own = TOOLS / f"uv-{wanted}"
    for found in (str(own / "bin" / "uv"), shutil.which("uv")):
        if found and os.access(found, os.X_OK) and _version_of_uv(found) >= _numbers(wanted):
            return found
    shutil.rmtree(own, ignore_errors=True)
    TOOLS.mkdir(parents=True, exist_ok=True)
    pip = [
        sys.executable,
        "-m",
        "pip",
        "install",
        "--quiet",
        "--disable-pip-version-check",
        "--root-user-action=ignore",
    ]
    steps.expect(1)
    with _folder(TOOLS, ".uv-") as making:
        if subprocess.run([sys.executable, "-m", "pip", "--version"], capture_output=True).returncode == 0:
            target = making / "uv"
        else:
            # Debian's python3 comes without pip; where python3-venv is there, an environment brings one along.
            if _logged([sys.executable, "-m", "venv", str(making / "uv")]).returncode:
                raise SetupFailed(
                    "This Python has neither pip nor venv, one of which fetches the installer uv: install python3-venv "
                    "(on Debian: apt-get install python3-venv) or uv, then run make again."
                )
            pip[0], target = str(making / "uv" / "bin" / "python"), None
        into = ["--target", str(target)] if target else []
        steps.run(
            f"Getting the installer uv {wanted}", [*pip, *into, "--no-deps", "--require-hashes", "-r", str(TOOL_LOCK)]
        )
        os.replace(making / "uv", own)
    return str(own / "bin" / "uv")


# --- finding Python ---------------------------------------------------------------------------------------------------


def _service_python(uv):
    """The interpreter for the service and where its torch comes from.

    This one if the locks fit it. Where a folder with wheels is configured (PIP_FIND_LINKS) and holds torch for another
    version only, an interpreter of that version comes first: what lies on disk needs no download.
    """
    here = sys.version_info[:2]
    versions = sorted(
        {(3, minor) for minor in range(OLDEST_PYTHON[1], NEWEST_PYTHON[1] + 1)}, key=lambda v: (v != here, v)
    )
    for version in versions:
        source = _torch_source(f"cp{version[0]}{version[1]}")
        python = source and _python(version)
        if python:
            return python, source
    for version in versions:
        python = _python(version)
        if python:
            return python, None
    found = _logged([uv, "python", "install", "{}.{}".format(*NEWEST_PYTHON)])
    python = _managed(uv, NEWEST_PYTHON)
    if found.returncode or not python:
        raise SetupFailed(
            "Python {}.{} is newer than what the packages were locked for: install Python 3.11, 3.12 or 3.13 beside it "
            "and run make again.".format(*here)
        )
    return python, None


def _python310(uv, steps):
    python = _python((3, 10)) or _managed(uv, (3, 10))
    if python:
        return python
    steps.expect(1)
    with contextlib.suppress(SetupFailed):
        steps.run("Getting Python 3.10 for the bot", [uv, "python", "install", "3.10"])
    python = _managed(uv, (3, 10))
    if python:
        return python
    raise SetupFailed(
        "Rasa needs Python 3.10, which is neither on PATH nor among pyenv's versions, and uv could not download it: "
        f"install it (pyenv install 3.10, or uv python install 3.10) and run make again. Details: {_shown(LOG)}"
    )


def _python(version):
    """An interpreter of exactly this version: this one, on PATH, among pyenv's; None where there is none that works."""
    name = "python{}.{}".format(*version)
    candidates = [getattr(sys, "_base_executable", sys.executable)] if sys.version_info[:2] == version else []
    candidates += [found for found in (shutil.which(name),) if found]
    for root in dict.fromkeys((os.environ.get("PYENV_ROOT"), os.path.expanduser("~/.pyenv"))):
        if root:
            found = Path(root, "versions").glob("{}.{}*/bin/{}".format(*version, name))
            candidates += sorted(map(str, found), key=_numbers, reverse=True)
    return next((path for candidate in candidates for path in [_real(candidate, version)] if path), None)


def _managed(uv, version):
    """uv's own Python of this version, if it has one."""
    asked = [uv, "python", "find", "--managed-python", "--no-python-downloads", "{}.{}".format(*version)]
    found = subprocess.run(asked, capture_output=True, text=True, cwd="/")
    return _real(found.stdout.strip(), version) if found.returncode == 0 else None


def _real(python, version):
    """The interpreter's own path if it runs and is complete: a pyenv shim answers only for a chosen version."""
    asked = "import bz2, ctypes, lzma, sqlite3, ssl, sys; print(sys.version_info[:2], sys.executable)"
    try:
        told = subprocess.run([python, "-c", asked], capture_output=True, text=True, timeout=20)
    except (OSError, subprocess.TimeoutExpired):
        return None
    version_told, _, path = told.stdout.strip().rpartition(" ")
    return path if told.returncode == 0 and version_told == str(version) else None


def _torch_source(tag):
    """Options for uv where a configured folder holds a CPU build of torch for this Python; else None."""
    for place in os.environ.get("PIP_FIND_LINKS", "").split():
        folder = Path(place[len("file://") :] if place.startswith("file://") else place)
        if folder.is_dir() and any(folder.glob(f"torch-{TORCH}+cpu-{tag}-*.whl")):
            return ["--find-links", str(folder)]
    return None


def _has_torch():
    return any(SERVICE.glob(f"lib/python3*/site-packages/torch-{TORCH}*.dist-info/RECORD"))


def _refuse_cuda():
    installed = list(SERVICE.glob("lib/python3*/site-packages/torch/version.py"))
    cuda = re.search(r"^cuda\b[^=]*=\s*'", installed[0].read_text(), re.M) if installed else None
    if cuda:
        raise SetupFailed(
            f"A CUDA build of torch {TORCH} was installed where the CPU build belongs: delete .venv and run make again."
        )


# --- stamps, locks, space ---------------------------------------------------------------------------------------------


def _python_of(folder):
    """Whether the environment has an interpreter that still exists."""
    return os.access(folder / "bin" / "python", os.X_OK) and (folder / "pyvenv.cfg").exists()


def _interpreter(folder):
    return _hash((folder / "pyvenv.cfg").read_bytes())


def _tag(folder):
    version = re.search(r"^version(?:_info)? *= *(\d+)\.(\d+)", (folder / "pyvenv.cfg").read_text(), re.M)
    return f"cp{version.group(1)}{version.group(2)}"


def _stamps(folder):
    try:
        return json.loads((folder / "bangban-installed.json").read_text())
    except (OSError, ValueError):
        return {}


def _stamp(folder, part, tests=False):
    stamps = _stamps(folder)
    stamps[part] = [_interpreter(folder), _parts(tests)[part][1]]
    _write(folder / "bangban-installed.json", json.dumps(stamps, indent=1))


def _hash(*contents):
    return hashlib.sha256(b"\0".join(contents)).hexdigest()


def _blocks(path):
    """A lock file's requirements, each with its hashes, as text."""
    return re.findall(r"^\S.*\n(?:[ \t].*\n)*", path.read_text(), re.M)


def _name(block):
    return block.split("==")[0].strip()


def _keep_lock(path, blocks):
    _write(path, "".join(blocks))
    print(f"{_shown(path)}: {len(blocks)} packages")


def _write(path, text):
    """Replace the file in one go: a reader sees the old or the new text, never half of it."""
    making = path.with_name(f".{path.name}.{os.getpid()}")
    making.write_text(text)
    os.replace(making, path)


@contextlib.contextmanager
def _folder(parent, prefix):
    parent.mkdir(parents=True, exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix=prefix, dir=parent))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextlib.contextmanager
def _only_one():
    """Two set-ups of one checkout take turns."""
    LOG.parent.mkdir(parents=True, exist_ok=True)
    with open(LOG.parent.parent / "setup.lock", "w") as held:
        try:
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            print("Another set-up of this checkout is running; waiting for it.", flush=True)
            fcntl.flock(held, fcntl.LOCK_EX)
        yield


def _refuse_without_space(missing):
    needed = DISK_NEEDED["var"]
    needed += DISK_NEEDED["bot/.venv"] if "bot" in missing else 0
    needed += DISK_NEEDED[".venv"] if missing & {"torch", "service"} else 0
    free = shutil.disk_usage(CHECKOUT).free
    if free < needed:
        raise SetupFailed(
            f"Too little space: installing needs about {needed / GIGABYTE:.1f} GB on the disk of {CHECKOUT}, "
            f"{free / GIGABYTE:.1f} GB are free. Free some and run make again."
        )


# --- running commands and showing it ----------------------------------------------------------------------------------


class Steps:
    """Numbered steps with their names and times; on a terminal the running step shows its clock."""

    def __init__(self):
        self.done, self.expected = [], 0

    def expect(self, more):
        """Announce `more` steps."""
        self.expected += more

    def slowest(self, count):
        """The names and seconds of the longest steps so far, longest first."""
        return sorted(self.done, key=lambda step: -step[1])[:count]

    def run(self, name, arguments, given=None):
        """One step: a command whose output goes to the log. Tried again once where the download is to blame.

        Raises SetupFailed with what went wrong and what to do.
        """
        with self._clock(name):
            done = _logged(arguments, given)
            if done.returncode and _kind(done.told) in ("network", "broken"):
                done = _logged(arguments, given)
        if done.returncode:
            raise SetupFailed(explain(done.told, name))

    def show(self, name, arguments):
        """One step whose output the user sees. Raises SetupFailed where it fails."""
        if self.check(name, arguments):
            raise SetupFailed(f"{name} failed; what it said is shown above.")

    def check(self, name, arguments):
        """One step whose output the user sees; returns its status."""
        began = time.monotonic()
        print(f"{name} …", flush=True)
        status = _foreground(arguments)
        self.done.append((name, time.monotonic() - began))
        print(f"{name}: {'done' if status == 0 else 'FAILED'} ({_duration(self.done[-1][1])})", flush=True)
        return status

    @contextlib.contextmanager
    def _clock(self, name):
        self.expected = max(self.expected, len(self.done) + 1)
        label = f"[{len(self.done) + 1}/{self.expected}] {name} … "
        began, over = time.monotonic(), threading.Event()
        live = sys.stdout.isatty()
        print(label, end="", flush=True)

        def tick():
            while not over.wait(1):
                print(f"\r{label}{_duration(time.monotonic() - began)}", end="", flush=True)

        clock = threading.Thread(target=tick, daemon=True)
        if live:
            clock.start()
        try:
            yield
        finally:
            over.set()
            if live:
                clock.join()
            self.done.append((name, time.monotonic() - began))
            print(f"{chr(13) + label if live else ''}{_duration(self.done[-1][1])}", flush=True)


class Done:
    """How a logged command ended: its status and what it said."""

    def __init__(self, returncode, told):
        self.returncode, self.told = returncode, told


def _logged(arguments, given=None):
    """Run a command in its own process group, output to the log; the group ends with us, however we end."""
    LOG.parent.mkdir(parents=True, exist_ok=True)
    with open(LOG, "a+", encoding="utf-8", errors="replace") as log:
        log.write(f"\n--- {time.strftime('%Y-%m-%d %H:%M:%S')} {' '.join(map(_without_password, arguments))}\n")
        log.flush()
        start = log.tell()
        stdin = subprocess.PIPE if given else subprocess.DEVNULL
        running = subprocess.Popen(
            arguments,
            cwd=CHECKOUT,
            env=_environment(),
            stdin=stdin,
            stdout=log,
            stderr=log,
            start_new_session=True,
            text=True,
        )
        try:
            running.communicate(given)
        except BaseException:
            _end_group(running)
            raise
        log.seek(start)
        return Done(running.returncode, log.read())


def _foreground(arguments):
    """Run a command that shares our terminal and gets Ctrl-C with us; returns its status once it is really gone."""
    running = subprocess.Popen(arguments, cwd=CHECKOUT, env=_bytecode_kept(), stdin=subprocess.DEVNULL)
    interrupted = False
    while True:
        try:
            status = running.wait()
            break
        except KeyboardInterrupt:
            if interrupted:
                running.kill()
            interrupted = True
        except Stopped:
            running.terminate()
            running.wait()
            raise
    if interrupted:
        raise KeyboardInterrupt
    return status


def _check(steps=None):
    """Run the checks that read code; returns the names of those that found faults."""
    steps, tool = steps or Steps(), str(SERVICE / "bin") + "/"
    checks = {
        "style (ruff)": [tool + "ruff", "check", "."],
        "folder borders (import-linter)": [tool + "lint-imports"],
        "types (mypy)": [tool + "mypy", *TYPED],
    }
    return [name for name, arguments in checks.items() if steps.check(f"Checking {name}", arguments)]


def _environment():
    """Ours, and what pip was told about a mirror of the registry: uv does not read pip's settings."""
    told = dict(os.environ, UV_NO_PROGRESS="1", UV_PYTHON_PREFERENCE="system", PIP_DISABLE_PIP_VERSION_CHECK="1")
    told.pop("VIRTUAL_ENV", None)
    if not {"UV_DEFAULT_INDEX", "UV_INDEX_URL"} & set(told):
        mirror = told.get("PIP_INDEX_URL") or _pip_setting("index-url")
        if mirror:
            told["UV_DEFAULT_INDEX"] = mirror
    told.setdefault("UV_HTTP_TIMEOUT", "120")
    return told


def _pip_setting(name):
    for path in ("/etc/pip.conf", "~/.pip/pip.conf", "~/.config/pip/pip.conf"):
        with contextlib.suppress(OSError):
            found = re.search(rf"^{name}\s*=\s*(\S+)", Path(os.path.expanduser(path)).read_text(), re.M)
            if found:
                return found.group(1)
    return None


EXPLANATIONS = {
    "disk": (
        r"No space left on device|os error 28|Errno 28|ENOSPC|Disk quota exceeded",
        "{step} stopped because the disk is full: free about 6 GB on the disk of {checkout} and run make again, "
        "it goes on from here.",
    ),
    "broken": (
        r"hash mismatch|do not match the hashes|BadZipFile|unexpected end of file|corrupt|bad crc|IncompleteRead"
        r"|invalid (?:zip|gzip|checksum)|failed to extract|early EOF",
        "{step} got a broken download twice: run make again, and if it stays so, look whether a mirror or proxy alters "
        "files (`uv cache clean` forgets what was downloaded).",
    ),
    "certificate": (
        r"certificate|UnknownIssuer|SSLError",
        "{step} was refused because of a certificate: name your network's certificates in SSL_CERT_FILE and run make "
        "again.",
    ),
    "network": (
        r"dns error|lookup address|name resolution|error sending request|Connection (?:refused|reset|aborted)"
        r"|timed? ?out|Network is unreachable|Could not connect|NewConnectionError|Failed to fetch"
        r"|No matching distribution found for uv|Temporary failure resolving|connection error",
        "{step} could not download: check the network (HTTPS_PROXY, or a mirror in UV_DEFAULT_INDEX) and run make "
        "again, it goes on from here.",
    ),
    "permission": (
        r"Permission denied|Read-only file system|os error 13|Errno 13",
        "{step} may not write: run make as the owner of {checkout}.",
    ),
}


def explain(told, step):
    """One sentence for the user from what a failed command said."""
    kind = _kind(told)
    sentence = EXPLANATIONS[kind][1] if kind else "{step} failed."
    return f"{sentence.format(step=step, checkout=CHECKOUT)} Details: {_shown(LOG)}"


def _kind(told):
    return next((kind for kind, (pattern, _) in EXPLANATIONS.items() if re.search(pattern, told, re.IGNORECASE)), None)


def _end_group(running):
    for number, patience in ((signal.SIGTERM, 5), (signal.SIGKILL, 5)):
        with contextlib.suppress(ProcessLookupError):
            os.killpg(running.pid, number)
        with contextlib.suppress(subprocess.TimeoutExpired):
            running.wait(patience)
            return


def _become(arguments):
    sys.stdout.flush()
    os.execve(arguments[0], arguments, _bytecode_kept())


def _bytecode_kept():
    """Our environment; compiled modules are kept even where it says otherwise: they halve every later start."""
    return {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}


def _stop(number, frame):
    raise Stopped("Stopped. Run the same command again: it goes on with what is missing.")


def _said(sentence, status):
    print(f"\n{sentence}" if sys.stdout.isatty() else sentence, file=sys.stderr, flush=True)
    return status


def _version_of_uv(path):
    told = subprocess.run([path, "--version"], capture_output=True, text=True)
    return _numbers(told.stdout.split()[1]) if told.returncode == 0 and len(told.stdout.split()) > 1 else ()


def _numbers(text):
    return tuple(int(number) for number in re.findall(r"\d+", text))


def _duration(seconds):
    return (
        f"{seconds:.1f} s"
        if seconds < 10
        else f"{seconds:.0f} s"
        if seconds < 120
        else f"{seconds // 60:.0f} min {seconds % 60:.0f} s"
    )


def _shown(path):
    return path.relative_to(CHECKOUT) if CHECKOUT in path.parents else path


def _without_password(argument):
    return re.sub(r"://[^/@\s]+@", "://…@", argument)


def _newer_python():
    """A Python new enough for this file, where the one that was started is too old; None where there is none."""
    names = [f"python3.{minor}" for minor in (13, 12, 11)]
    found = [shutil.which(name) for name in names]
    for root in (os.environ.get("PYENV_ROOT"), os.path.expanduser("~/.pyenv")):
        for name in names if root else ():
            found += sorted(str(path) for path in Path(root).glob(f"versions/{name[6:]}*/bin/{name}"))
    for python in filter(None, found):
        if subprocess.call([python, "-c", ""], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) == 0:
            return python
    return None


if __name__ == "__main__":
    if sys.version_info < OLDEST_PYTHON:
        newer = _newer_python()
        if not newer:
            told = "{}.{}".format(*sys.version_info)
            sys.exit(
                f"Bangban needs Python 3.11 or newer, this is {told}: install one (or pyenv install 3.11) "
                "and run make again."
            )
        os.execv(newer, [newer, *sys.argv])
    sys.exit(main(sys.argv[1:]))
