"""Plain data as bytes, and frames of them between two processes that do not trust each other.

Plain data are those of `ngo_lesson.answers`, with NumPy scalars, 0-d arrays, `Seed` and generators (PCG64) kept as
they are. Bytes from the other side are read by length and tag alone: nothing of them is evaluated or unpickled.
"""

import re
import socket
import struct
import threading
import time
from collections.abc import Callable
from functools import lru_cache, partial
from math import prod
from typing import IO, Any

import numpy as np

from ngo_lesson.answers import Seed

LIMIT = 2**24  # bytes of a frame
ENTRIES = 2**20  # of all lists and dicts of a frame together
DEEPEST = 16  # lists within lists; an answer's own may have 10
SIDES = 32  # of an array
_SIZE, _COUNT, _INT, _FLOAT, _COMPLEX = (struct.Struct(form) for form in (">Q", ">I", ">q", ">d", ">dd"))
_DTYPE = re.compile(r"\|b1|[<>|][iu][1248]|[<>](f(2|4|8|12|16)|c(8|16|24|32)|U[1-9]\d{0,7})")
_LARGEST_CHARACTER = 0x10FFFF


class WireError(ValueError):
    """A value that cannot be sent, or bytes that are no frame of plain data."""


def encode(value: Any) -> bytes:
    """Return plain data as bytes. Raises WireError for anything else, and beyond the limits of this module."""
    parts: list[bytes] = []
    _put(value, parts, 0)
    data = b"".join(parts)
    if len(data) > LIMIT:
        raise WireError(f"{len(data)} bytes; at most {LIMIT} can be sent")
    return data


def decode(data: bytes) -> Any:
    """Return the plain data that `encode` made into bytes; arrays are new and writable. Raises WireError alone."""
    if len(data) > LIMIT:
        raise WireError(f"{len(data)} bytes; at most {LIMIT} are read")
    reader = _Reader(data)
    try:
        value = reader.take(0)
    except WireError:
        raise
    except (struct.error, IndexError, KeyError, ValueError, TypeError, OverflowError, MemoryError) as error:
        raise WireError(f"no plain data: {error}") from None
    if reader.at != len(data):
        raise WireError(f"{len(data) - reader.at} bytes are left over")
    return value


def _put(value: Any, parts: list[bytes], depth: int) -> None:
    put = _PUTS.get(type(value))
    if put is None:
        put = next((put for base, put in _BASES.items() if isinstance(value, base)), None)
        if put is None:
            raise WireError(f"a {type(value).__name__} is not plain data")
    put(value, parts, depth)


def _put_int(value: int, parts: list[bytes], depth: int, tag: bytes = b"i") -> None:
    try:
        parts.append(tag + _INT.pack(value))
    except struct.error:
        raise WireError("a whole number of more than 64 bits") from None


def _put_text(value: str, parts: list[bytes], depth: int) -> None:
    data = value.encode("utf-8", "replace")
    parts.append(b"s" + _COUNT.pack(len(data)) + data)


def _put_array(value: np.ndarray, parts: list[bytes], depth: int, tag: bytes = b"a") -> None:
    parts.append(tag + _header(value.dtype.str, value.shape) + value.tobytes())


@lru_cache(1024)
def _header(code: str, shape: tuple[int, ...]) -> bytes:
    """Return what stands in front of an array's entries: how long dtype and shape are, then these."""
    header = bytes((len(code) % 256, len(shape))) + code.encode() + struct.pack(f">{len(shape)}Q", *shape)
    _read_header(header)
    return header


@lru_cache(1024)
def _read_header(header: bytes) -> tuple[np.dtype, tuple[int, ...], int]:
    """Return dtype, shape and number of bytes of an array. Raises WireError."""
    size, sides = header[:2]
    code, shape = header[2 : 2 + size].decode("ascii"), struct.unpack(f">{sides}Q", header[2 + size :])
    if not _DTYPE.fullmatch(code):
        raise WireError(f"an array of dtype {code!r}")
    if sides > SIDES or prod(side or 1 for side in shape) > LIMIT:
        raise WireError(f"an array of shape {shape}")
    dtype = np.dtype(code)
    if prod(shape) * dtype.itemsize > LIMIT:
        raise WireError(f"an array of shape {shape} and more than {LIMIT} bytes")
    return dtype, shape, prod(shape) * dtype.itemsize


def _put_scalar(value: np.generic, parts: list[bytes], depth: int) -> None:
    _put_array(np.asarray(value), parts, depth, b"g")


