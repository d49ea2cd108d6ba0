"""Does what is stored still agree with its sources? Compared without executing, or with outputs on request."""

import itertools
from collections.abc import Iterator, Sequence
from pathlib import Path

from nbformat import NotebookNode

from authoring import costs, pages, stored
from authoring.assemble import NOT_COMPARED, assemble
from authoring.build import finish, in_parallel, say, stored_problems
from authoring.course import FOLDERS, Course
from authoring.problems import AuthoringError, Problem
from authoring.source import Source, read
from authoring.validate import Finding

BUILD = "run python -m authoring build"


def check(course: Course, selection: Sequence[str] = (), execute: bool = False, jobs: int = 2) -> list[Problem]:
    """All differences between the selected sources and what is stored; with no selection the whole course's."""
    paths = course.select(selection)
    problems = []
    for name, found in in_parallel(lambda path: (course.name(path), check_source(course, path, execute)), paths, jobs):
        problems += found
        if execute:
            say(f"{name}  differences: {len(found)}")
    if not selection:
        problems += _orphans(course, paths)
        problems += pages.drift(course)
    return sorted(set(problems))


def check_source(course: Course, path: Path, execute: bool = False) -> list[Problem]:
    """The differences of one source's notebooks; with `execute` also of their compared outputs, and what is slow."""
    try:
        source = read(course, path)
        assembled = assemble(source, course)
    except AuthoringError as error:
        return error.problems
    return [
        problem for target, fresh in assembled.items() for problem in _compare(course, source, target, fresh, execute)
    ]


def _compare(course: Course, source: Source, target: Path, fresh: NotebookNode, execute: bool) -> list[Problem]:
    name = course.name(target)
    if not target.exists():
        return [source.problem(None, f"{name} is missing; {BUILD}")]
    try:
        old = stored.load(target)
    except ValueError as error:
        return [source.problem(None, f"{name} {error}; {BUILD}")]
    problems = list(stored_problems(source, course, target, old))
    found = list(structure(old, fresh)) if not problems else []
    if execute and not problems and not found and target.parent.name != "exercises":
        try:
            new, cost = finish(source, course, target, fresh)
        except AuthoringError as error:
            return error.problems
        found = list(outputs(old, new))
        if text := costs.too_slow(target, cost, costs.BUSY):
            problems.append(source.problem(None, f"{name} {text}"))
    return problems + [source.problem(cell_id, f"{name}: {text}; {BUILD}") for cell_id, text in found]


def structure(old: NotebookNode, new: NotebookNode) -> Iterator[Finding]:
    """Where two notebooks differ in cells, their order, types, sources and metadata; outputs are left aside."""
    if old.nbformat_minor != new.nbformat_minor:
        yield None, f"notebook format 4.{old.nbformat_minor} should be 4.{new.nbformat_minor}"
    old_ids, new_ids = [cell.id for cell in old.cells], [cell.id for cell in new.cells]
    for cell_id in new_ids:
        if cell_id not in old_ids:
            yield cell_id, f"cell {cell_id!r} is missing"
    for cell_id in old_ids:
        if cell_id not in new_ids:
            yield None, f"cell {cell_id!r} is not in the source"
    common = [cell_id for cell_id in old_ids if cell_id in new_ids]
    for was, now in zip(common, [cell_id for cell_id in new_ids if cell_id in old_ids], strict=True):
        if was != now:
            yield now, f"cell {was!r} stands where {now!r} should"
            break
    cells = {cell.id: cell for cell in old.cells}
    for cell in new.cells:
        if cell.id in cells:
            yield from ((cell.id, text) for text in _cell_differences(cells[cell.id], cell))


def outputs(old: NotebookNode, new: NotebookNode) -> Iterator[Finding]:
    """Where the outputs of two executed notebooks of the same structure differ, images and machine cells aside."""
    for was, now in zip(old.cells, new.cells, strict=True):
        if now.cell_type != "code" or NOT_COMPARED in now.metadata.get("tags", []):
            continue
        before, after = _compared(was), _compared(now)
        if before != after:
            yield now.id, f"output of cell {now.id!r} differs: {_first_difference(before, after)}"


def _cell_differences(old: NotebookNode, new: NotebookNode) -> Iterator[str]:
    if old.cell_type != new.cell_type:
        yield f"cell {new.id!r} is {old.cell_type} and should be {new.cell_type}"
    if old.source != new.source:
        yield f"text of cell {new.id!r} differs: {_first_difference(old.source, new.source)}"
    if old.metadata != new.metadata:
        yield f"metadata of cell {new.id!r} is {dict(old.metadata)} and should be {dict(new.metadata)}"


def _compared(cell: NotebookNode) -> str:
    lines = []
    for output in cell.outputs:
        texts = {mime: value for mime, value in output.get("data", {}).items() if not mime.startswith("image/")}
        lines += [output.output_type, output.get("text", ""), *(f"{mime} {texts[mime]}" for mime in sorted(texts))]
    return "\n".join(lines)


def _first_difference(old: str, new: str) -> str:
    pairs = itertools.zip_longest(old.split("\n"), new.split("\n"))
    return next(f"{was!r} is stored, {now!r} is built" for was, now in pairs if was != now)


def _orphans(course: Course, sources: Sequence[Path]) -> list[Problem]:
    expected = {target for path in sources for target in course.targets(path)}
    return [
        Problem(course.name(path), 1, f"has no source authoring/{kind}/{path.stem}.py; delete it or restore its source")
        for kind, folders in FOLDERS.items()
        for folder in folders
        for path in sorted((course.root / folder).glob("*.ipynb"))
        if path not in expected
    ]
