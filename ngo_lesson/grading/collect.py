"""Finds the notebooks that students handed in, in folders and zip files. Nothing is unpacked to disk or followed."""

import hashlib
import io
import os
import re
import stat
import struct
import unicodedata
import zipfile
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import IO

MB = 2**20
MOST_BYTES = 10 * MB  # of a notebook
MOST_ARCHIVE_BYTES = 50 * MB  # of a zip file in FOLDER
MOST_MEMBERS = 1_000  # of a zip file in FOLDER; a hundred times as many where FOLDER is one
DEEPEST = 10  # folders within folders
EXAMPLE = r"(?P<student>[^_/]+)_.*\.ipynb"
SKIPPED = re.compile(r"\.|__MACOSX$|__pycache__$")
UNREADABLE = (zipfile.BadZipFile, zlib.error, struct.error, EOFError, OSError, ValueError, OverflowError, RuntimeError)


class CollectError(ValueError):
    """A folder or pattern by which no submission can be found; the text names the argument and the fix."""


@dataclass(frozen=True)
class Submission:
    """What a student handed in for one exercise. Nothing was found where `file` is "".

    Where a file was found and could not be read, `content` is None and `notes` say why.
    """

    student: str
    exercise: str
    file: str = ""  # its name to show, with the archive's
    content: bytes | None = None
    modified: float = 0.0  # seconds since 1970
    notes: tuple[str, ...] = ()


class _UnfitError(Exception):
    """A file that is not read; the text says why."""


@dataclass(frozen=True)
class _Entry:
    """Something in FOLDER: its path in it with forward slashes, where an archive counts as a folder."""

    path: str  # that of a folder ends in a slash
    modified: float
    read: Callable[[], bytes]  # raises _UnfitError
    faulty: bool = False  # reported also where it is no notebook


@dataclass(frozen=True)
class _Found:
    exercise: str  # "" where a broken archive might hold any
    name: str
    modified: float
    content: bytes | None
    problem: str


def collect(folder: Path, exercise: str, pattern: str | None = None) -> list[Submission]:
    """Return the submissions of an exercise such as "05", or of "all" found, by student and exercise.

    Files lie as FOLDER/<student>/<exercise>*.ipynb, at most one folder deeper, also zipped; or where `pattern`, a
    regular expression for the whole path within FOLDER, has its groups `student` and perhaps `exercise`. Every student
    gets a submission of every exercise: of several files the newest, of equally new ones the last by name.
    Raises CollectError.
    """
    exercise = exercise if exercise == "all" else exercise.zfill(2)
    place = _by_folder if pattern is None else _by_pattern(pattern, exercise)
    students: dict[str, list[_Found]] = {}
    others: dict[str, list[str]] = {}  # notebooks that are no exercise's
    unplaced: list[str] = []
    for entry in _entries(Path(folder)):
        placed = place(entry.path)
        if placed is None:
            unplaced.append(entry.path)
            continue
        student, number, name = placed
        found = students.setdefault(student, [])
        if number and exercise in ("all", number):
            _add(found, entry, number, name)
        elif entry.faulty:
            _add(found, entry, "", name or student)
        elif not number and name.lower().endswith(".ipynb"):
            others.setdefault(student, []).append(name)
    numbers = {found.exercise for files in students.values() for found in files} - {""}
    wanted = sorted(numbers) if exercise == "all" else [exercise]
    if not students or not wanted:
        _complain(folder, exercise, pattern, unplaced)
    alike = _look_alikes(students)
    return [
        _submission(student, number, students[student], others.get(student, []), alike.get(student, []))
        for student in sorted(students)
        for number in wanted
    ]


def slug(student: str) -> str:
    """Return the student's name as a file name for every system, a different one for every student."""
    if re.fullmatch(r"(?!(con|prn|aux|nul|com\d|lpt\d)$)[a-z0-9][a-z0-9_-]{0,59}", student):
        return student
    clean = re.sub(r"\W+", "_", unicodedata.normalize("NFC", student)).strip("_")
    return f"{clean[:20] or 'student'}~{hashlib.sha256(student.encode('utf-8', 'surrogatepass')).hexdigest()[:10]}"


