"""Shuts a process in before it runs a student's code: `enter`. protections.py says what holds on a machine.

Linux, also without root: Landlock limits files, a seccomp filter limits what may be asked of the kernel, and resource
limits the rest. Other systems have resource limits at most. Left to whoever watches: wall time, and the room on the
disk (`used`). What stays possible: learning whether a file exists, its size and its times.
"""

import contextlib
import ctypes
import errno
import functools
import math
import os
import signal
import struct
import sys
import sysconfig
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

if os.name == "posix":
    import resource

LINUX = sys.platform == "linux" and sys.maxsize > 2**32
MB = 2**20
PACKAGE = Path(__file__).resolve().parents[1]
SYSTEM = """/lib /lib64 /usr/lib /usr/lib64 /usr/local/lib /etc/ld.so.cache
/etc/localtime /usr/share/zoneinfo /etc/fonts /usr/share/fontconfig /usr/share/fonts /usr/local/share/fonts
/dev/urandom /dev/random /sys/devices/system/cpu /proc/cpuinfo /proc/meminfo
/proc/self/stat /proc/self/statm /proc/self/status /proc/self/maps"""
KEPT_VARIABLES = ("LANG", "LC_ALL", "LC_CTYPE", "TZ", "SYSTEMROOT")
ONE_THREAD = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS")


class SandboxError(RuntimeError):
    """The process could not be shut in, and must not run a student's code."""


@dataclass(frozen=True)
class Limits:
    """What the process may use from now on. Bytes of memory are virtual, as the kernel counts them."""

    seconds: int = 60  # of CPU; then SIGXCPU, and SIGKILL a second later
    memory: int = 2048 * MB
    file_size: int = 32 * MB  # of each file
    open_files: int = 128
    threads: int = 1000  # beyond all that run on the machine; the kernel does not limit root


def environment(folder: Path) -> dict[str, str]:
    """Return all variables that a process in `folder` gets. Give them also to the process that will fork it.

    (What a process was started with stays in its memory.) One thread for linear algebra, as each takes memory.
    """
    kept = {name: os.environ[name] for name in KEPT_VARIABLES if name in os.environ}
    homes = dict.fromkeys(("HOME", "USERPROFILE", "TMPDIR", "TEMP", "TMP", "MPLCONFIGDIR"), str(folder))
    fixed = {"PATH": os.defpath, "USER": "student", "LOGNAME": "student", "MALLOC_ARENA_MAX": "2"} | {
        "JOBLIB_MULTIPROCESSING": "0"
    }
    return kept | homes | fixed | dict.fromkeys(ONE_THREAD, "1")


def enter(folder: Path, limits: Limits, readable: Sequence[Path] = (), keep: Sequence[int] = ()) -> None:
    """Shut this process in, for good. It may write in `folder` and read there, in Python's installation and `readable`.

    This package can be read only if `readable` holds its folder (PACKAGE). File descriptors above 2 but those in `keep`
    become /dev/null. Applies what the system has. Raises SandboxError where that fails, or other threads run; the
    process must then end. So that it ends with its parent, the parent's main thread must have forked it.
    """
    try:
        folder = folder.resolve(strict=True)
        if LINUX and len(os.listdir("/proc/self/task")) > 1:
            raise SandboxError("other threads run in this process; set the variables of environment() before it starts")
        _settle(folder)
        highest = _close_inherited(keep)
        if os.name == "posix":
            _limit(limits, highest)
        if LINUX:
            _give_up_rights()
            _restrict_files(folder, readable)
            _restrict_calls()
    except (OSError, ValueError) as error:
        raise SandboxError(f"cannot shut the process in: {error}") from error


def used(folder: Path) -> tuple[int, int]:
    """Return the bytes on disk and the number of files and folders in `folder`; `sys.maxsize` where it hides some.

    Files deleted while open are not seen: watch the free room on the disk as well.
    """
    size: float = 0
    count = 0
    folders = [os.fspath(folder)]
    while folders:
        try:
            with os.scandir(folders.pop()) as entries:
                for entry in entries:
                    state = entry.stat(follow_symlinks=False)
                    size, count = size + getattr(state, "st_blocks", state.st_size / 512) * 512, count + 1
                    if entry.is_dir(follow_symlinks=False):
                        folders.append(entry.path)
        except FileNotFoundError:  # deleted meanwhile
            continue
        except OSError:  # not to be listed, or too deep
            return sys.maxsize, sys.maxsize
    return int(size), count


def _settle(folder: Path) -> None:
    """Session, directory, environment."""
    if os.name == "posix" and os.getsid(0) != os.getpid():
        os.setsid()
    os.chdir(folder)
    os.umask(0o077)
    variables = environment(folder)
    os.environ.clear()
    os.environ.update(variables)
    tempfile.tempdir = None


