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
import tracemalloc
import warnings
from collections.abc import Callable, Iterator
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
UNBROKEN = (__file__, os.path.join(os.path.dirname(__file__), "grading"))  # no alarm is raised in these files


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
    shares: tuple[int, ...] = ()  # places of the arguments whose arrays share memory with the result
    seconds: float = 0.0  # of the call; of several calls the least tells how fast an answer is
    held: int = 0  # with `measure`: bytes the answer held when it called a function argument, at most


class Timeout(BaseException):
    """The call did not return in time. Not an Exception, so that a student's `except Exception` lets it through."""


class NotPlainError(TypeError):
    """A value that is not plain data."""


Tried = tuple[dict[str, Any], BaseException | None]  # fields of an Outcome or none, an error or none


def call(function: Callable, arguments: tuple, seconds: float = SECONDS, measure: bool = False) -> Outcome:
    """Call `function` on deep copies of `arguments`: plain data, functions, Seed. Its errors go to the outcome.

    With `measure` its memory is traced, which makes it slower.
    """
    evaluations: dict[str, int] = {}
    held = [0]
    own = tuple(_fresh(argument, evaluations, held) for argument in arguments)
    fault = _signature_fault(function, own)
    if fault:
        return Outcome(error=fault[0], text=fault[1], arguments=_after(own), evaluations=evaluations)
    screen, sink = sys.stdout, _Sink()
    noted: dict[str, None] = {}

    def note(message: Warning | str, category: type, *_: object, **__: object) -> None:
        if len(noted) < KEPT_WARNINGS:
            noted[f"{category.__name__}: {_text(message)}"] = None

    with contextlib.redirect_stdout(sink), contextlib.redirect_stderr(sink), warnings.catch_warnings():
        warnings.simplefilter("always")
        warnings.showwarning = note
        with _traced() if measure else contextlib.nullcontext():
            result, error = _limited(function, own, seconds, screen)
    return Outcome(
        **result,
        **_told(error, seconds),
        arguments=_after(own),
        evaluations=evaluations,
        printed=sink.kept,
        printed_count=sink.count,
        warnings=tuple(noted),
        held=held[0],
    )


def to_call(answer: Any, literal: bool = False) -> Any:
    """Return an answer as something to call. A `literal` returns itself; `...`, or its None, is no answer yet."""
    if answer is ... or (literal and answer is None):
        return _unanswered
    return (lambda: answer) if literal else answer


def _unanswered(*_: Any) -> None:
    raise NotImplementedError


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


def _fresh(argument: Any, evaluations: dict[str, int], held: list[int]) -> Any:
    if isinstance(argument, Seed):
        return np.random.default_rng(argument.value)
    if not callable(argument):
        return copy.deepcopy(argument)
    name = argument.__name__
    evaluations[name] = 0

    def counted(*arguments: Any) -> Any:
        evaluations[name] += 1
        held[0] = max(held[0], tracemalloc.get_traced_memory()[0])
        return argument(*arguments)

    counted.__name__ = name
    return counted


@contextlib.contextmanager
def _traced() -> Iterator[None]:
    """Trace what is allocated from here on."""
    traced = tracemalloc.is_tracing()
    tracemalloc.start()
    tracemalloc.clear_traces()
    try:
        yield
    finally:
        if not traced:
            tracemalloc.stop()


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


def _limited(function: Callable, arguments: tuple, seconds: float, screen: TextIO) -> Tried:
    """Return what `_tried` does, within `seconds` where the system has an alarm.

    The alarm repeats, because a student's bare `except:` can swallow one. It is never raised in a frame of this file:
    the next one will do, and so it cannot hit the lines that switch it off. In the sealed process of the grading it
    does not cut a message in two either.
    """
    if not hasattr(signal, "setitimer") or threading.current_thread() is not threading.main_thread():
        return _noticed(function, arguments, seconds, screen)
    armed, rang = True, False

    def ring(_: int, frame: Any) -> None:
        nonlocal rang
        if armed and not frame.f_code.co_filename.startswith(UNBROKEN):
            rang = True
            raise Timeout

    start = time.monotonic()
    previous = signal.signal(signal.SIGALRM, ring)
    left, interval = signal.setitimer(signal.ITIMER_REAL, seconds, 0.05)
    try:
        result, error = _tried(function, arguments)
    finally:
        armed = False
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, previous)
        if left:
            signal.setitimer(signal.ITIMER_REAL, max(left - (time.monotonic() - start), 0.001), interval)
    if rang and not isinstance(error, Timeout):
        return {}, Timeout()
    return result, error


def _noticed(function: Callable, arguments: tuple, seconds: float, screen: TextIO) -> Tried:
    """Without an alarm nothing can end the call, so say how the student can."""
    notice = f"Still running after {seconds:g} seconds. If it never ends, press JupyterLab's stop button (■)."
    timer = threading.Timer(seconds, print, (notice,), {"file": screen})
    timer.daemon = True
    timer.start()
    try:
        return _tried(function, arguments)
    finally:
        timer.cancel()


def _tried(function: Callable, arguments: tuple) -> Tried:
    start = time.perf_counter()
    try:
        raw = function(*arguments)
        seconds = time.perf_counter() - start
        return {"value": plain(raw), "shares": _shares(raw, arguments), "seconds": seconds}, None
    except (Exception, SystemExit, Timeout) as error:
        return {}, error


def _shares(raw: object, arguments: tuple) -> tuple[int, ...]:
    """Return the places of the arguments whose arrays share memory with those of the result."""
    results = list(_arrays(raw))
    return tuple(
        i
        for i, argument in enumerate(arguments)
        if any(np.may_share_memory(a, b) for a in _arrays(argument) for b in results)
    )


def _arrays(value: object) -> Iterator[np.ndarray]:
    if isinstance(value, np.ndarray):
        yield value
    elif isinstance(value, (list, tuple, dict)):
        for entry in value.values() if isinstance(value, dict) else value:
            yield from _arrays(entry)


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
