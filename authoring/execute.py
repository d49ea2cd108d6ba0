"""Run a notebook from top to bottom and keep only those parts of its outputs that are the same on every run."""

import asyncio
import base64
import copy
import os
import re
import tempfile
import time
from pathlib import Path

from jupyter_client.provisioning import LocalProvisioner
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError
from nbformat import NotebookNode

from authoring.assemble import METADATA
from authoring.meter import Cost, Meter

SECONDS_A_CELL = 300
ANSI = re.compile(r"\x1b\[[0-9;]*m")
WIDGET = "application/vnd.jupyter.widget-"


class CellError(Exception):
    """A cell of a source failed: its id, the line of the cell (from 1) that did it if known, and the reason."""

    def __init__(self, cell_id: str, line: int, reason: str):
        self.cell_id, self.line, self.reason = cell_id, line, reason
        super().__init__(reason)


def execute(notebook: NotebookNode, folder: Path) -> tuple[NotebookNode, Cost]:
    """An executed copy with normalized outputs, and its cost; `folder` is the kernel's working directory. CellError."""
    notebook = copy.deepcopy(notebook)
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="authoring-") as ipython:
        cost = asyncio.run(_run(notebook, folder, kernel_environment(ipython)))
    return normalize(notebook), cost


def kernel_environment(ipython: str) -> dict[str, str]:
    """The environment of a student's kernel with a fixed hash seed: no backend, startup file or grader from outside."""
    inherited = {name: value for name, value in os.environ.items() if name not in ("MPLBACKEND", "NBGRADER_EXECUTION")}
    return inherited | {"PYTHONHASHSEED": "0", "IPYTHONDIR": ipython}


def normalize(notebook: NotebookNode) -> NotebookNode:
    """Take out of an executed notebook, in place, what depends on the run: widgets, timing, versions, counts."""
    notebook.metadata = copy.deepcopy(METADATA)
    count = 0
    for cell in notebook.cells:
        cell.metadata.pop("execution", None)
        if cell.cell_type == "code":
            count += 1
            cell.execution_count = count
            cell.outputs = [_normalized(output, count) for output in cell.outputs]
    return notebook


async def _run(notebook: NotebookNode, folder: Path, environment: dict[str, str]) -> Cost:
    start = time.perf_counter()
    client = NotebookClient(
        notebook,
        timeout=SECONDS_A_CELL,
        kernel_name="python3",
        record_timing=False,
        coalesce_streams=True,
        shutdown_kernel="immediate",
        extra_arguments=["--IPKernelApp.log_level=40"],
        resources={"metadata": {"path": str(folder)}},
    )
    client.reset_execution_trackers()
    async with client.async_setup_kernel(env=environment):
        provisioner = client.km and client.km.provisioner
        assert isinstance(provisioner, LocalProvisioner)  # that of the kernel python3
        assert provisioner.pid is not None
        with Meter(provisioner.pid) as meter:
            for index, cell in enumerate(notebook.cells):
                try:
                    await client.async_execute_cell(cell, index)
                except CellExecutionError as error:
                    raise CellError(cell.id, _line(error.traceback), _last_line(error)) from error
                except CellTimeoutError as error:
                    raise CellError(cell.id, 1, f"it took more than {SECONDS_A_CELL} seconds") from error
                except DeadKernelError as error:
                    raise CellError(cell.id, 1, "the kernel died") from error
    return meter.cost(start)


def _line(traceback: str) -> int:
    frame = re.search(r"Cell In\[\d+\], line (\d+)", ANSI.sub("", traceback))
    return int(frame[1]) if frame else 1


def _last_line(error: CellExecutionError) -> str:
    return ANSI.sub("", f"{error.ename}: {error.evalue}").strip().splitlines()[-1]


def _normalized(output: NotebookNode, count: int) -> NotebookNode:
    if output.output_type == "execute_result":
        output.execution_count = count
    if "data" in output:
        output.data = {mime: value for mime, value in output.data.items() if not mime.startswith(WIDGET)}
        if "image/png" in output.data:
            output.data["image/png"] = _without_text_chunks(output.data["image/png"])
    return output


def _without_text_chunks(encoded: str) -> str:
    """The base64 PNG without its text chunks, in which Matplotlib writes its version."""
    png = base64.b64decode(encoded)
    kept, start = [png[:8]], 8
    while start < len(png):
        stop = start + 12 + int.from_bytes(png[start : start + 4])
        if png[start + 4 : start + 8] not in (b"tEXt", b"iTXt", b"zTXt", b"tIME"):
            kept.append(png[start:stop])
        start = stop
    return base64.b64encode(b"".join(kept)).decode()