def _close_inherited(keep: Sequence[int]) -> int:
    """Make the others /dev/null: their owners may still close them, and would close new files. Return the highest."""
    if os.name != "posix":
        return 0
    null = os.open(os.devnull, os.O_RDWR)
    numbers = [int(name) for name in os.listdir("/proc/self/fd" if LINUX else "/dev/fd")]
    for number in numbers:
        if number > 2 and number not in keep:
            os.dup2(null, number)
    return max(numbers)


def _limit(limits: Limits, highest_file: int) -> None:
    wanted = {
        resource.RLIMIT_CORE: 0,
        resource.RLIMIT_CPU: limits.seconds + math.ceil(time.process_time()),
        resource.RLIMIT_FSIZE: limits.file_size,
        resource.RLIMIT_NOFILE: limits.open_files + highest_file,
    }
    if LINUX:
        present = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
        running = int(Path("/proc/loadavg").read_text().split()[3].split("/")[1])
        wanted |= {resource.RLIMIT_AS: limits.memory + present, resource.RLIMIT_NPROC: limits.threads + running}
        with contextlib.suppress(OSError):
            Path("/proc/self/oom_score_adj").write_text("1000")  # when the machine runs short, this process goes first
    for kind, soft in wanted.items():
        most = resource.getrlimit(kind)[1]
        both = soft, soft + (kind == resource.RLIMIT_CPU)
        resource.setrlimit(kind, both if most == resource.RLIM_INFINITY else (min(both[0], most), min(both[1], most)))


@functools.cache
def _libc() -> ctypes.CDLL:
    return ctypes.CDLL(None, use_errno=True)


def c_call(name: str, *arguments: int | bytes) -> int:
    """Call a C function. Raises OSError where it returns -1."""
    result = getattr(_libc(), name)(*(ctypes.c_ulong(a) if isinstance(a, int) else a for a in arguments))
    if result == -1:
        raise OSError(ctypes.get_errno(), f"{name}{arguments[:1]}: {os.strerror(ctypes.get_errno())}")
    return result


def _give_up_rights() -> None:
    c_call("capset", struct.pack("=Ii", 0x20080522, 0), bytes(24))  # version 3; no capability, also for root
    c_call("prctl", 38, 1, 0, 0, 0)  # PR_SET_NO_NEW_PRIVS
    c_call("prctl", 4, 0, 0, 0, 0)  # PR_SET_DUMPABLE: other processes of the user cannot look into this one
    c_call("prctl", 1, signal.SIGKILL, 0, 0, 0)  # PR_SET_PDEATHSIG: ends with its parent


# Landlock, see the kernel's userspace-api/landlock.rst. The numbers of its calls are the same on all machines.
CREATE_RULESET, ADD_RULE, RESTRICT_SELF = 444, 445, 446
RIGHTS = """execute write_file read_file read_dir remove_dir remove_file make_char make_dir make_reg make_sock make_fifo
make_block make_sym refer truncate ioctl_dev"""  # in the order of their bits
RIGHTS_KNOWN = {1: 13, 2: 14, 3: 15, 4: 15}  # how many of them, by version; from 5 on all


def _rights(names: str) -> int:
    return sum(1 << RIGHTS.split().index(name) for name in names.split())


LIST, READ = _rights("read_dir"), _rights("read_file read_dir")
# No links, pipes, sockets or devices: whoever collects the results would follow them, or wait for them.
WRITE = READ | _rights("write_file remove_dir remove_file make_dir make_reg refer truncate")
ON_FILES = _rights("execute write_file read_file truncate ioctl_dev")


@functools.cache
def landlock_version() -> int:
    """Return the version of Landlock's interface, or 0 where the kernel has none."""
    try:
        return c_call("syscall", CREATE_RULESET, 0, 0, 1)
    except OSError:
        return 0


@functools.cache
def installation() -> tuple[tuple[str, int], ...]:
    """Return what Python and its libraries consist of, without this package: paths and the rights on them.

    `enter` is faster in a process whose parent has called this.
    """
    prefixes = (sys.prefix, sys.base_prefix)  # not as a whole: the course may lie in one
    paths = [os.path.join(prefix, part) for prefix in prefixes for part in ("lib", sys.platlibdir, "pyvenv.cfg")]
    paths += [sysconfig.get_path(name) for name in ("stdlib", "platstdlib", "purelib", "platlib")]
    paths += [path for path in sys.path if path.endswith(("site-packages", "dist-packages"))]
    paths += SYSTEM.split()
    real = sorted({os.path.realpath(path) for path in paths if os.path.exists(path)})
    outermost = [path for path in real if not path.startswith(tuple(f"{other}/" for other in real))]
    return tuple(rule for path in outermost for rule in _without_package(path))