def _put_entries(tag: bytes) -> Callable:
    def put(value: Any, parts: list[bytes], depth: int) -> None:
        if depth == DEEPEST or len(value) > ENTRIES:
            raise WireError(f"lists nested more than {DEEPEST} deep, or longer than {ENTRIES}")
        parts.append(tag + _COUNT.pack(len(value)))
        if tag == b"d":
            for key, entry in value.items():
                _put(key, parts, DEEPEST)
                _put(entry, parts, depth + 1)
        else:
            for entry in value:
                _put(entry, parts, depth + 1)

    return put


def _put_generator(value: np.random.Generator, parts: list[bytes], depth: int) -> None:
    state = value.bit_generator.state
    if state["bit_generator"] != "PCG64":
        raise WireError(f"a generator of kind {state['bit_generator']}; only PCG64 (default_rng) can be sent")
    numbers = state["state"]["state"].to_bytes(16) + state["state"]["inc"].to_bytes(16)
    parts.append(b"r" + numbers + bytes((state["has_uint32"],)) + _COUNT.pack(state["uinteger"]))


_PUTS = {
    type(None): lambda value, parts, depth: parts.append(b"N"),
    bool: lambda value, parts, depth: parts.append(b"T" if value else b"F"),
    int: _put_int,
    float: lambda value, parts, depth: parts.append(b"f" + _FLOAT.pack(value)),
    complex: lambda value, parts, depth: parts.append(b"c" + _COMPLEX.pack(value.real, value.imag)),
    str: _put_text,
    np.ndarray: _put_array,
    list: _put_entries(b"l"),
    tuple: _put_entries(b"t"),
    dict: _put_entries(b"d"),
    Seed: lambda value, parts, depth: _put_int(value.value, parts, depth, b"S"),
    np.random.Generator: _put_generator,
}
# What a subclass is sent as; a text or a number of a class of its own is none of them.
_BASES = {np.generic: _put_scalar} | {base: _PUTS[base] for base in (np.ndarray, list, tuple, dict)}


class _Reader:
    """Takes values from `data`, one after the other; `at` is the place of the next byte."""

    def __init__(self, data: bytes) -> None:
        self.data, self.at, self.entries = data, 0, 0

    def take(self, depth: int) -> Any:
        tag = self.data[self.at]
        self.at += 1
        return _TAKES[tag](self, depth)

    def numbers(self, form: struct.Struct) -> tuple:
        numbers = form.unpack_from(self.data, self.at)
        self.at += form.size
        return numbers

    def cut(self, size: int) -> bytes:
        data = self.data[self.at : self.at + size]
        if len(data) < size:
            raise WireError("the bytes end too early")
        self.at += size
        return data


def _take_text(reader: _Reader, depth: int) -> str:
    return reader.cut(*reader.numbers(_COUNT)).decode("utf-8")


def _take_array(reader: _Reader, depth: int) -> np.ndarray:
    size, sides = reader.data[reader.at : reader.at + 2]
    dtype, shape, count = _read_header(reader.cut(2 + size + 8 * sides))
    flat = np.frombuffer(bytearray(reader.cut(count)), dtype)
    if dtype.kind in "bU":
        _verify(flat)
    return flat.reshape(shape)


def _take_scalar(reader: _Reader, depth: int) -> np.generic:
    array = _take_array(reader, depth)
    if array.ndim:
        raise WireError(f"a number of shape {array.shape}")
    return array[()]  # type: ignore[return-value]  # a scalar, for without sides; NumPy's stubs say an array


def _take_list(reader: _Reader, depth: int) -> list:
    return [reader.take(depth + 1) for _ in range(_take_count(reader, depth))]


def _take_dict(reader: _Reader, depth: int) -> dict:
    count = _take_count(reader, depth)
    value = {reader.take(DEEPEST): reader.take(depth + 1) for _ in range(count)}
    if len(value) != count:
        raise WireError("a dict with a key twice")
    return value


def _take_count(reader: _Reader, depth: int) -> int:
    (count,) = reader.numbers(_COUNT)
    reader.entries += count
    if depth >= DEEPEST or reader.entries > ENTRIES:
        raise WireError(f"lists nested more than {DEEPEST} deep, or longer than {ENTRIES}")
    return count


def _take_generator(reader: _Reader, depth: int) -> np.random.Generator:
    state, inc = int.from_bytes(reader.cut(16)), int.from_bytes(reader.cut(16))
    (has_uint32,), (uinteger,) = reader.cut(1), reader.numbers(_COUNT)
    if not inc % 2 or has_uint32 > 1:  # with an even increment the generator may stand still
        raise WireError("no state of a generator")
    bits = np.random.PCG64(0)
    bits.state = {
        "bit_generator": "PCG64",
        "state": {"state": state, "inc": inc},
        "has_uint32": has_uint32,
        "uinteger": uinteger,
    }
    return np.random.Generator(bits)


