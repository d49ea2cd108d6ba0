"""Runs a restored notebook with nbval on a kernel that may be hostile, and tells what came of each cell.

This process holds no student code. A thread watches the kernel's time and folder; nothing after its end counts.
"""

import contextlib
import io
import json
import os
import signal
import socket
import tempfile
import threading
import time
from collections import defaultdict, deque
from collections.abc import Iterator
from pathlib import Path
from queue import Empty
from typing import Any

import nbformat
import nbval.plugin
import pytest
from nbval.kernel import CURRENT_ENV_KERNEL_NAME, RunningKernel

from ngo_lesson.grading import sandbox
from ngo_lesson.grading.restore import grade_id, nbgrader
from ngo_lesson.grading.wire import Channel, WireError
from ngo_lesson.questions.check import WARNED

MEMORY = 2**30  # bytes, above what is shared
CELL_BYTES = 5_000_000  # of messages; the kernel of kernel.py sends at most half
FOLDER_BYTES, FOLDER_FILES = 100 * 2**20, 1000  # that the kernel may leave in its folder
MESSAGE_BYTES = 500  # that each takes beside its text
SHOWN_CHARACTERS = 10_000_000  # of all outputs of a notebook
TRANSCRIPT_CHARACTERS = 200_000
# Plugins of pytest that do nothing for notebooks; they take half of its time, or write files.
UNUSED: tuple[str, ...] = ("assertion", "cacheprovider", "capture", "debugging", "doctest", "faulthandler", "junitxml")
UNUSED += ("logging", "monkeypatch", "pastebin", "python", "recwarn", "setuponly", "setupplan", "stepwise", "subtests")
UNUSED += ("threadexception", "tmpdir", "unittest", "unraisableexception")
LEFT_OUT = {"output_type": "stream", "name": "stderr", "text": "(what this cell showed is too much to keep)"}
LOOK_SECONDS = 0.25  # between two looks at the clock and the folder
GRACE_SECONDS = 20  # for nbval to interrupt a cell and to read what it shows then
# A right answer that warns passes: what check says about it, as text and as HTML, is removed before nbval compares.
SANITIZE = {rf"(?s)\n{WARNED}:.*": "", rf"(?s)<div>{WARNED}</div><pre.*?</pre>": ""}

if os.name == "posix":
    import resource


class KernelEndedError(RuntimeError):
    """The kernel is gone, or not to be listened to any more."""