def _without_package(path: str) -> Iterator[tuple[str, int]]:
    """Yield rules that let all of `path` be read but this package's files."""
    if not f"{PACKAGE}/".startswith(f"{path}/"):
        yield path, READ
    elif path != str(PACKAGE):
        yield path, LIST
        for entry in os.scandir(path):
            if not entry.is_symlink():  # what it leads to has its own rule
                yield from _without_package(entry.path)


def _restrict_files(folder: Path, readable: Sequence[Path]) -> None:
    version = landlock_version()
    if not version:
        return
    handled = (1 << RIGHTS_KNOWN.get(version, 16)) - 1
    network, scopes = 3 * (version >= 4), 3 * (version >= 6)  # TCP; abstract sockets and signals
    rules = c_call("syscall", CREATE_RULESET, struct.pack("=QQQ", handled, network, scopes), 24, 0)
    allowed: list[tuple[str | Path, int]] = [*installation(), *((path, READ) for path in readable)]
    for path, rights in (*allowed, (os.devnull, WRITE), (folder, WRITE)):
        beneath = os.open(path, os.O_PATH | os.O_CLOEXEC)
        mask = handled if os.path.isdir(path) else handled & ON_FILES
        c_call("syscall", ADD_RULE, rules, 1, struct.pack("=Qi", rights & mask, beneath), 0)
        os.close(beneath)
    c_call("syscall", RESTRICT_SELF, rules, 0)
    os.close(rules)


# Seccomp. Each call has a number on x86_64 and one on aarch64. Below 424 their set is closed; these reach out of the
# process, or change a file that may only be read, which Landlock does not watch.
AUDIT = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}
DENIED = """
fork 57 - vfork 58 - execve 59 221 execveat 322 281 ptrace 101 117 process_vm_readv 310 270 process_vm_writev 311 271
kcmp 312 272 unshare 272 97 setns 308 268 personality 135 92 tkill 200 130 modify_ldt 154 -
chown 92 - lchown 94 - fchown 93 55 fchownat 260 54 truncate 76 45
setxattr 188 5 lsetxattr 189 6 fsetxattr 190 7 removexattr 197 14 lremovexattr 198 15 fremovexattr 199 16
utime 132 - utimes 235 - futimesat 261 - inotify_add_watch 254 27 fanotify_init 300 262
mount 165 40 umount2 166 39 pivot_root 155 41 chroot 161 51 name_to_handle_at 303 264 open_by_handle_at 304 265
shmget 29 194 shmat 30 196 shmctl 31 195 semget 64 190 semop 65 193 semtimedop 220 192 semctl 66 191
msgget 68 186 msgsnd 69 189 msgrcv 70 188 msgctl 71 187 mq_open 240 180 mq_unlink 241 181 memfd_create 319 279
setrlimit 160 164 setpriority 141 140 ioprio_set 251 30 sched_setparam 142 118
sched_setattr 314 274 migrate_pages 256 238 move_pages 279 239 connect 42 203
bpf 321 280 perf_event_open 298 241 userfaultfd 323 282 io_setup 206 0 add_key 248 217 request_key 249 218
keyctl 250 219 syslog 103 116
"""
NO_SOCKETS = "socket 41 198"  # ZeroMQ, if a student uses it, ends the process at any error but EOPNOTSUPP
IGNORED = "chmod 90 - fchmod 91 52 fchmodat 268 53"  # they seem to work and do nothing: `shutil.copy` asks for them
# From 424 on numbers are the same on all machines, and more come: "no such call", on which libraries fall back, but for
# close_range, faccessat2, epoll_pwait2, futex_*, map_shadow_stack and mseal.
NEW, NEW_ALLOWED = 424, (436, 439, 441, 449, 453, 454, 455, 456, 462)
ALL, CLONE_THREAD, WRITE_MODE = 0xFFFFFFFF, 0x10000, os.O_WRONLY | os.O_RDWR
TERMINAL = (0x5401, 0x802C542A, 0x5413, 0x541B, 0x5421, 0x5450, 0x5451)  # is it one, its size; waiting bytes, flags
FILE_FLAGS = (*range(8), 36, 37, 38, 1030, 1031, 1032)  # not those that choose who gets a signal
ALLOW, KILL, FAIL = 0x7FFF0000, 0x80000000, 0x50000  # to FAIL an errno is added, and with 0 the call seems to work
# Where the arguments of a limited call are as they must be, and where not; else ALLOW and EPERM.
OUTCOMES = {"utimensat": (FAIL + errno.EPERM, FAIL)}  # `Path.touch` then opens the file; `shutil.copy2` sees no error
NAMES_AND_QUERIES = (3, 15, 16, 21, 23, 39, 0x53564D41)  # what prctl may do