def _complain(folder: Path, exercise: str, pattern: str | None, unplaced: list[str]) -> None:
    """Raise the error for a folder in which nothing was found."""
    notebooks = [path for path in unplaced if path.lower().endswith(".ipynb")]
    if pattern is not None:
        first = f"; the first is {notebooks[0]!r}" if notebooks else ""
        text = f"--pattern={pattern!r} matches none of the {len(notebooks)} notebooks in FOLDER={str(folder)!r}{first}"
        raise CollectError(text)
    name = "NN" if exercise == "all" else exercise
    text = f"FOLDER={str(folder)!r} holds no submission (FOLDER/<student>/{name}*.ipynb)"
    raise CollectError(f"{text}; for notebooks side by side give --pattern, such as '{EXAMPLE}'")


def _by_folder(path: str) -> tuple[str, str, str] | None:
    """Return student, exercise (or "") and name of a path, None for a path directly in FOLDER."""
    student, slash, rest = path.partition("/")
    if not slash:
        return (student[:-4], "", path) if path.lower().endswith(".zip") else None
    folders = [part for part in rest.split("/")[:-1] if not part.lower().endswith(".zip")]
    number = re.match(r"([0-9]{2})(?![0-9]).*\.ipynb$", rest.rpartition("/")[2], re.IGNORECASE | re.DOTALL)
    if student.lower().endswith(".zip"):
        student = student[:-4]
    return student, number[1] if number and len(folders) <= 1 else "", rest


def _by_pattern(pattern: str, exercise: str) -> Callable[[str], tuple[str, str, str] | None]:
    """Return the like of `_by_folder` for a regular expression. Raises CollectError."""
    try:
        compiled = re.compile(pattern)
    except re.error as error:
        raise CollectError(f"--pattern={pattern!r} is no regular expression: {error}; one is '{EXAMPLE}'") from None
    if "student" not in compiled.groupindex:
        raise CollectError(f"--pattern={pattern!r} has no group (?P<student>...); one that has is '{EXAMPLE}'")
    if exercise == "all" and "exercise" not in compiled.groupindex:
        example = EXAMPLE.replace("_.*", r"_(?P<exercise>\d\d)_.*")
        raise CollectError(f"--pattern={pattern!r} needs a group (?P<exercise>...) for 'all', such as '{example}'")

    def place(path: str) -> tuple[str, str, str] | None:
        match = compiled.fullmatch(path)
        groups = match.groupdict() if match else {}
        if path.lower().endswith(".zip"):
            return groups.get("student") or path, "", path
        if not groups.get("student") or not path.lower().endswith(".ipynb"):
            return None
        number = groups.get("exercise", exercise)
        return (groups["student"], number.zfill(2), path) if number else None

    return place


def _add(found: list[_Found], entry: _Entry, exercise: str, name: str) -> None:
    """Add a file with its content, dropping that of an older one."""
    newest = next((other for other in found if other.exercise == exercise and other.content is not None), None)
    if newest and (newest.modified, newest.name) >= (entry.modified, name):
        found.append(_Found(exercise, name, entry.modified, None, ""))
        return
    try:
        content = entry.read()
    except _UnfitError as error:
        found.append(_Found(exercise, name, entry.modified, None, str(error)))
        return
    found.append(_Found(exercise, name, entry.modified, content, ""))
    if newest:
        found[found.index(newest)] = _Found(exercise, newest.name, newest.modified, None, "")


def _submission(student: str, exercise: str, files: list[_Found], others: list[str], alike: list[str]) -> Submission:
    mine = sorted((file for file in files if file.exercise in (exercise, "")), key=lambda file: file.name)
    newest = next((file for file in mine if file.content is not None), None)
    notes = [f"{file.name}: {file.problem}" for file in mine if file.problem]
    notes += [f"an older file was not graded: {file.name}" for file in mine if file != newest and not file.problem]
    notes += [f"another student's name looks the same: {other!a}" for other in alike]
    if newest:
        return Submission(student, exercise, newest.name, newest.content, newest.modified, tuple(notes))
    if mine:
        return Submission(student, exercise, mine[0].name, None, mine[0].modified, tuple(notes))
    there = f"; there is {', '.join(sorted(others)[:3])}" if others else ""
    return Submission(student, exercise, notes=(f"no file {exercise}*.ipynb{there}", *notes))


