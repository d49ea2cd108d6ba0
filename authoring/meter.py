"""What running a notebook costs: time by the clock, processor time and memory of its kernel and what that starts."""

import threading
import time
from dataclasses import dataclass
from types import TracebackType

import psutil

INTERVAL = 0.1  # seconds between two looks; a shorter peak of memory may be missed


@dataclass(frozen=True)
class Cost:
    """Seconds by the clock, seconds of all processors together, and the largest memory in MB."""

    seconds: float
    processor: float
    memory: float


class Meter:
    """While it is entered, looks again and again at a process and its descendants, who may be ended by others."""

    def __init__(self, pid: int):
        self._root = psutil.Process(pid)
        self._processor: dict[int, float] = {}
        self._memory = 0.0
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def cost(self, start: float) -> Cost:
        """The cost since `start`, a time of `time.perf_counter`; the process itself may have started later."""
        return Cost(time.perf_counter() - start, sum(self._processor.values()), self._memory)

    def __enter__(self) -> "Meter":
        self._thread.start()
        return self

    def __exit__(self, kind: type | None, error: BaseException | None, traceback: TracebackType | None) -> None:
        self._over.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._over.wait(INTERVAL):
            self._look()
        self._look()

    def _look(self) -> None:
        memory = 0
        try:
            processes = [self._root, *self._root.children(recursive=True)]
        except psutil.NoSuchProcess:
            return
        for process in processes:
            try:
                with process.oneshot():
                    times = process.cpu_times()
                    memory += process.memory_info().rss
            except (psutil.NoSuchProcess, psutil.AccessDenied):
                continue
            self._processor[process.pid] = times.user + times.system
        self._memory = max(self._memory, memory / 1e6)
