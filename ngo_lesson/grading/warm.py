"""Processes that have imported everything once and fork for each submission; none of them outlives its parent.

`python -m ngo_lesson.grading.warm KIND` is the process that forks (the zygote): it stays without threads, holds nothing
of a submission, and ends with all its children when the socket to its parent closes. Where processes do not fork,
`python -m ngo_lesson.grading.warm KIND fresh` serves one submission and ends.
"""

import contextlib
import ctypes
import gc
import importlib
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from ngo_lesson.grading import sandbox
from ngo_lesson.grading.wire import Channel

SEALED_SECONDS = 240  # of the processor, for all questions; the judge looks at the clock
# What a process of each kind imports; `warm()` of these modules, where there is one, runs before the first fork.
MODULES = {
    "visible": ("ngo_lesson.grading.kernel", "ngo_lesson.grading.compare"),
    "sealed": ("ngo_lesson.grading.sealed",),
}
READY, START, END = b"r", b"s", b"e"
PR_SET_PDEATHSIG, PR_SET_CHILD_SUBREAPER = 1, 36


@dataclass(frozen=True)
class Usage:
    """What the processes of one submission took; `exit_codes` are negative where a signal ended one."""

    exit_codes: tuple[int, ...] = ()
    cpu_seconds: float = 0.0
    max_memory_bytes: int = 0  # of the largest process


class Warm:
    """Starts the processes of one submission after the other; without `fork` each time from nothing."""

    _process: subprocess.Popen
    _ready: bool  # the process to fork from has said so

    def __init__(self, kind: Literal["visible", "sealed"], fork: bool = sys.platform == "linux") -> None:
        self.kind, self.fork = kind, fork
        self._channel: Channel | None = None
        if fork:
            self._launch()

    def start(self, request: dict[str, Any]) -> Channel:
        """Begin a submission; return the channel to the process that serves it. Raises OSError if there is none."""
        if self._channel is not None:
            raise RuntimeError("the submission before is not over: call end() first")
        if self.fork:
            if self._process.poll() is not None:  # the system ended it, perhaps for want of memory
                self._control.close()
                self._launch()
            if not (self._ready or self._control.recv(1)):
                raise RuntimeError(f"the process that is to run notebooks ended with code {self._process.wait()}")
            self._ready = True
            ours, theirs = socket.socketpair()
            with theirs:
                socket.send_fds(self._control, [START], [theirs.fileno()])
            self._channel = Channel(ours)
        else:
            self._process = _popen(self.kind, "fresh", stdin=subprocess.PIPE, stdout=subprocess.PIPE)
            reader, writer = self._process.stdout, self._process.stdin
            assert reader is not None
            assert writer is not None
            self._channel = Channel((reader, writer))
        self._channel.send(request)
        return self._channel

    def end(self) -> Usage:
        """Kill what is left of the submission, wait for it, and return what it took."""
        if self._channel is None:
            return Usage()
        self._channel.close()
        self._channel = None
        if not self.fork:
            self._process.kill()
            return _reap(self._process)
        with contextlib.suppress(OSError):
            self._control.sendall(END)
            if answer := self._control.recv(1 << 16):
                codes, *rest = json.loads(answer)
                return Usage(tuple(codes), *rest)
        return Usage((self._process.wait(),))

    def close(self) -> None:
        """End everything."""
        self.end()
        if self.fork:
            self._control.close()
            self._process.wait()

    def __enter__(self) -> "Warm":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _launch(self) -> None:
        self._control, theirs = socket.socketpair()
        with theirs:
            self._process = _popen(self.kind, stdin=theirs, stdout=subprocess.DEVNULL)
        self._ready = False


