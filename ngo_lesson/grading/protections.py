"""What the sandbox holds on this machine, found by trying to break it: `protections`."""

import _thread
import contextlib
import importlib
import mmap
import os
import signal
import socket
import sys
import tempfile
import threading
import traceback
from pathlib import Path
from types import SimpleNamespace

from ngo_lesson.grading.sandbox import MB, PACKAGE, Limits, c_call, enter

if os.name == "posix":
    import resource

# `it`, which every attack gets, knows what must not be reached. A protection holds if all its attacks end in an error.
REFUSED = (OSError, MemoryError, RuntimeError)
DONE, ALL_REFUSED = 76, 77  # exit codes


def _start_threads(it: SimpleNamespace) -> None:
    """Start one thread more than all on the machine may be."""
    threading.stack_size(32768)
    forever = threading.Lock()
    forever.acquire()
    for _ in range(resource.getrlimit(resource.RLIMIT_NPROC)[0] + 1):
        _thread.start_new_thread(forever.acquire, ())


def _compute(it: SimpleNamespace) -> None:
    """Do what every answer may do."""
    numpy, *_ = map(importlib.import_module, ("numpy", "scipy.fft", "sklearn.isotonic", "wave"))
    matrix = numpy.random.default_rng().normal(size=(200, 200))
    numpy.linalg.solve(matrix, matrix @ matrix)
    done = threading.Event()
    threading.Thread(target=done.set, daemon=True).start()
    if not done.wait(30):
        raise RuntimeError("a thread did not run")
    Path("made").mkdir()
    Path("made", "file").write_text("text")
    Path("made", "file").rename(Path("made", "other"))
    with tempfile.TemporaryFile() as file:
        file.write(b"text")
    for end in socket.socketpair():
        end.close()


def _change_mode_and_time(it: SimpleNamespace) -> None:
    before = it.secret.stat()
    it.secret.chmod(0o777)
    os.utime(it.secret, (0, 0))
    if it.secret.stat() == before:
        raise PermissionError("the calls did nothing")


def _spin(it: SimpleNamespace) -> None:
    while True:
        pass


ATTACKS = {
    "reading files": (
        lambda it: it.secret.read_text(),
        lambda it: os.listdir(it.home),
        lambda it: Path("/etc/passwd").read_text(),
        lambda it: (PACKAGE / "__init__.py").read_text(),
    ),
    "writing files": (
        lambda it: it.secret.write_text(""),
        lambda it: (it.folder / "new").touch(),
        lambda it: os.close(os.open(it.secret, os.O_RDONLY | os.O_TRUNC)),
        lambda it: os.truncate(it.secret, 0),
        _change_mode_and_time,
        lambda it: it.secret.rename("stolen"),
        lambda it: os.link(it.secret, "linked"),
        lambda it: os.symlink(it.secret, "trap"),
        lambda it: os.mkfifo("trap"),
        lambda it: it.secret.unlink(),
    ),
    "network": (
        lambda it: socket.create_connection(it.tcp, 5),
        lambda it: socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b"leak", it.udp),
        lambda it: socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM),
        lambda it: socket.socket(socket.AF_UNIX).connect(it.unix),
    ),
    "new processes": (
        lambda it: os.fork() or os._exit(0),
        lambda it: os.posix_spawn(sys.executable, [sys.executable, "--version"], {}),
        lambda it: os.execv("/bin/sh", ["sh", "-c", "true"]),
    ),
    "other processes": (
        lambda it: os.kill(it.judge, 0),
        lambda it: os.kill(it.judge, signal.SIGCONT),
        lambda it: Path(f"/proc/{it.judge}/environ").read_bytes(),
        lambda it: os.open(f"/proc/{it.judge}/mem", os.O_RDONLY),
        lambda it: c_call("ptrace", 0x4206, it.judge, 0, 0),  # PTRACE_SEIZE does not stop it
        lambda it: os.setpriority(os.PRIO_PROCESS, it.judge, os.getpriority(os.PRIO_PROCESS, it.judge)),
        lambda it: os.sched_setaffinity(it.judge, os.sched_getaffinity(0)),
        lambda it: resource.prlimit(it.judge, resource.RLIMIT_CORE, resource.prlimit(it.judge, resource.RLIMIT_CORE)),
    ),
    "shared memory": (
        lambda it: c_call("shmctl", c_call("shmget", 0, 4096, 0o1600), 0, 0),  # made and removed
        lambda it: os.rmdir(tempfile.mkdtemp(dir="/dev/shm")),
        lambda it: os.memfd_create("leak"),
    ),
    "memory": (lambda it: mmap.mmap(-1, Limits().memory + 64 * MB),),
    "file size": (lambda it: Path("big").write_bytes(bytes(Limits().file_size + 1)),),
    "open files": (lambda it: [os.dup(0) for _ in range(4096)],),
    "threads": (_start_threads,),
    "cpu time": (_spin,),
    "python works": (_compute,),  # of all, this one must succeed
}
EXPECTED = {"cpu time": -getattr(signal, "SIGXCPU", 0), "python works": DONE}  # else ALL_REFUSED
SPECIAL_LIMITS = {"cpu time": Limits(seconds=1), "threads": Limits(threads=100)}


