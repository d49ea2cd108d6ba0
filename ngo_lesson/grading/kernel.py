"""The kernel that a submission's notebook runs in: IPython's, over a socket it inherits instead of ZeroMQ.

All of it that can be made before the fork is. It needs no thread, file or socket of its own, so the sandbox can forbid
them. What it says is the word of a process that runs a student's code and may be forged, the output of later cells
included: the sealed run decides the points.
"""

import asyncio
import contextlib
import io
import logging
import signal
import socket
import sys
import tempfile
from pathlib import Path
from typing import Any

import zmq
from ipykernel.ipkernel import IPythonKernel
from ipykernel.zmqshell import ZMQInteractiveShell
from IPython.core.async_helpers import get_asyncio_loop
from IPython.core.profiledir import ProfileDir
from jupyter_client.session import Session, extract_header
from matplotlib.figure import Figure
from traitlets import Any as AnyTrait
from traitlets import Type
from traitlets.config import Config

from ngo_lesson.grading import sandbox
from ngo_lesson.grading.wire import Channel

CELL_CHARACTERS = 2_000_000  # that a cell may show; what comes after is left out
TEXT_CHARACTERS = 300_000  # of one text, also of a picture
PRINTED_CHARACTERS = 100_000  # on each of stdout and stderr
LEFT_OUT = "\n... the rest is left out\n"


class Talk(Session):
    """Sends messages over the channel as [stream, type, id of the request, content as JSON] and keeps cells short."""

    channel = AnyTrait()  # a Channel
    room: int = CELL_CHARACTERS

    def send(  # type: ignore[override]  # to a channel, which takes less than ZeroMQ's sockets
        self,
        stream: str,
        msg_or_type: str | dict[str, Any],
        content: dict[str, Any] | None = None,
        parent: dict[str, Any] | None = None,
        header: dict[str, Any] | None = None,
        metadata: dict[str, Any] | None = None,
        **_: Any,
    ) -> dict[str, Any]:
        """Send one message; what publishes something in ipykernel calls this."""
        message = msg_or_type
        if isinstance(message, str):
            message = self.msg(message, content=content, parent=parent, header=header, metadata=metadata)
        kind, text = message["msg_type"], self.pack(cut(message["content"])).decode(errors="replace")
        if self.room > 0 or kind in ("status", "error", "execute_reply"):
            self.channel.send([stream, kind, message["parent_header"].get("msg_id", ""), text])
        self.room -= len(text)
        return message


def cut(content: Any) -> Any:
    """Return the content of a message with long texts cut."""
    if isinstance(content, str) and len(content) > TEXT_CHARACTERS:
        return content[:TEXT_CHARACTERS] + LEFT_OUT
    if isinstance(content, dict):
        return {key: cut(value) for key, value in content.items()}
    return [cut(value) for value in content] if isinstance(content, list) else content


class Printed(io.TextIOBase):
    """Standard output or error of the kernel: text that is sent at each flush, cut where a cell prints too much."""

    encoding = "utf-8"

    def __init__(self, name: str, session: Talk) -> None:
        self.name, self._session = name, session
        self._parent: dict[str, Any] = {}
        self._texts: list[str] = []
        self._room = PRINTED_CHARACTERS

    def set_parent(self, parent: dict[str, Any]) -> None:
        """Begin a cell; ipykernel calls this."""
        self._parent, self._room = extract_header(parent), PRINTED_CHARACTERS

    def write(self, text: str) -> int:
        """Keep the text for the next flush."""
        if not isinstance(text, str):
            raise TypeError(f"write() argument must be str, not {type(text).__name__}")
        if self._room > 0:
            self._texts.append(text if len(text) <= self._room else text[: self._room] + LEFT_OUT)
            self._room -= len(text)
        return len(text)

    def flush(self) -> None:
        """Send what was written."""
        texts, self._texts = self._texts, []
        if texts:
            content = {"name": self.name, "text": "".join(texts)}
            self._session.send("iopub", "stream", content, parent=self._parent)


class Shell(ZMQInteractiveShell):
    """IPython's shell in a kernel."""

    def enable_gui(self, gui: Any = None) -> None:
        """Do nothing: there are no windows here. `%matplotlib` calls this."""


class Kernel(IPythonKernel):
    """IPython's kernel with names in place of ZeroMQ's sockets."""

    session: Talk
    shell: Shell
    shell_class = Type(Shell)
    shell_stream = AnyTrait("shell")
    iopub_socket = AnyTrait("iopub")
    _execute_sleep = 0.0

    def run(self, code: str, request: str) -> None:
        """Execute one cell; what it does is sent as messages that name `request`."""
        content = {"code": code, "silent": False, "store_history": False, "allow_stdin": False, "stop_on_error": False}
        message = self.session.msg("execute_request", content)
        message["header"]["msg_id"] = message["msg_id"] = request
        self.session.room = CELL_CHARACTERS
        cell = self.dispatch_shell([zmq.Frame(part) for part in self.session.serialize(message)])
        with contextlib.suppress(StopIteration):  # without an event loop, as it never waits; a cell may run its own
            cell.send(None)


# Run once before the first fork: errors, warnings and pictures import much that IPython loads when it is needed.
WARMING = (
    "import numpy as np\nfrom matplotlib import pyplot as plt\nfrom ngo_lesson.questions import exercise, exercises",
    "[exercise(number) for number in exercises()];",
    "import warnings; warnings.warn('x'); print(np.ones(2)); 1 / 0",
)
_kernel: Kernel | None = None


def warm() -> None:
    """Make the kernel that every submission gets a copy of."""
    global _kernel
    # Not to be imported: it starts threads.
    sys.modules["debugpy"] = None  # type: ignore[assignment]  # which Python's manual allows
    ours, theirs = socket.socketpair()
    with ours, theirs, contextlib.redirect_stdout(None), contextlib.redirect_stderr(None):
        used = _make()
        _connect(used, Channel(ours))
        for code in WARMING:
            used.run(code, "")
    Kernel.clear_instance()
    Shell.clear_instance()
    _kernel = _make()
    _kernel.shell.enable_matplotlib("inline")
    figure = Figure()
    figure.subplots().plot([0, 1])
    figure.savefig(io.BytesIO())


def _make() -> Kernel:
    config = Config(HistoryManager={"enabled": False}, InteractiveShell={"colors": "nocolor"})
    with tempfile.TemporaryDirectory() as folder:  # for IPython, which leaves nothing in it
        profile = ProfileDir(location=folder)
        log = logging.getLogger(__name__)
        return Kernel(session=Talk(key=b""), config=config, profile_dir=profile, log=log)


def _connect(kernel: Kernel, channel: Channel) -> None:
    kernel.session.channel = channel
    sys.stdout, sys.stderr = (Printed(name, kernel.session) for name in ("stdout", "stderr"))


def serve(end: socket.socket) -> None:
    """Enter the sandbox that the first message describes, then run cells until X is gone."""
    channel = Channel(end)
    folder, limits, readable = channel.receive()
    try:
        paths = [Path(path) for path in readable]
        sandbox.enter(Path(folder), sandbox.Limits(**limits), readable=paths, keep=(end.fileno(),))
    except sandbox.SandboxError as error:
        channel.send(str(error))
        return
    channel.send("")
    asyncio.set_event_loop(get_asyncio_loop())
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    assert _kernel is not None  # `warm` has made it
    _connect(_kernel, channel)
    while True:
        _kernel.run(*channel.receive())
