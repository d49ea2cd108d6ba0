"""The sealed process: executes the cells of a submission and calls its answers for the judge. It holds nothing else.

The student's code can change everything in here. So what is sent from here is a claim, and the judge treats it so.
"""

import builtins
import contextlib
import importlib
import linecache
import re
import sys
from collections.abc import Callable
from importlib.abc import MetaPathFinder
from types import FrameType, ModuleType
from typing import Any

import numpy as np

from ngo_lesson.answers import Outcome, call, to_call
from ngo_lesson.grading.wire import Channel, WireError

PACKAGE = "ngo_lesson"
IMPORTED: tuple[str, ...] = ("scipy.linalg", "scipy.special", "sklearn.decomposition")
IMPORTED += ("sklearn.feature_extraction.text", "sklearn.linear_model")
CLAIMED = [name for name in vars(Outcome()) if name != "evaluations"]  # the judge counts these itself
_NOT_PYTHON = re.compile(r"^([ \t]*)([%!?].*|[\w.]+\?\??[ \t]*)$", re.MULTILINE)  # magics, shell commands, help


def warm() -> None:
    """Import what answers use, once for all submissions."""
    for name in IMPORTED:
        with contextlib.suppress(ImportError):
            importlib.import_module(name)


def serve(channel: Channel, request: dict[str, Any]) -> None:
    """Say "ready", execute `request["cells"]`, report on each, then answer calls until the channel closes.

    The request also holds `cell_seconds` and the policy, `allows` and `forbids`. Who starts this has turned the
    streams of output and error away; what is written through `sys.stdout` while cells and answers run goes nowhere.
    """
    namespace = _world(request["allows"], request["forbids"])
    channel.send("ready")
    for i, (name, source) in enumerate(request["cells"]):
        outcome = _called(
            lambda name=name, source=source: _execute(name, source, namespace), (), request["cell_seconds"]
        )
        channel.send(("cell", i, outcome.error, outcome.text))
    with contextlib.suppress(EOFError):
        while True:
            number, *asked = channel.receive()
            outcome = _answer(channel, namespace, *asked)
            try:
                channel.send(("outcome", number, {name: getattr(outcome, name) for name in CLAIMED}))
            except WireError as error:
                outcome = Outcome(error="NotPlain", text=f"too large: {error}", arguments=(None,) * len(asked[2]))
                channel.send(("outcome", number, {name: getattr(outcome, name) for name in CLAIMED}))


def _answer(
    channel: Channel,
    namespace: dict[str, Any],
    name: str,
    literal: bool,
    arguments: tuple,
    functions: dict[int, str],
    seconds: float,
    measure: bool,
) -> Outcome:
    """Call the answer `name`. `functions` are the names of those among its arguments that the judge evaluates."""
    if name not in namespace:
        return Outcome(error="Missing", arguments=(None,) * len(arguments))
    given = [
        _asking(channel, place, functions[place]) if place in functions else argument
        for place, argument in enumerate(arguments)
    ]
    return _called(to_call(namespace[name], literal), tuple(given), seconds, measure)


def _called(function: Callable, arguments: tuple, seconds: float, measure: bool = False) -> Outcome:
    try:
        return call(function, arguments, seconds, measure)
    except BaseException as error:  # KeyboardInterrupt, or a class of the student's own
        return Outcome(error=type(error).__name__, text="it is no Exception", arguments=(None,) * len(arguments))


def _asking(channel: Channel, place: int, name: str) -> Callable:
    """Return what stands here for argument `place`, a function of the judge's."""

    def asked(*arguments: Any) -> Any:
        try:
            channel.send(("ask", place, arguments))
        except WireError as fault:
            raise TypeError(f"{name} was called with more than plain data: {fault}") from None
        error, value, text, generators = channel.receive()
        own = (argument for argument in arguments if isinstance(argument, np.random.Generator))
        for generator, after in zip(own, generators, strict=True):
            generator.bit_generator.state = after.bit_generator.state
        if error:
            kind = getattr(builtins, error, RuntimeError)
            raise kind(text) if isinstance(kind, type) and issubclass(kind, Exception) else RuntimeError(text)
        return value

    asked.__name__ = name
    return asked


def _world(allows: tuple[str, ...], forbids: tuple[str, ...]) -> dict[str, Any]:
    """Take away what may not be imported, and return the namespace of a new main module."""
    gate = _Gate(allows, forbids)
    package: Any = importlib.import_module(PACKAGE)
    for name in [name for name in sys.modules if gate.refusal(name)]:
        del sys.modules[name]
        vars(package).pop(name.removeprefix(f"{PACKAGE}."), None)
    sys.meta_path.insert(0, gate)
    questions: Any = ModuleType(f"{PACKAGE}.questions")
    questions.__path__ = []  # a package, whose parts the gate refuses
    questions.check = questions.score = lambda *_, **__: None
    sys.modules[questions.__name__] = package.questions = questions
    main: Any = ModuleType("__main__")
    sys.modules["__main__"] = main
    main.display = print
    return vars(main)


class _Gate(MetaPathFinder):
    """Refuses imports of other parts of this package than allowed, and of forbidden packages."""

    def __init__(self, allows: tuple[str, ...], forbids: tuple[str, ...]) -> None:
        self.allows, self.forbids = allows, forbids

    def refusal(self, name: str) -> str:
        """Return why the module `name` is refused, or ""."""
        if name.partition(".")[0] in self.forbids:
            return f"`{name}` may not be used in this question"
        inside = any(f"{name}.".startswith(f"{part}.") or part.startswith(f"{name}.") for part in self.allows)
        if name.startswith(f"{PACKAGE}.") and not inside:
            return f"`{name}` may not be used in an answer that is graded: write the code yourself"
        return ""

    def find_spec(self, name: str, path: object = None, target: object = None) -> None:
        """Raise an ImportError where `name` is refused, unless an allowed part of this package asks for it."""
        frame: FrameType | None = sys._getframe(1)
        while frame and frame.f_globals.get("__name__", "").startswith(("importlib", "_frozen_importlib")):
            frame = frame.f_back
        asks = frame.f_globals.get("__name__", "") if frame else ""
        refusal = self.refusal(name)
        if refusal and not asks.startswith(f"{PACKAGE}."):
            raise ImportError(refusal)


def _execute(name: str, source: str, namespace: dict[str, Any]) -> None:
    """Execute a cell; its lines are kept for the messages about errors."""
    file = f"<cell {name}>"
    try:
        code = compile(source, file, "exec", dont_inherit=True)
    except SyntaxError:
        source = _NOT_PYTHON.sub(r"\1pass", source)
        code = compile(source, file, "exec", dont_inherit=True)
    linecache.cache[file] = (len(source), None, source.splitlines(keepends=True), file)
    exec(code, namespace)
