"""Processes kept warm: what they leave, what they end with, and the sealed kind."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from ngo_lesson.grading.warm import Usage, Warm

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="only Linux forks here")


@pytest.fixture(scope="module")
def sealed():
    with Warm("sealed") as warm:
        yield warm


def request(folder, *cells, **more):
    cells = [(f"cell {i}", cell) for i, cell in enumerate(cells)]
    return {"folder": str(folder), "allows": (), "forbids": (), "cell_seconds": 30, "cells": cells} | more


def descendants(pid):
    """The processes below `pid` by id."""
    parents = {}
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            parents[int(path.parent.name)] = int(path.read_text().rpartition(")")[2].split()[1])
        except OSError:  # it ended meanwhile
            continue
    found = [pid]
    for each in found:
        found += [child for child, parent in parents.items() if parent == each]
    return set(found[1:])


def alive(pids):
    return {pid for pid in pids if state(pid) not in ("", "Z")}


def state(pid):
    """Return a letter, Z for a process that ended and that its parent has not asked for, or ""."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2][:1]
    except (FileNotFoundError, ProcessLookupError):
        return ""


def wait_for(condition):
    for _ in range(600):
        if condition():
            return True
        time.sleep(0.05)
    return False


def test_a_submission_is_served_in_the_sandbox_and_ended(sealed, tmp_path):
    cells = "import os", "open('own', 'w').write('x')", "os.listdir('/tmp')", "os.fork()", "while True: pass"
    channel = sealed.start(request(tmp_path, *cells))
    assert channel.receive(60) == "ready"
    errors = [channel.receive(60)[2] for _ in cells[:4]]
    assert errors == ["", "", "PermissionError", "PermissionError"]
    assert (tmp_path / "own").read_text() == "x"
    (child,) = descendants(sealed._process.pid)
    assert len(list(Path(f"/proc/{sealed._process.pid}/task").iterdir())) == 1
    usage = sealed.end()
    assert usage.exit_codes == (-signal.SIGKILL,)
    assert usage.cpu_seconds > 0
    assert usage.max_memory_bytes > 2**20
    assert not alive({child})
    assert sealed.end() == Usage()


def test_each_submission_starts_anew(sealed, tmp_path):
    for _ in range(2):
        channel = sealed.start(request(tmp_path, "import os\nassert not hasattr(os, 'own')\nos.own = 1"))
        assert [channel.receive(60), channel.receive(60)] == ["ready", ("cell", 0, "", "")]
        sealed.end()


def test_one_submission_at_a_time(sealed, tmp_path):
    sealed.start(request(tmp_path))
    with pytest.raises(RuntimeError, match="call end"):
        sealed.start(request(tmp_path))
    sealed.end()


def test_a_killed_zygote_is_replaced(sealed, tmp_path):
    channel = sealed.start(request(tmp_path, "while True: pass"))
    assert channel.receive(60) == "ready"
    zygote, children = sealed._process.pid, descendants(sealed._process.pid)
    os.kill(zygote, signal.SIGKILL)
    with pytest.raises((EOFError, OSError)):
        channel.receive(60)
    assert sealed.end().exit_codes == (-signal.SIGKILL,)
    assert wait_for(lambda: not alive(children))
    channel = sealed.start(request(tmp_path))
    assert channel.receive(60) == "ready"
    sealed.end()


def test_without_fork_the_same_in_a_fresh_process(tmp_path):
    with Warm("sealed", fork=False) as warm:
        channel = warm.start(request(tmp_path, "import os; os.listdir('/tmp')"))
        assert [channel.receive(60), channel.receive(60)[2]] == ["ready", "PermissionError"]
        usage = warm.end()
    assert usage.exit_codes == (-signal.SIGKILL,)
    assert usage.cpu_seconds > 0


COMMAND = """
import sys, time
from pathlib import Path
from ngo_lesson.grading.visible import run
from ngo_lesson.grading.warm import Warm
cell = dict(cell_type="code", id="loop", metadata={}, source="open('started', 'w')\\nwhile True: pass", outputs=[])
notebook = dict(cells=[cell | dict(execution_count=None)], metadata={}, nbformat=4, nbformat_minor=5)
run(notebook, Path(sys.argv[1]), Warm("visible"))
"""


def test_nothing_outlives_a_killed_command_or_lies_about(tmp_path, monkeypatch):
    for name in ("run", "tmp"):
        (tmp_path / name).mkdir()
    monkeypatch.setenv("TMPDIR", str(tmp_path / "tmp"))
    process = subprocess.Popen([sys.executable, "-c", COMMAND, tmp_path / "run"], stderr=subprocess.DEVNULL)
    assert wait_for((tmp_path / "run" / "home" / "started").exists)
    below = descendants(process.pid)
    assert len(below) == 3
    assert {os.getsid(pid) for pid in below}.isdisjoint({os.getsid(0)})
    process.kill()
    process.wait()
    assert wait_for(lambda: not alive(below))
    assert wait_for(lambda: not list((tmp_path / "tmp").iterdir()))