def _look_alikes(students: dict[str, list[_Found]]) -> dict[str, list[str]]:
    """Return, for each name that differs from others in case or Unicode normalization only, those others."""
    same: dict[str, list[str]] = {}
    for student in students:
        same.setdefault(unicodedata.normalize("NFKC", student).casefold(), []).append(student)
    return {name: [other for other in names if other != name] for names in same.values() for name in names}


def _entries(folder: Path) -> Iterator[_Entry]:
    """Yield everything in FOLDER, or in FOLDER itself where it is a zip file. Raises CollectError."""
    try:
        if folder.is_dir():
            yield from _walk(folder)
            return
        with folder.open("rb") as file, zipfile.ZipFile(file) as archive:
            top = _only_folder(archive)
            members = _members(archive, "", folder.stat().st_mtime, most=100 * MOST_MEMBERS, zips=True)
            yield from (replace(entry, path=entry.path.removeprefix(top)) for entry in members)
    except UNREADABLE as error:
        raise CollectError(f"FOLDER={str(folder)!r} is no folder and no zip file that can be read: {error}") from None


def _only_folder(archive: zipfile.ZipFile) -> str:
    """Return the folder around all students' folders that many tools put into an archive, or ""."""
    paths = [path for path in map(_inside, archive.infolist()) if not any(map(SKIPPED.match, path.split("/")))]
    tops = {path.partition("/")[0] for path in paths}
    direct = any("/" not in path or re.fullmatch("[^/]*/[^/]*\\.ipynb", path) for path in paths)
    return f"{tops.pop()}/" if len(tops) == 1 and not direct else ""


def _walk(folder: Path, above: str = "") -> Iterator[_Entry]:
    """Yield the files below a folder, and its folders. Raises OSError where it cannot be read."""
    for item in sorted(os.scandir(folder), key=lambda item: item.name):
        path = above + item.name.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
        if SKIPPED.match(item.name):
            continue
        try:
            info = item.stat(follow_symlinks=False)
            if stat.S_ISLNK(info.st_mode):
                slash = "/" * item.is_dir()
                yield _Entry(path + slash, info.st_mtime, partial(_refuse, "a symbolic link, not followed"), True)
            elif stat.S_ISDIR(info.st_mode):
                yield _Entry(f"{path}/", info.st_mtime, partial(_refuse, "a folder"))
                if path.count("/") < DEEPEST:
                    yield from _walk(Path(item.path), f"{path}/")
            elif path.lower().endswith(".zip"):
                yield from _archive(partial(_read, item.path, MOST_ARCHIVE_BYTES), path, info.st_mtime)
            else:
                yield _Entry(path, info.st_mtime, partial(_read, item.path, MOST_BYTES))
        except OSError as error:
            yield _Entry(path, 0.0, partial(_refuse, f"cannot be read: {error.strerror}"), True)


def _archive(read: Callable[[], bytes], path: str, modified: float) -> Iterator[_Entry]:
    """Yield the members of a student's zip file, or the file itself where it cannot be read."""
    try:
        archive = zipfile.ZipFile(io.BytesIO(read()))
    except _UnfitError as error:
        yield _Entry(path, modified, partial(_refuse, str(error)), True)
    except UNREADABLE as error:
        yield _Entry(path, modified, partial(_refuse, f"not a whole zip file: {error}"), True)
    else:
        yield _Entry(f"{path}/", modified, partial(_refuse, "a zip file"))
        yield from _members(archive, f"{path}/", modified)