def _verify(flat: np.ndarray) -> None:
    """Refuse truth values and characters that are none, which NumPy does not expect."""
    is_text = flat.dtype.kind == "U"
    codes = flat.view(flat.dtype.byteorder + "u4" if is_text else "u1")
    if codes.max(initial=0) > (_LARGEST_CHARACTER if is_text else 1):
        raise WireError("an array of text or of truth values holds what is neither")


_TAKES = {
    ord(tag): take
    for tag, take in {
        "N": lambda reader, depth: None,
        "T": lambda reader, depth: True,
        "F": lambda reader, depth: False,
        "i": lambda reader, depth: reader.numbers(_INT)[0],
        "f": lambda reader, depth: reader.numbers(_FLOAT)[0],
        "c": lambda reader, depth: complex(*reader.numbers(_COMPLEX)),
        "s": _take_text,
        "a": _take_array,
        "g": _take_scalar,
        "l": _take_list,
        "t": lambda reader, depth: tuple(_take_list(reader, depth)),
        "d": _take_dict,
        "S": lambda reader, depth: Seed(*reader.numbers(_INT)),
        "r": _take_generator,
    }.items()
}


class Channel:
    """Sends and receives plain data over a socket, or over a pair of binary files (to read, to write).

    Each frame is 8 bytes of length and the payload. After an error nothing more can be had of the channel.
    """

    def __init__(self, ends: socket.socket | tuple[IO[bytes], IO[bytes]]) -> None:
        self._stream = _Socket(ends) if isinstance(ends, socket.socket) else _Files(*ends)
        self.size = 0  # of the frame received last, in bytes

    def send(self, value: Any, timeout: float | None = None) -> None:
        """Send plain data. Raises WireError (nothing was sent), OSError (closed) and TimeoutError."""
        data = encode(value)
        self._stream.write(_SIZE.pack(len(data)) + data, timeout)

    def receive(self, timeout: float | None = None) -> Any:
        """Wait for the next value. Raises WireError, EOFError (closed), OSError and TimeoutError."""
        end = None if timeout is None else time.monotonic() + timeout
        (self.size,) = _SIZE.unpack(self._stream.read(8, end))
        if self.size > LIMIT:
            raise WireError(f"a frame of {self.size} bytes; at most {LIMIT} are read")
        return decode(self._stream.read(self.size, end))

    def close(self) -> None:
        """Close both directions."""
        self._stream.close()


class _Socket:
    def __init__(self, end: socket.socket) -> None:
        self.end, self.ahead = end, bytearray()

    def write(self, data: bytes, timeout: float | None) -> None:
        self.end.settimeout(timeout)
        self.end.sendall(data)

    def read(self, size: int, end: float | None) -> bytes:
        while len(self.ahead) < size:
            self.end.settimeout(None if end is None else max(end - time.monotonic(), 1e-6))
            data = self.end.recv(2**16)
            if not data:
                raise EOFError("the other side has closed the channel")
            self.ahead += data
        data = bytes(self.ahead[:size])
        del self.ahead[:size]
        return data

    def close(self) -> None:
        self.end.close()


class _Files:
    def __init__(self, reader: IO[bytes], writer: IO[bytes]) -> None:
        self.reader, self.writer, self.stuck = reader, writer, False

    def write(self, data: bytes, timeout: float | None) -> None:
        self._within(timeout, lambda: (self.writer.write(data), self.writer.flush()))

    def read(self, size: int, end: float | None) -> bytes:
        parts = []
        while size:
            most = min(size, 2**16)
            part = self._within(end and end - time.monotonic(), partial(self.reader.read, most))
            if not part:
                raise EOFError("the other side has closed the channel")
            parts.append(part)
            size -= len(part)
        return b"".join(parts)

    def close(self) -> None:
        if not self.stuck:  # closing would wait for the thread, which waits for the other side
            self.reader.close()
            self.writer.close()

    def _within(self, timeout: float | None, act: Callable[[], Any]) -> Any:
        """Return what `act` returns; where there is a timeout a thread does it, since files have none."""
        if timeout is None:
            return act()
        results: list[tuple[Any, Exception | None]] = []

        def run() -> None:
            try:
                results.append((act(), None))
            except (OSError, ValueError) as error:  # ValueError: the file is closed
                results.append((None, error))

        thread = threading.Thread(target=run, daemon=True)
        thread.start()
        thread.join(max(timeout, 0))
        if not results:
            self.stuck = True
            raise TimeoutError("the other side does not answer")
        value, error = results[0]
        if error:
            raise error
        return value