def protections() -> dict[str, bool]:
    """Return what holds on this machine, found by trying to break it in throw-away processes, and "python works".

    Takes two to five seconds. "python works" is False where the sandbox shuts out too much; the reason goes to stderr.
    """
    if not hasattr(os, "fork"):
        return dict.fromkeys(ATTACKS, False) | {"python works": True}
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="ngo-sandbox-"))).resolve()
        listeners = []
        for family, kind in (("AF_INET", "SOCK_STREAM"), ("AF_INET", "SOCK_DGRAM"), ("AF_UNIX", "SOCK_STREAM")):
            listener = stack.enter_context(socket.socket(getattr(socket, family), getattr(socket, kind)))
            listener.bind(os.fspath(folder / "unix") if family == "AF_UNIX" else ("127.0.0.1", 0))
            listener.setblocking(False)
            if kind == "SOCK_STREAM":
                listener.listen()
            listeners.append(listener)
        tcp, udp, unix = (listener.getsockname() for listener in listeners)
        home, secret = os.path.expanduser("~"), folder / "secret"
        it = SimpleNamespace(judge=os.getpid(), home=home, folder=folder, secret=secret, tcp=tcp, udp=udp, unix=unix)
        secret.write_text("secret")
        started = {name: _start(name, it) for name in ATTACKS}
        ends = {name: os.waitstatus_to_exitcode(os.waitpid(process, 0)[1]) for name, process in started.items()}
        held = {name: code == EXPECTED.get(name, ALL_REFUSED) for name, code in ends.items()}
        held["writing files"] &= secret.exists() and secret.read_text() == "secret"
        held["network"] &= not any(map(_heard, listeners))
        return held


def _start(name: str, it: SimpleNamespace) -> int:
    """Fork a process that enters the sandbox and tries the attacks of this name. Return its number.

    However it ends, with an error of any kind too, its exit code tells whether the protection holds.
    """
    process = os.fork()
    if process:
        return process
    try:
        signal.signal(signal.SIGALRM, signal.SIG_DFL)
        signal.alarm(60)
        own = it.folder / name.replace(" ", "_")
        own.mkdir()
        enter(own, SPECIAL_LIMITS.get(name, Limits()))
        for attack in ATTACKS[name]:
            try:
                attack(it)
            except REFUSED:
                if name == "python works":
                    raise
            else:
                os._exit(DONE)
        os._exit(ALL_REFUSED)
    finally:  # only an error comes here: `os._exit` skips it
        if name == "python works":
            traceback.print_exc()
        os._exit(1)


def _heard(listener: socket.socket) -> bool:
    try:
        listener.recv(1) if listener.type == socket.SOCK_DGRAM else listener.accept()
    except BlockingIOError:
        return False
    return True