def _popen(*arguments: str, **streams: Any) -> subprocess.Popen:
    environment = sandbox.environment(Path(tempfile.gettempdir())) | {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
    command = [sys.executable, "-m", __name__, *arguments]
    return subprocess.Popen(command, env=environment, start_new_session=True, **streams)


def _reap(process: subprocess.Popen) -> Usage:
    """Wait for a killed process; what it took is not known on Windows."""
    if os.name != "posix":
        return Usage((process.wait(),))
    waited = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(waited[1])
    return _usage([waited])


def _usage(waited: list[tuple[int, int, Any]]) -> Usage:
    """Sum what os.wait4 returned for each process."""
    unit = 1 if sys.platform == "darwin" else 1024
    return Usage(
        tuple(os.waitstatus_to_exitcode(status) for _, status, _ in waited),
        sum(used.ru_utime + used.ru_stime for _, _, used in waited),
        max((used.ru_maxrss * unit for _, _, used in waited), default=0),
    )


# What follows runs in the zygote, its children, and the fresh processes.


def main(kind: str, fresh: str = "") -> None:
    """Serve the parent, to which standard input (and output, in a fresh process) leads."""
    with tempfile.TemporaryDirectory() as home:
        os.environ.update(sandbox.environment(Path(home)))
        if fresh:
            ends = _move(0), _move(1)
            channel = Channel((os.fdopen(ends[0], "rb"), os.fdopen(ends[1], "wb")))
            _answer(kind, channel, ends, importlib.import_module(MODULES[kind][-1]).serve)
        else:
            control = socket.socket(fileno=_move(0))
            _serve(kind, [importlib.import_module(name) for name in MODULES[kind]], control)


def _serve(kind: str, modules: list[Any], control: socket.socket) -> None:
    """Fork at each START, end the children at each END and when the parent is gone."""
    for module in modules:
        getattr(module, "warm", lambda: None)()
    ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1)  # what a submission leaves behind becomes a child of this one
    gc.collect()
    gc.freeze()  # the pages of what was imported stay shared with the children
    control.sendall(READY)
    while True:
        order, fds, *_ = socket.recv_fds(control, 1, 1)
        if order == START:
            with socket.socket(fileno=fds[0]) as sock:
                _begin(kind, modules, sock, control)
            continue
        usage = _end()
        if not order:
            return
        control.sendall(json.dumps([usage.exit_codes, usage.cpu_seconds, usage.max_memory_bytes]).encode())


def _move(stream: int) -> int:
    """Take a standard stream away from what prints or reads; return where it is now."""
    copy = os.dup(stream)
    with open(os.devnull, "r+b") as null:
        os.dup2(null.fileno(), stream)
    return copy


def _begin(kind: str, modules: list[Any], sock: socket.socket, control: socket.socket) -> None:
    """Fork what serves one submission."""

    def answer(*more: Any) -> None:
        _answer(kind, Channel(sock), (sock.fileno(),), modules[-1].serve, *more)

    if kind == "sealed":
        _fork(answer, control)
        return
    ours, theirs = socket.socketpair()
    with ours, theirs:
        pid = _fork(lambda: modules[0].serve(theirs), control, sock, ours)
        _fork(lambda: answer(ours, pid), control, theirs)


def _answer(kind: str, channel: Channel, ends: tuple[int, ...], serve: Callable, *more: Any) -> None:
    """Receive the request and serve it, in the sealed run from within the sandbox."""
    request = channel.receive()
    if kind == "sealed":
        limits = sandbox.Limits(seconds=SEALED_SECONDS)
        sandbox.enter(Path(request["folder"]), limits, readable=_parts(request["allows"]), keep=ends)
    serve(channel, request, *more)


def _parts(allows: tuple[str, ...]) -> list[Path]:
    """Return the files of this package that a question allows: not the questions, nor what decides about them."""
    names = {name.split(".")[1] for name in allows} | {"__init__", "kernels"} if allows else set()
    paths = [sandbox.PACKAGE / name for name in names]
    return [path if path.is_dir() else path.with_suffix(".py") for path in paths]


def _fork(serve: Callable[[], None], *close: socket.socket) -> int:
    """Return the id of a child that closes what is not its own, serves, and ends."""
    parent = os.getpid()
    if child := os.fork():
        return child
    code = 1
    try:
        os.dup2(1, 2)
        for each in close:
            each.close()
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() == parent:
            serve()
            code = 0
    finally:
        os._exit(code)


def _end() -> Usage:
    """Kill and reap all children, and theirs, which become ours when their parent is gone."""
    waited = []
    while children := Path(f"/proc/self/task/{os.getpid()}/children").read_text().split():
        for child in children:
            os.kill(int(child), signal.SIGKILL)
        waited.append(os.wait4(-1, 0))
    return _usage(waited)


if __name__ == "__main__":
    main(*sys.argv[1:])