def _members(
    archive: zipfile.ZipFile, above: str, modified: float, most: int = MOST_MEMBERS, zips: bool = False
) -> Iterator[_Entry]:
    """Yield the files of an archive, newest first, with those of the archives in it where `zips`."""
    members = archive.infolist()
    if len(members) > most:
        yield _Entry(above[:-1], modified, partial(_refuse, f"a zip file with more than {most} files"), True)
        return
    for member in sorted(members, key=lambda each: (each.date_time, each.filename, each.header_offset), reverse=True):
        inside, time = _inside(member), _time(member, modified)
        if any(map(SKIPPED.match, inside.split("/"))):
            continue
        if _is_forbidden(_name(member)):
            text = f"has a file with a forbidden name: {_name(member)!r}"
            yield _Entry(above[:-1] or inside, time, partial(_refuse, text), True)
        elif inside.lower().endswith(".zip"):
            read = partial(_read_member, archive, member, MOST_ARCHIVE_BYTES)
            nested = partial(_refuse, "a zip file in a zip file, not opened")
            yield from _archive(read if zips else nested, above + inside, time)
        else:
            yield _Entry(above + inside, time, partial(_read_member, archive, member, MOST_BYTES))


def _inside(member: zipfile.ZipInfo) -> str:
    """Return the member's path without parts that lead out of the archive."""
    name = _name(member)
    parts = [part for part in name.split("/") if part not in ("", ".", "..")]
    return "/".join(parts) + "/" * name.endswith("/")


def _is_forbidden(name: str) -> bool:
    return name.startswith("/") or bool(re.match("[A-Za-z]:", name)) or ".." in name.split("/")


def _name(member: zipfile.ZipInfo) -> str:
    """Return a member's name; where it is not marked as UTF-8, as UTF-8 or the Chinese code page, if it can be."""
    name = member.filename
    if not member.flag_bits & 0x800:
        raw = name.encode("cp437", "replace")
        try:
            name = raw.decode("utf-8")
        except UnicodeDecodeError:
            if re.fullmatch(rb"([\x00-\x7f]|[\x81-\xfe][\x80-\xfe])*", raw):
                chinese = raw.decode("gbk", "replace")
                name = chinese if re.fullmatch("[\x00-\x7f\u4e00-\u9fff]*", chinese) else name
    return name.replace("\\", "/")


def _time(member: zipfile.ZipInfo, modified: float) -> float:
    try:
        return datetime(*member.date_time).timestamp()
    except (ValueError, OverflowError, OSError):  # such as month 0
        return modified


def _refuse(reason: str) -> bytes:
    raise _UnfitError(reason)


def _read(path: str, most: int) -> bytes:
    """Return what a regular file holds; nothing else is opened."""
    try:
        mode = os.lstat(path).st_mode
        if not stat.S_ISREG(mode):
            _refuse("a symbolic link, not followed" if stat.S_ISLNK(mode) else "not a regular file")
        flags = os.O_RDONLY | sum(getattr(os, name, 0) for name in ("O_NOFOLLOW", "O_NONBLOCK", "O_BINARY"))
        with open(os.open(path, flags), "rb") as file:
            if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
                _refuse("not a regular file")
            return _limited(file, most)
    except OSError as error:
        raise _UnfitError(f"cannot be read: {error.strerror}") from None


def _read_member(archive: zipfile.ZipFile, member: zipfile.ZipInfo, most: int) -> bytes:
    if stat.S_ISLNK(member.external_attr >> 16):
        _refuse("a symbolic link, not followed")
    if member.flag_bits & 1:
        _refuse("encrypted")
    if member.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        _refuse(f"compressed by method {member.compress_type}, which is not read here")
    if member.file_size > most:
        _refuse(f"larger than {most // MB} MB")
    try:
        with archive.open(member) as file:
            return _limited(file, most)
    except UNREADABLE as error:
        raise _UnfitError(f"damaged in the zip file: {error}") from None


def _limited(file: IO[bytes], most: int) -> bytes:
    content = file.read(most + 1)
    if len(content) > most:
        _refuse(f"larger than {most // MB} MB")
    return content