def _limited(process: int) -> dict[str, tuple]:
    """Return the calls that depend on their arguments, with what these must be: (32-bit word, mask, values).

    Argument n consists of the words 2n (lower half) and 2n + 1.
    """
    own = ((0, ALL, (process,)),)
    stream = ((0, ALL, (1,)), (2, ALL & ~(os.O_NONBLOCK | os.O_CLOEXEC), (1,)))  # AF_UNIX, SOCK_STREAM
    not_only_empty = (os.O_TRUNC | WRITE_MODE, (0, 1, 2, os.O_TRUNC | 1, os.O_TRUNC | 2))  # Landlock before version 3
    return {
        "clone 56 220": ((0, CLONE_THREAD, (CLONE_THREAD,)),),
        "kill 62 129": own,
        "tgkill 234 131": own,
        "rt_sigqueueinfo 129 138": own,
        "rt_tgsigqueueinfo 297 240": own,
        "socketpair 53 199": stream,
        "sendto 44 206": ((8, ALL, (0,)), (9, ALL, (0,))),  # no address
        "prlimit64 302 261": ((4, ALL, (0,)), (5, ALL, (0,))),  # no new limit
        "sched_setaffinity 203 122": ((0, ALL, (0,)),),
        "sched_setscheduler 144 119": ((2, ALL, (0,)),),  # the ordinary one, which ZeroMQ insists on
        "ioctl 16 29": ((2, ALL, TERMINAL),),
        "fcntl 72 25": ((2, ALL, FILE_FLAGS),),
        "prctl 157 167": ((0, ALL, NAMES_AND_QUERIES),),
        "utimensat 280 88": ((4, ALL, (0,)), (5, ALL, (0,))),  # no time given, so now
        "open 2 -": ((2, *not_only_empty),),
        "openat 257 56": ((4, *not_only_empty),),
    }


def _numbers(text: str, machine: str) -> dict[str, int]:
    words = text.split()
    column = list(AUDIT).index(machine) + 1
    return {name: int(number) for name, number in zip(words[::3], words[column::3], strict=True) if number != "-"}


def call_filter(machine: str, process: int) -> list[tuple[int, int, int, int]]:
    """Return the filter as BPF instructions (code, jump if true, jump if false, value). See the kernel's seccomp.h."""
    load, equal, at_least, mask_with, end = 0x20, 0x15, 0x35, 0x54, 0x06
    code = [(load, 0, 0, 4), (equal, 1, 0, AUDIT[machine]), (end, 0, 0, KILL), (load, 0, 0, 0)]
    code += [(at_least, 0, 1, 2**30), (end, 0, 0, KILL)]  # the x32 variant of x86_64
    for text, error in ((DENIED, errno.EPERM), (NO_SOCKETS, errno.EOPNOTSUPP), (IGNORED, 0)):
        for number in _numbers(text, machine).values():
            code += [(equal, 0, 1, number), (end, 0, 0, FAIL + error)]
    for text, tests in _limited(process).items():
        for name, number in _numbers(text, machine).items():
            right, wrong = OUTCOMES.get(name, (ALLOW, FAIL + errno.EPERM))
            block = []
            for word, mask, values in tests:
                block += [(load, 0, 0, 16 + 4 * word), (mask_with, 0, 0, mask)]
                block += [(equal, len(values) - i, 0, value) for i, value in enumerate(values)]
                block += [(end, 0, 0, wrong)]
            code += [(equal, 0, len(block) + 1, number), *block, (end, 0, 0, right)]
    for number in NEW_ALLOWED:
        code += [(equal, 0, 1, number), (end, 0, 0, ALLOW)]
    return [*code, (at_least, 0, 1, NEW), (end, 0, 0, FAIL + errno.ENOSYS), (end, 0, 0, ALLOW)]


def _restrict_calls() -> None:
    machine = os.uname().machine
    if machine not in AUDIT:
        return
    seccomp = _numbers("seccomp 317 277", machine)["seccomp"]
    try:
        c_call("syscall", seccomp, 2, 0, struct.pack("=I", 0x80000000))  # does the kernel know how to kill a process?
    except OSError:
        return
    code = b"".join(struct.pack("=HBBI", *step) for step in call_filter(machine, os.getpid()))
    buffer = ctypes.create_string_buffer(code)
    program = struct.pack("HxxxxxxQ", len(code) // 8, ctypes.addressof(buffer))
    c_call("syscall", seccomp, 1, 4, program)  # 4: kernels before 5.16 would slow the process down
