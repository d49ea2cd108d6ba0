"""The sandbox, on a Linux kernel with Landlock and seccomp. Each test forks a process that enters it."""

import ctypes
import errno
import fcntl
import importlib
import json
import mmap
import os
import platform
import re
import resource
import shutil
import signal
import socket
import sys
import tempfile
import threading
import time
import traceback
from pathlib import Path

import numpy as np
import pytest
import zmq
from numba import njit

from ngo_lesson.grading import sandbox
from ngo_lesson.grading.protections import ATTACKS, protections
from ngo_lesson.grading.sandbox import MB, PACKAGE, Limits, SandboxError, c_call, enter, used

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="Landlock and seccomp are Linux's")
COURSE = PACKAGE.parent
LIMITS = Limits(seconds=20)
needs_landlock = pytest.mark.skipif(not sandbox.landlock_version(), reason="this kernel has no Landlock")
needs_filter = pytest.mark.skipif(platform.machine() not in sandbox.AUDIT, reason="no filter for this machine")


class Inside:
    """Runs functions in a forked process that has entered the sandbox in `folder`."""

    def __init__(self, folder):
        self.folder = folder
        self.alive = []

    def start(self, function, *arguments, limits=LIMITS, **options):
        """Return (process, end of a pipe that gives the result as JSON and ends with the process)."""
        reader, writer = os.pipe()
        process = os.fork()
        if process:
            os.close(writer)
            self.alive.append(process)
            return process, reader
        try:
            signal.alarm(60)
            enter(self.folder, limits, keep=(writer, *options.pop("keep", ())), **options)
            try:
                result = ["value", function(*arguments)]
            except Exception as error:
                result = [type(error).__name__, getattr(error, "errno", None)]
            os.write(writer, json.dumps(result).encode())
        except BaseException:
            traceback.print_exc()
        finally:
            os._exit(0)

    def wait(self, process):
        self.alive.remove(process)
        return os.waitstatus_to_exitcode(os.waitpid(process, 0)[1])

    def __call__(self, function, *arguments, **options):
        """Return the value, or (name of the error, errno), or the exit code of a process that left neither."""
        process, reader = self.start(function, *arguments, **options)
        with os.fdopen(reader, "rb") as file:
            answer = file.read()
        code = self.wait(process)
        if not answer:
            return code
        kind, value = json.loads(answer)
        return value if kind == "value" else (kind, value)


@pytest.fixture
def inside(tmp_path):
    folder = tmp_path / "own"
    folder.mkdir()
    runner = Inside(folder)
    yield runner
    for process in list(runner.alive):
        os.kill(process, signal.SIGKILL)
        runner.wait(process)


def call(number, *arguments):
    """Make a system call. Raises OSError."""
    return c_call("syscall", number, *arguments)


def read(path):
    return Path(path).read_bytes().decode()


REFUSED = ("PermissionError", errno.EPERM)
CLOSED = ("PermissionError", errno.EACCES)
NO_SOCKET = ("OSError", errno.EOPNOTSUPP)


