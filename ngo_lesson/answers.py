"""Calls a student's answer on plain arguments and returns a plain record of what happened.

Imports nothing of the package, because the sealed process of the grading holds this module and the answers alone.
Plain data are None, bool, int, float, complex, text, arrays of these, and lists, tuples and dicts of plain data.
"""

import contextlib
import copy
import inspect
import io
import os
import signal
import sys
import sysconfig
import threading
import time
import traceback
import warnings
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, TextIO

import numpy as np

SECONDS = 5.0  # for one call
KEPT_CHARACTERS = 500  # of what is printed, and of an error's text
KEPT_WARNINGS = 5
DEEPEST = 10  # lists within lists
NOT_STUDENTS = (  # where the files of a traceback stand that are not the student's
    *(sysconfig.get_path(name) for name in ("stdlib", "platstdlib", "purelib", "platlib")),
    os.path.dirname(os.path.abspath(__file__)),
    "<frozen",
    "<__array_function__",
)


@dataclass(frozen=True)
class Seed:
    """Stands for a `numpy.random.Generator` among plain arguments: each call gets a fresh one made from this seed."""

    value: int


@dataclass(frozen=True, eq=False)
class Outcome:
    """What one call did, as plain data. `error` is "" or the kind: an exception's name, or one of those named below.

    `Timeout`, `NotCallable`, `Signature` (wrong number of arguments) and `NotPlain` (a result that is not plain data).
    """

    value: Any = None
    error: str = ""
    text: str = ""  # of the error
    lines: tuple[str, ...] = ()  # the student's own lines that led to the error, outermost first
    arguments: tuple = ()  # after the call; None for functions and generators
    evaluations: dict[str, int] = field(default_factory=dict)  # how often each function argument was called, by name
    printed: str = ""  # the first characters
    printed_count: int = 0  # all characters
    warnings: tuple[str, ...] = ()


class Timeout(BaseException):
    """The call did not return in time. Not an Exception, so that a student's `except Exception` lets it through."""


class NotPlainError(TypeError):
    """A value that is not plain data."""


def call(function: Callable, arguments: tuple, seconds: float = SECONDS) -> Outcome:
    """Call `function` on deep copies of `arguments`: plain data, functions, Seed. Its errors go to the outcome."""
    evaluations: dict[str, int] = {}
    own = tuple(_fresh(argument, evaluations) for argument in arguments)
    fault = _signature_fault(function, own)
    if fault:
        return Outcome(error=fault[0], text=fault[1], arguments=_after(own), evaluations=evaluations)
    screen, sink, noted = sys.stdout, _Sink(), {}

    def note(message: Warning | str, category: type, *_: object, **__: object) -> None:
        if len(noted) < KEPT_WARNINGS:
            noted[f"{category.__name__}: {_text(message)}"] = None

    with contextlib.redirect_stdout(sink), contextlib.redirect_stderr(sink), warnings.catch_warnings():
        warnings.simplefilter("always")
        warnings.showwarning = note
        value, error = _limited(function, own, seconds, screen)
    return Outcome(
        value=value,
        **_told(error, seconds),
        arguments=_after(own),
        evaluations=evaluations,
        printed=sink.kept,
        printed_count=sink.count,
        warnings=tuple(noted),
    )


def plain(value: object, depth: int = 0) -> Any:
    """Return a copy of `value` as plain data: NumPy scalars and 0-d arrays become Python's. Raises NotPlainError."""
    if isinstance(value, np.generic) or (isinstance(value, np.ndarray) and value.ndim == 0):
        value = value.item()
    if type(value) is int and abs(value) >= 2**63:
        raise NotPlainError("a whole number of more than 64 bits")
    if value is None or type(value) in (bool, int, float, complex, str):
        return value
    if isinstance(value, np.ndarray) and value.dtype.kind in "biufcU":
        return np.array(value)
    if depth == DEEPEST:
        raise NotPlainError(f"lists nested more than {DEEPEST} deep")
    if isinstance(value, tuple):
        return tuple(plain(entry, depth + 1) for entry in value)
    if isinstance(value, list):
        return [plain(entry, depth + 1) for entry in value]
    if isinstance(value, dict):
        return {plain(key, DEEPEST): plain(entry, depth + 1) for key, entry in value.items()}
    if isinstance(value, np.ndarray):
        raise NotPlainError(f"an array of dtype {value.dtype}")
    raise NotPlainError(f"a {type(value).__name__}")