class Kernel(RunningKernel):
    """A kernel as nbval talks to it: process `pid`, over one end of a socket. Raises SandboxError."""

    def __init__(self, request: dict[str, Any], end: socket.socket, pid: int) -> None:
        self._prepare(request)
        self.pid, self.channel = pid, Channel(end)
        self.channel.send((request["folder"], request["limits"], request["readable"]))
        if problem := self.channel.receive(GRACE_SECONDS):
            raise sandbox.SandboxError(problem)
        self._watch()

    def _prepare(self, request: dict[str, Any]) -> None:
        self.queues: dict[str, deque[dict[str, Any]]] = {"shell": deque(), "iopub": deque()}
        self.status = self.why = self.cell = ""
        self.received = 0
        self.deadline = self.last = time.monotonic() + request["seconds"]
        self.request = request
        self.stopped = threading.Event()

    def _watch(self) -> None:
        threading.Thread(target=self._look, daemon=True).start()

    def _look(self) -> None:
        request = self.request
        while not self.stopped.wait(LOOK_SECONDS):
            now = time.monotonic()
            size, files = sandbox.used(Path(request["folder"]))
            if now > self.last:
                self.end("timed out", f"the notebook ran longer than {request['seconds']:g} seconds")
            elif now > self.deadline:
                self.end("timed out", f"ran longer than {request['cell_seconds']:g} seconds and could not be stopped")
            elif size > FOLDER_BYTES or files > FOLDER_FILES:
                self.end("crashed", f"left {files} files of {size:,} bytes, which is too much")

    def end(self, status: str, why: str) -> None:
        """Kill the kernel; the first reason stays."""
        self.fail(status, why)
        self.stop()

    def fail(self, status: str, why: str) -> None:
        """From here on no cell counts."""
        if not self.status:
            self.status, self.why = status, f"{self.cell}: {why}" if self.cell else why

    # What follows overrides nbval.

    def execute_cell_input(self, cell_input: str, allow_stdin: bool | None = None) -> str:
        """Ask for a cell and return the id that its messages carry."""
        self.received = 0
        self.deadline = time.monotonic() + self.request["cell_seconds"] + GRACE_SECONDS
        return self.ask(cell_input)

    def ask(self, cell_input: str) -> str:
        """Send the request."""
        id = os.urandom(8).hex()
        with contextlib.suppress(OSError):  # get_message finds out why
            self.channel.send((cell_input, id))
        return id

    def get_message(self, stream: str, timeout: float) -> dict[str, Any]:
        """Return the next message of a stream. Raises Empty after `timeout` seconds, and KernelEndedError."""
        end = time.monotonic() + timeout
        try:
            while not self.queues[stream]:
                self.receive(stream, end - time.monotonic())
                if self.received > CELL_BYTES:
                    self.end("crashed", f"showed more than {CELL_BYTES:,} bytes")
        except TimeoutError:
            self.fail("timed out", f"ran longer than {self.request['cell_seconds']:g} seconds")
            raise Empty from None
        except (OSError, EOFError):
            self.end("crashed", "the kernel ended")
        except (ValueError, TypeError, KeyError, RecursionError):
            self.end("crashed", "the kernel sent what is no message")
        if self.stopped.is_set():
            raise KernelEndedError(self.why)
        return self.queues[stream].popleft()

    def receive(self, stream: str, timeout: float) -> None:
        """Put the next message, whatever its stream, into its queue."""
        stream, kind, request, text = self.channel.receive(max(timeout, 0))
        self.received += self.channel.size + MESSAGE_BYTES
        message = {"msg_type": kind, "parent_header": {"msg_id": request}, "content": json.loads(text)}
        self.queues[stream].append(message)

    def is_alive(self) -> bool:
        """Whether another cell may be asked for."""
        return not self.status and not self.stopped.is_set()

    def interrupt(self) -> None:
        """Stop the cell, for its traceback."""
        os.kill(self.pid, signal.SIGINT)

    def stop(self) -> None:
        """Kill the kernel."""
        self.stopped.set()
        self.kill()

    def kill(self) -> None:
        """Kill the process; it stays until its parent reaps it, so no other can have its id."""
        os.kill(self.pid, signal.SIGKILL)


class OrdinaryKernel(Kernel):
    """Jupyter's own kernel, where processes do not fork: limited in time and output, not shut in."""

    def __init__(self, request: dict[str, Any]) -> None:
        self._prepare(request)
        RunningKernel.__init__(self, CURRENT_ENV_KERNEL_NAME, request["folder"], GRACE_SECONDS)
        self.process = self.km.provisioner.process
        self._watch()

    def ask(self, cell_input: str) -> str:
        """Send the request."""
        return RunningKernel.execute_cell_input(self, cell_input, allow_stdin=False)

    def receive(self, stream: str, timeout: float) -> None:
        """Put the next message of `stream` into its queue, if one comes soon."""
        if timeout <= 0:
            raise TimeoutError
        try:
            message = RunningKernel.get_message(self, stream, min(timeout, LOOK_SECONDS))
        except Empty:
            if not RunningKernel.is_alive(self):
                raise EOFError from None
            return
        self.received += len(str(message["content"])) + MESSAGE_BYTES
        self.queues[stream].append(message)

    def interrupt(self) -> None:
        """Stop the cell, for its traceback."""
        RunningKernel.interrupt(self)

    def kill(self) -> None:
        """Kill the process and wait for it."""
        self.process.kill()
        self.process.wait()


class Notebook(nbval.plugin.IPyNbFile):
    """The notebook that is run; `kernel` is set by the plugin."""

    def setup(self) -> None:
        """Instead of starting a kernel; pytest calls this."""
        self.sanitize_patterns.update(SANITIZE)

    def collect(self) -> Iterator[pytest.Item]:
        """Yield the cells. A student's comment cannot tell nbval to skip one; an instructor's tag can."""
        for item in super().collect():
            if not nbgrader(item.cell).get("locked"):
                item.options = defaultdict(bool, nbval.plugin.find_metadata_tags(item.cell.metadata), check=True)
            yield item