@needs_landlock
@needs_filter
def test_all_holds_here_but_the_number_of_threads_of_root_and_nothing_is_left(capfd, tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    held = protections()
    assert [name for name, value in held.items() if not value] == (["threads"] if os.getuid() == 0 else [])
    assert "python works" in held
    assert capfd.readouterr().err == ""
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(ChildProcessError):
        os.waitpid(-1, os.WNOHANG)


def test_what_is_not_there_is_said(monkeypatch):
    """A kernel without Landlock and filter, imitated by a sandbox that does not ask for them."""
    monkeypatch.setattr(sandbox, "_restrict_files", lambda *_: None)
    monkeypatch.setattr(sandbox, "_restrict_calls", lambda *_: None)
    broken = ("reading files", "writing files", "network", "new processes", "other processes", "shared memory")
    attacks = {name: ATTACKS[name] for name in (*broken, "memory", "file size", "open files")}
    monkeypatch.setattr("ngo_lesson.grading.protections.ATTACKS", attacks)
    assert protections() == dict.fromkeys(attacks, True) | dict.fromkeys(broken, False)


@needs_landlock
@needs_filter
@pytest.mark.parametrize("version", range(1, 7))
def test_older_versions_of_landlock_hold_as_much(monkeypatch, version):
    """An older kernel is imitated by asking for fewer rights."""
    if version > sandbox.landlock_version():
        pytest.skip(f"this kernel's Landlock has version {sandbox.landlock_version()}")
    monkeypatch.setattr(sandbox, "landlock_version", lambda: version)
    about = ("reading files", "writing files", "network", "other processes")
    monkeypatch.setattr("ngo_lesson.grading.protections.ATTACKS", {name: ATTACKS[name] for name in about})
    assert protections() == dict.fromkeys(about, True)


# Files


@needs_landlock
def test_the_course_and_other_students_cannot_be_read(inside, tmp_path):
    other = tmp_path / "other"
    other.mkdir()
    (other / "answer.py").write_text("42")
    (inside.folder / "own.py").write_text("1")
    assert inside(read, "own.py") == "1"
    for path in (other / "answer.py", COURSE / "README.md", PACKAGE / "questions" / "exercise_02.py", "/etc/passwd"):
        assert inside(read, str(path)) == CLOSED, path
    for folder in (other, COURSE / "solutions", COURSE / "exercises", Path.home(), "/", "/tmp", "/proc"):
        assert inside(os.listdir, str(folder), readable=[PACKAGE]) == CLOSED, folder


@needs_landlock
def test_the_package_can_be_read_where_it_is_allowed(inside):
    assert inside(read, str(PACKAGE / "__init__.py"), readable=[PACKAGE]) == (PACKAGE / "__init__.py").read_text()
    target = str(PACKAGE / "new.py")
    assert inside(lambda: Path(target).write_text(""), readable=[PACKAGE]) == CLOSED


@needs_landlock
def test_the_package_is_hidden_within_site_packages_too(inside, monkeypatch):
    """Another package of site-packages takes its place, as this one may be installed from a checkout."""
    sandbox.installation.cache_clear()
    monkeypatch.setattr(sandbox, "PACKAGE", Path(importlib.util.find_spec("pluggy").origin).resolve().parent)
    assert inside(read, str(sandbox.PACKAGE / "__init__.py")) == CLOSED
    assert inside(read, importlib.util.find_spec("packaging").origin).startswith("#")
    assert inside(lambda: importlib.import_module("wave").__name__) == "wave"
    assert inside(lambda: importlib.import_module("sklearn.isotonic").__name__) == "sklearn.isotonic"
    assert inside(read, str(sandbox.PACKAGE / "__init__.py"), readable=[sandbox.PACKAGE])
    sandbox.installation.cache_clear()


@needs_landlock
def test_a_link_cannot_lead_out_of_the_package_s_hiding(tmp_path, monkeypatch):
    site = tmp_path / "lib"
    (site / "package").mkdir(parents=True)
    (site / "numpy").mkdir()
    (site / "again").symlink_to(site)
    monkeypatch.setattr(sandbox, "PACKAGE", site / "package")
    rules = set(sandbox._without_package(str(site)))
    assert rules == {(str(site), sandbox.LIST), (str(site / "numpy"), sandbox.READ)}


@needs_landlock
def test_no_trap_is_left_for_those_who_collect_the_results(inside):
    Path(inside.folder, "file").write_text("text")
    assert inside(os.symlink, "/etc/passwd", "link") == CLOSED
    assert inside(os.mkfifo, "pipe") == CLOSED
    assert inside(os.link, "file", "same") is None
    assert sorted(os.listdir(inside.folder)) == ["file", "same"]


@needs_filter
def test_modes_and_times_stay_as_they_are_and_files_can_be_copied(inside):
    Path(inside.folder, "file").write_text("text")
    before = inside.folder.stat().st_mode
    assert inside(shutil.copy2, "file", "copy") == "copy"
    assert inside(os.chmod, ".", 0o777) is None
    assert inside.folder.stat().st_mode == before
    assert inside(Path("new").touch) is None
    assert (inside.folder / "new").exists()
    time_before = (PACKAGE / "__init__.py").stat().st_mtime
    inside(os.utime, PACKAGE / "__init__.py", (0, 0))
    assert (PACKAGE / "__init__.py").stat().st_mtime == time_before


@needs_landlock
def test_files_go_from_folder_to_folder_within_the_own_one(inside):
    if sandbox.landlock_version() < 2:
        pytest.skip("Landlock before version 2 cannot allow it")

    def move():
        os.makedirs("a/b")
        Path("a/b/file").write_text("text")
        os.rename("a/b/file", "file")
        return Path("file").read_text()

    assert inside(move) == "text"


def test_open_files_of_the_parent_are_closed_but_those_to_keep(inside, tmp_path):
    (tmp_path / "gradebook").write_text("secret")
    with (tmp_path / "gradebook").open() as file, (tmp_path / "kept").open("w+") as kept:
        assert inside(lambda: os.pread(file.fileno(), 10, 0).decode()) == ""
        assert inside(lambda: os.write(kept.fileno(), b"text"), keep=[kept.fileno()]) == 4
        assert inside(lambda: os.readlink(f"/proc/self/fd/{file.fileno()}")) == os.devnull
        assert (tmp_path / "kept").read_text() == "text"


def test_a_closed_number_is_not_given_to_the_next_file(inside, tmp_path):
    """Else an object of the parent that is deleted would close the student's file."""
    (tmp_path / "one").write_text("one")
    with (tmp_path / "one").open() as file:
        assert inside(lambda: os.open(os.devnull, os.O_RDONLY) > file.fileno())


# Processes and calls


@needs_filter
def test_threads_linear_algebra_and_compiled_code_run(inside):
    def work():
        results = []
        threads = [threading.Thread(target=lambda: results.append(1.0)) for _ in range(20)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        return len(results) + np.linalg.norm(np.ones((300, 300)) @ np.eye(300)) + njit(lambda x: x + 1)(1)

    assert inside(work) == pytest.approx(20 + 300 + 2)


def fork_like(flags):
    return lambda: call(sandbox._numbers("clone 56 220", platform.machine())["clone"], flags, 0, 0, 0, 0) or os._exit(0)


@needs_filter
@pytest.mark.parametrize(
    ("what", "expected"),
    [
        (os.fork, REFUSED),
        (fork_like(signal.SIGCHLD), REFUSED),
        (fork_like(signal.SIGCHLD | 0x100), REFUSED),  # sharing memory
        (fork_like(signal.SIGCHLD | 0x10000000), REFUSED),  # in a user namespace
        (lambda: os.execv("/bin/true", ["true"]), REFUSED),
        (lambda: call(435, 0, 0), ("OSError", errno.ENOSYS)),  # clone3
        (lambda: call(425, 8, 0), ("OSError", errno.ENOSYS)),  # io_uring_setup
        (lambda: call(424, 0, 0, 0, 0), ("OSError", errno.ENOSYS)),  # pidfd_send_signal
        (lambda: call(434, os.getppid(), 0), ("OSError", errno.ENOSYS)),  # pidfd_open
        (lambda: call(470), ("OSError", errno.ENOSYS)),  # what a later kernel may add
        (lambda: os.kill(os.getpid(), 0), None),
        (lambda: signal.raise_signal(signal.SIGCONT), None),
        (lambda: os.kill(os.getppid(), 0), REFUSED),
        (lambda: os.kill(0, 0), REFUSED),
        (lambda: os.kill(-1, 0), REFUSED),
        (lambda: os.kill(1, 0), REFUSED),
        (lambda: socket.socket(socket.AF_INET).fileno(), NO_SOCKET),
        (lambda: socket.socket(socket.AF_INET6, socket.SOCK_DGRAM).fileno(), NO_SOCKET),
        (lambda: socket.socket(socket.AF_NETLINK, socket.SOCK_RAW).fileno(), NO_SOCKET),
        (lambda: socket.socket(socket.AF_UNIX).fileno(), NO_SOCKET),
        (lambda: len([each.close() for each in socket.socketpair()]), 2),
        (lambda: socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)[0].fileno(), REFUSED),
        (lambda: socket.socketpair()[0].sendto(b"", 0, "/tmp/x"), REFUSED),
        (lambda: socket.socketpair()[0].connect("/tmp/x"), REFUSED),
        (lambda: resource.setrlimit(7, (8, 8)), ("ValueError", None)),
        (lambda: resource.getrlimit(7)[0] > 0, True),
        (lambda: os.sched_setaffinity(0, os.sched_getaffinity(0)), None),
        (lambda: os.sched_setaffinity(os.getppid(), os.sched_getaffinity(0)), REFUSED),
        (lambda: os.nice(1), REFUSED),
        (lambda: os.memfd_create("x"), REFUSED),
        (lambda: fcntl.fcntl(0, 8, os.getppid()), REFUSED),  # F_SETOWN
        (lambda: fcntl.ioctl(0, 0x5412, b"x"), REFUSED),  # TIOCSTI types into the terminal
        (lambda: c_call("prctl", 1, 0, 0, 0, 0), REFUSED),  # PR_SET_PDEATHSIG
        (lambda: c_call("prctl", 4, 1, 0, 0, 0), REFUSED),  # PR_SET_DUMPABLE
        (lambda: c_call("personality", 0x40000), REFUSED),
        (lambda: c_call("unshare", 0x10000000), REFUSED),
        (lambda: c_call("mount", b"none", b".", b"tmpfs", 0, 0), REFUSED),
        (lambda: os.setxattr(".", "user.x", b""), REFUSED),
        (lambda: os.get_terminal_size(0), ("OSError", errno.ENOTTY)),
        (lambda: os.isatty(0), False),
    ],
)
def test_calls(inside, what, expected):
    null = os.open(os.devnull, os.O_RDWR)
    saved = os.dup(0)
    os.dup2(null, 0)
    try:
        assert inside(what) == expected
    finally:
        os.dup2(saved, 0)
        os.close(saved)
        os.close(null)


@pytest.mark.skipif(platform.machine() != "x86_64", reason="only there")
@needs_filter
def test_calls_in_another_numbering_end_the_process(inside):
    assert inside(lambda: call(0x40000000 + 39)) == -signal.SIGSYS  # getpid of x32

    def old_gate():
        """mov eax, 20; int 0x80; ret: getpid as on a 32-bit machine."""
        code = mmap.mmap(-1, 4096, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC)
        code.write(b"\xb8\x14\0\0\0\xcd\x80\xc3")
        return ctypes.CFUNCTYPE(ctypes.c_int)(ctypes.addressof(ctypes.c_char.from_buffer(code)))()

    assert inside(old_gate) == -signal.SIGSYS


@needs_filter
def test_no_network_is_an_error_of_zeromq_and_not_its_end(inside):
    def bind():
        with zmq.Context() as context, context.socket(zmq.PULL) as server:
            server.bind_to_random_port("tcp://127.0.0.1")

    assert inside(bind) == ("ZMQError", errno.EOPNOTSUPP)


def test_it_ends_with_its_parent(inside):
    reader, writer = os.pipe()

    def sleep():
        os.write(writer, b"x")
        time.sleep(60)

    middle = os.fork()
    if middle == 0:
        inside.start(sleep, keep=[writer])
        time.sleep(60)
        os._exit(0)
    os.close(writer)
    assert os.read(reader, 1) == b"x"
    os.kill(middle, signal.SIGKILL)
    os.waitpid(middle, 0)
    assert os.read(reader, 1) == b""  # the last process that could write is gone
    os.close(reader)


# Limits, environment, errors


def test_memory_counts_from_what_the_parent_had(inside):
    held = np.ones(300 * MB // 8)
    assert inside(lambda: len(bytearray(150 * MB)) + held.nbytes, limits=Limits(memory=200 * MB)) == 450 * MB
    assert inside(lambda: len(bytearray(250 * MB)), limits=Limits(memory=200 * MB)) == ("MemoryError", None)


def test_limits(inside):
    def spin():
        while True:
            pass

    def ignore_and_spin():
        signal.signal(signal.SIGXCPU, signal.SIG_IGN)
        spin()

    started = [inside.start(function, limits=Limits(seconds=1)) for function in (spin, ignore_and_spin)]
    for _, reader in started:
        os.close(reader)
    assert [inside.wait(process) for process, _ in started] == [-signal.SIGXCPU, -signal.SIGKILL]
    assert inside(lambda: Path("big").write_bytes(bytes(MB + 1)), limits=Limits(file_size=MB)) == (
        "OSError",
        errno.EFBIG,
    )
    assert inside(lambda: [os.dup(0) for _ in range(500)], limits=Limits(open_files=10)) == ("OSError", errno.EMFILE)
    assert len(inside(lambda: [os.dup(0) for _ in range(9)], limits=Limits(open_files=10))) == 9


def test_environment(inside, monkeypatch):
    monkeypatch.setenv("TOKEN", "secret")
    monkeypatch.setenv("LC_ALL", "C.UTF-8")

    def look():
        home, temporary = str(Path.home()), sandbox.tempfile.gettempdir()
        return (
            list(os.environ),
            home,
            temporary,
            os.environ["LC_ALL"],
            os.getcwd(),
            os.getsid(0),
            os.getpid(),
            os.umask(0),
        )

    names, home, temporary, language, here, session, process, mask = inside(look)
    assert "TOKEN" not in names
    assert language == "C.UTF-8"
    assert home == temporary == here == str(inside.folder)
    assert session == process
    assert mask == 0o077


def test_no_capability_is_left(inside):
    status = inside(lambda: Path("/proc/self/status").read_text())
    assert re.findall(r"Cap(?:Inh|Prm|Eff|Amb):\t(\w+)", status) == ["0" * 16] * 4
    assert re.search(r"NoNewPrivs:\t1", status)


def test_what_cannot_be_entered(tmp_path):
    with pytest.raises(SandboxError, match="nowhere"):
        enter(tmp_path / "nowhere", Limits())
    stop = threading.Event()
    thread = threading.Thread(target=stop.wait)
    thread.start()
    try:
        with pytest.raises(SandboxError, match="other threads"):
            enter(tmp_path, Limits())
    finally:
        stop.set()
        thread.join()
    assert Path.cwd() != tmp_path


def test_used(tmp_path):
    assert used(tmp_path) == (0, 0)
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "file").write_bytes(os.urandom(100_000))
    with (tmp_path / "sparse").open("wb") as file:
        file.truncate(1000 * MB)
    (tmp_path / "link").symlink_to("/usr")
    size, count = used(tmp_path)
    assert count == 4
    assert 100_000 <= size < 200_000
    assert used(tmp_path / "nowhere") == (0, 0)


def test_used_counts_what_hides_as_too_much(tmp_path):
    deep = os.open(tmp_path, os.O_RDONLY)
    for _ in range(30):  # deeper than a path may be long
        os.mkdir("d" * 200, dir_fd=deep)
        below = os.open("d" * 200, os.O_RDONLY, dir_fd=deep)
        os.close(deep)
        deep = below
    os.close(deep)
    assert used(tmp_path) == (sys.maxsize, sys.maxsize)


# The filter


def verdict(code, audit, number, arguments=()):
    """Run the filter as the kernel does; return "allow", "kill", "OK" or an errno."""
    words = [number, audit, 0, 0]
    for argument in (*arguments, *[0] * (6 - len(arguments))):
        words += [argument & 0xFFFFFFFF, argument >> 32]
    step = value = 0
    while True:
        what, yes, no, operand = code[step]
        step += 1
        if what == 0x20:
            value = words[operand // 4]
        elif what == 0x54:
            value &= operand
        elif what in (0x15, 0x35):
            step += yes if (value == operand if what == 0x15 else value >= operand) else no
        else:
            assert what == 0x06
            names = {0x7FFF0000: "allow", 0x80000000: "kill", 0x50000: "OK"}
            return names.get(operand, operand - 0x50000)


@pytest.mark.parametrize(("machine", "column"), [("x86_64", 0), ("aarch64", 1)])
def test_the_filter_of_each_machine(machine, column):
    code = sandbox.call_filter(machine, 1234)
    audit = sandbox.AUDIT[machine]
    assert len(code) <= 4096
    assert all(yes < 256 and no < 256 for _, yes, no, _ in code)
    numbers = {
        "clone": (56, 220),
        "kill": (62, 129),
        "socket": (41, 198),
        "socketpair": (53, 199),
        "execve": (59, 221),
        "read": (0, 63),
        "chmod": (90,),
        "fchmodat": (268, 53),
    }
    numbers |= {"connect": (42, 203), "sendto": (44, 206), "openat": (257, 56), "prlimit64": (302, 261)}
    for name, arguments, expected in [
        ("read", (0,), "allow"),
        ("execve", (), errno.EPERM),
        ("connect", (), errno.EPERM),
        ("clone", (0x3D0F00,), "allow"),  # a thread of glibc
        ("clone", (0x1200011,), errno.EPERM),  # a fork of glibc
        ("kill", (1234, 9), "allow"),
        ("kill", (2**32 - 1, 9), errno.EPERM),
        ("socket", (1, 1, 0), NO_SOCKET[1]),
        ("socket", (2, 1, 0), NO_SOCKET[1]),
        ("socketpair", (1, 0o2000001, 0), "allow"),
        ("socketpair", (1, 2, 0), errno.EPERM),
        (("chmod", "fchmodat")[column], (), "OK"),
        ("sendto", (3, 2**40, 5, 0, 0, 0), "allow"),
        ("sendto", (3, 0, 5, 0, 2**40, 16), errno.EPERM),
        ("openat", (0, 0, os.O_RDONLY), "allow"),
        ("openat", (0, 0, os.O_WRONLY | os.O_CREAT | os.O_TRUNC), "allow"),
        ("openat", (0, 0, os.O_RDONLY | os.O_TRUNC), errno.EPERM),
        ("prlimit64", (0, 7, 0, 2**40), "allow"),
        ("prlimit64", (0, 7, 2**40, 0), errno.EPERM),
    ]:
        assert verdict(code, audit, numbers[name][column], arguments) == expected, (name, arguments)
    assert verdict(code, audit, 435) == errno.ENOSYS
    assert verdict(code, audit, 436) == "allow"
    assert verdict(code, audit, 2**30 + 1) == "kill"
    assert verdict(code, 0x40000003, 20) == "kill"


HEADERS = {
    "x86_64": Path("/usr/include/x86_64-linux-gnu/asm/unistd_64.h"),
    "aarch64": Path("/usr/include/asm-generic/unistd.h"),
}


@pytest.mark.parametrize("machine", HEADERS)
def test_the_numbers_are_the_kernel_s(machine):
    if not HEADERS[machine].exists():
        pytest.skip("needs the kernel's headers (linux-libc-dev)")
    real = dict(re.findall(r"#define __NR(?:3264)?_(\w+)\s+(\d+)", HEADERS[machine].read_text()))
    text = " ".join([sandbox.DENIED, sandbox.NO_SOCKETS, sandbox.IGNORED, *sandbox._limited(1)])
    ours = sandbox._numbers(text, machine)
    assert ours == {name: int(real[name]) for name in ours}
    names = text.split()[::3]
    assert len(names) == len(set(names))
    assert {name for name in names if name not in ours} == {name for name in names if name not in real}