class _Sink(io.TextIOBase):
    """Keeps the first characters written and counts the rest."""

    def __init__(self) -> None:
        self.kept, self.count = "", 0

    def write(self, text: str) -> int:
        self.kept += text[: KEPT_CHARACTERS - len(self.kept)]
        self.count += len(text)
        return len(text)


def _fresh(argument: object, evaluations: dict[str, int]) -> Any:
    if isinstance(argument, Seed):
        return np.random.default_rng(argument.value)
    if not callable(argument):
        return copy.deepcopy(argument)
    name = argument.__name__
    evaluations[name] = 0

    def counted(*arguments: Any) -> Any:
        evaluations[name] += 1
        return argument(*arguments)

    counted.__name__ = name
    return counted


def _after(arguments: tuple) -> tuple:
    return tuple(
        None if callable(argument) or isinstance(argument, np.random.Generator) else _plain_or_name(argument)
        for argument in arguments
    )


def _plain_or_name(value: object) -> Any:
    try:
        return plain(value)
    except NotPlainError as error:
        return str(error)


def _signature_fault(function: object, arguments: tuple) -> tuple[str, str] | None:
    if not callable(function):
        return "NotCallable", f"a {type(function).__name__}, not a function"
    try:
        parameters = inspect.signature(function)
    except (TypeError, ValueError):  # some functions written in C tell nothing
        return None
    try:
        parameters.bind(*arguments)
    except TypeError:
        return "Signature", f"({', '.join(parameters.parameters)})"
    return None


def _limited(function: Callable, arguments: tuple, seconds: float, screen: TextIO) -> tuple[Any, BaseException | None]:
    """Return (plain value, None) or (None, error).

    The alarm repeats, because a student's bare `except:` can swallow one. It is never raised in a frame of this file:
    the next one will do, and so it cannot hit the lines that switch it off.
    """
    if not hasattr(signal, "setitimer") or threading.current_thread() is not threading.main_thread():
        return _noticed(function, arguments, seconds, screen)
    armed, rang = True, False

    def ring(_: int, frame: Any) -> None:
        nonlocal rang
        if armed and frame.f_code.co_filename != ring.__code__.co_filename:
            rang = True
            raise Timeout

    start = time.monotonic()
    previous = signal.signal(signal.SIGALRM, ring)
    left, interval = signal.setitimer(signal.ITIMER_REAL, seconds, 0.05)
    try:
        value, error = _tried(function, arguments)
    finally:
        armed = False
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, previous)
        if left:
            signal.setitimer(signal.ITIMER_REAL, max(left - (time.monotonic() - start), 0.001), interval)
    if rang and not isinstance(error, Timeout):
        return None, Timeout()
    return value, error


def _noticed(function: Callable, arguments: tuple, seconds: float, screen: TextIO) -> tuple[Any, BaseException | None]:
    """Without an alarm nothing can end the call, so say how the student can."""
    notice = f"Still running after {seconds:g} seconds. If it never ends, press JupyterLab's stop button (■)."
    timer = threading.Timer(seconds, print, (notice,), {"file": screen})
    timer.daemon = True
    timer.start()
    try:
        return _tried(function, arguments)
    finally:
        timer.cancel()


def _tried(function: Callable, arguments: tuple) -> tuple[Any, BaseException | None]:
    try:
        return plain(function(*arguments)), None
    except (Exception, SystemExit, Timeout) as error:
        return None, error


def _told(error: BaseException | None, seconds: float) -> dict[str, Any]:
    """Return the fields of an Outcome that describe the error."""
    if error is None:
        return {}
    if isinstance(error, Timeout):
        return {"error": "Timeout", "text": f"no result after {seconds:g} seconds", "lines": _student_lines(error)}
    if isinstance(error, NotPlainError):
        return {"error": "NotPlain", "text": _text(error)}
    return {"error": type(error).__name__, "text": _text(error), "lines": _student_lines(error)}


def _text(error: object) -> str:
    try:
        return str(error)[:KEPT_CHARACTERS]
    except Exception:  # a student's class may do anything here
        return ""


def _student_lines(error: BaseException) -> tuple[str, ...]:
    """Return the innermost lines of the traceback that are neither a library's nor this package's, at most three."""
    return tuple(
        f"line {frame.lineno} of {frame.name}: {frame.line}"[:KEPT_CHARACTERS]
        for frame in traceback.extract_tb(error.__traceback__)
        if not frame.filename.startswith(NOT_STUDENTS)
    )[-3:]
