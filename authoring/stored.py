"""Notebooks on disk: read without repairing anything, written as nbformat writes them and all at once."""

import json
import os
import tempfile
from pathlib import Path

from nbformat import NotebookNode, v4


def load(path: Path) -> NotebookNode:
    """The stored notebook, nothing repaired; ValueError with the reason when the file is not a version 4 notebook."""
    try:
        data = json.loads(path.read_bytes().decode("utf-8"))
    except ValueError as error:
        raise ValueError(f"is not a notebook: {error}") from error
    if not isinstance(data, dict) or data.get("nbformat") != 4 or not isinstance(data.get("cells"), list):
        raise ValueError("is not a notebook of format version 4")
    try:
        return v4.reads(json.dumps(data))
    except (AttributeError, KeyError, TypeError) as error:
        raise ValueError(f"is not a valid notebook: {error!r}") from error


def dump(notebook: NotebookNode) -> str:
    """The notebook's text: sorted keys, one space of indentation, a newline at the end."""
    return v4.writes(notebook) + "\n"


def write(path: Path, text: str) -> None:
    """Replace the file in one step, so that a build that is interrupted leaves the old file or the new one."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "w", encoding="utf-8", newline="\n") as file:
            file.write(text)
        os.chmod(temporary, 0o644)
        os.replace(temporary, path)
    except BaseException:
        os.unlink(temporary)
        raise