class Plugin:
    """Gives the kernel to nbval and tells the channel what came of each cell."""

    def __init__(self, kernel: Kernel, channel: Channel) -> None:
        self.kernel, self.channel = kernel, channel
        self.room = SHOWN_CHARACTERS

    def pytest_collect_file(self, file_path: Path, parent: pytest.Collector) -> Notebook:
        """Read the notebook."""
        notebook = Notebook.from_parent(parent, path=file_path)
        notebook.kernel = self.kernel
        return notebook

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_setup(self, item: nbval.plugin.IPyNbCell) -> None:
        """Begin a cell."""
        self.item = item
        self.outcomes: set[str] = set()
        self.kernel.cell = grade_id(item.cell) or item.name

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Tell of a cell at its end: "passed", "failed", or "no result" where it was skipped or the kernel gave up."""
        undecided = report.skipped or hasattr(report, "wasxfail") or self.kernel.status
        self.outcomes.add("no result" if undecided else report.outcome)
        if report.when == "teardown":
            outcome = next(each for each in ("no result", "failed", "passed") if each in self.outcomes)
            self.channel.send(("cell", self.item.cell_num, outcome, self._outputs()))

    def _outputs(self) -> str:
        """Return as JSON what the cell showed."""
        text = json.dumps([clean(output) for output in self.item.test_outputs or []])
        self.room -= len(text)
        return text if len(text) < CELL_BYTES and self.room > 0 else json.dumps([LEFT_OUT])


def clean(output: dict[str, Any]) -> dict[str, Any]:
    """Return an output as the notebook format has it, whatever the kernel sent."""
    kind, lines, data = output["output_type"], output.get("traceback"), output.get("data")
    if kind == "stream":
        name = "stderr" if output.get("name") == "stderr" else "stdout"
        return {"output_type": kind, "name": name, "text": _text(output.get("text"))}
    if kind == "error":
        traceback = [_text(line) for line in lines] if isinstance(lines, list) else []
        names = {key: _text(output.get(key)) for key in ("ename", "evalue")}
        return {"output_type": kind, "traceback": traceback} | names
    texts = data.items() if isinstance(data, dict) else ()
    data = {_text(name): _text(value) for name, value in texts if isinstance(value, str)}
    shown = {"output_type": kind, "data": data, "metadata": {}}
    return shown if kind == "display_data" else shown | {"execution_count": None}


def _text(value: Any) -> str:
    return str(value).encode(errors="replace").decode()  # JSON can hold halves of characters


def warm() -> None:
    """Run an empty notebook, so that nothing is imported or compiled later."""
    with tempfile.TemporaryDirectory() as folder:
        idle = Plugin(None, None)  # type: ignore[arg-type]  # no cell asks for a kernel
        _nbval(nbformat.writes(nbformat.v4.new_notebook()), Path(folder), 1, idle)


def serve(channel: Channel, request: dict[str, Any], end: socket.socket | None = None, pid: int = 0) -> None:
    """Run the notebook of the request; `end` leads to the kernel `pid`, without it an ordinary one is started."""
    try:
        if end:
            _limit_memory()
        kernel = Kernel(request, end, pid) if end else OrdinaryKernel(request)
    except (sandbox.SandboxError, WireError, OSError, EOFError, RuntimeError) as error:
        channel.send(("end", "crashed", f"the kernel did not start: {error}", ""))
        return
    plugin = Plugin(kernel, channel)
    code, transcript = _nbval(request["notebook"], Path(request["folder"]).parent, request["cell_seconds"], plugin)
    kernel.stop()
    if code not in (pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED):
        kernel.fail("crashed", f"pytest ended with code {code}")
    channel.send(("end", kernel.status, kernel.why, transcript[:TRANSCRIPT_CHARACTERS]))


def _nbval(notebook: str, folder: Path, cell_seconds: float, plugin: Plugin) -> tuple[int, str]:
    """Return pytest's exit code and what it wrote."""
    (folder / "exercise.ipynb").write_text(notebook, encoding="utf-8")
    (folder / "pytest.ini").write_text("[pytest]\nxfail_strict = true\n")
    options = [f"-pno:{name}" for name in UNUSED] + ["-c", "pytest.ini", "--noconftest", "--color", "no"]
    options += ["--nbval-cell-timeout", str(cell_seconds), "exercise.ipynb"]
    transcript = io.StringIO()
    with contextlib.chdir(folder), contextlib.redirect_stdout(transcript):
        code = pytest.main(options, [nbval.plugin, plugin])
    return int(code), transcript.getvalue()


def _limit_memory() -> None:
    """Let no output make this process large."""
    present = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (present + MEMORY, present + MEMORY))
