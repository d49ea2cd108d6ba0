"""JupyterLab in Chromium, driven by Playwright: what the browser tests and `python -m benchmarks explorers` share.

Everything is private and thrown away: the server's directories, the browser's profile, a copy of the notebooks.
"""

import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

ROOT = Path(__file__).resolve().parents[2]
SCREENSHOTS = ROOT / "build" / "screenshots"
CHROMIUM_ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
PRIVATE_DIRECTORIES = [
    "JUPYTER_CONFIG_DIR",
    "JUPYTER_DATA_DIR",
    "JUPYTER_RUNTIME_DIR",
    "JUPYTERLAB_SETTINGS_DIR",
    "JUPYTERLAB_WORKSPACES_DIR",
    "IPYTHONDIR",
    "MPLCONFIGDIR",
]
SERVER_OPTIONS = [
    "--no-browser",
    "--allow-root",
    "--ServerApp.ip=127.0.0.1",
    "--ServerApp.token=",
    "--ServerApp.password=",
    "--ServerApp.port_retries=0",
    "--LabApp.expose_app_in_browser=True",
]
TRUSTED = """() => window.jupyterapp.shell.currentWidget.content.widgets.every((cell) =>
  cell.model.trusted || cell.model.type !== "code")"""
READY = """async () => {
  const app = window.jupyterapp;
  await app.restored;
  const panel = app.shell.currentWidget;
  if (!panel?.sessionContext) return false;
  await panel.revealed;
  await panel.sessionContext.ready;
  const kernel = panel.sessionContext.session?.kernel;
  if (kernel) await kernel.info;
  return true;
}"""
OUTPUTS = """(wanted) => window.jupyterapp.shell.currentWidget.content.widgets.flatMap((cell, index) =>
  (cell.model.outputs?.toJSON() ?? []).filter((output) => output.output_type === wanted)
    .map((output) => ({ index, ...output })))"""
LEFT = """() => window.jupyterapp.shell.currentWidget.content.widgets.filter((cell) =>
  cell.model.type === "code" && cell.model.sharedModel.source.trim() && cell.model.executionCount === null).length"""
DISPLAY = "display_data"
SCROLL = "(index) => window.jupyterapp.shell.currentWidget.content.scrollToItem(index, 'center')"
CELL = "(index) => window.jupyterapp.shell.currentWidget.content.widgets[index].node"


def find_chromium() -> str | None:
    """Return the path of Chromium or Chrome, or None."""
    names = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
    return next((path for name in names if (path := shutil.which(name))), None)


def _free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


@contextmanager
def server(notebooks: list[Path]) -> Iterator[tuple[str, Path]]:
    """Run JupyterLab on copies of `notebooks`; yields its address and the folder of the copies.

    The copies are trusted. There is no token: the server is bound to this machine and lives for one run.
    """
    with tempfile.TemporaryDirectory(prefix="ngo-lab-", ignore_cleanup_errors=True) as scratch:
        folder = Path(scratch, "notebooks")
        folder.mkdir()
        for notebook in notebooks:
            shutil.copy(notebook, folder)
        private = {name: f"{scratch}/{name.lower()}" for name in PRIVATE_DIRECTORIES}
        notification = Path(private["JUPYTERLAB_SETTINGS_DIR"], "@jupyterlab/apputils-extension")
        notification.mkdir(parents=True)
        (notification / "notification.jupyterlab-settings").write_text(
            '{"fetchNews": "false", "checkForUpdates": false}'
        )
        environment = os.environ | private
        trust = [sys.executable, "-m", "jupyter", "trust", *map(str, folder.iterdir())]
        subprocess.run(trust, env=environment, check=True, capture_output=True)
        port = _free_port()
        command = [sys.executable, "-m", "jupyterlab", *SERVER_OPTIONS, f"--ServerApp.port={port}"]
        with open(f"{scratch}/server.log", "wb") as log:
            process = subprocess.Popen(
                [*command, f"--ServerApp.root_dir={folder}"], env=environment, stdout=log, stderr=log
            )
            try:
                _wait_for(f"http://127.0.0.1:{port}/api/status", process, Path(log.name))
                yield f"http://127.0.0.1:{port}", folder
            finally:
                process.terminate()
                try:
                    process.wait(20)
                except subprocess.TimeoutExpired:
                    process.kill()
                    process.wait()


def _wait_for(address: str, process: subprocess.Popen, log: Path, seconds: float = 60) -> None:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if process.poll() is not None:
            break
        try:
            urlopen(address, timeout=5).close()
            return
        except (URLError, OSError):
            time.sleep(0.2)
    raise RuntimeError(f"JupyterLab did not start:\n{log.read_text(errors='replace')[-2000:]}")


@contextmanager
def browser(**options: object) -> Iterator[object]:
    """Start Chromium with a fresh profile; yields a Playwright browser context."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright, tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        context = playwright.chromium.launch_persistent_context(
            profile,
            executable_path=find_chromium(),
            headless=True,
            args=CHROMIUM_ARGUMENTS,
            **({"viewport": {"width": 1280, "height": 1000}} | options),
        )
        try:
            yield context
        finally:
            context.close()


class Lab:
    """One notebook open in JupyterLab. `javascript_errors` collects what the page reports."""

    def __init__(self, context: object, address: str, name: str):
        self.name = name
        self.page = context.new_page()
        self.javascript_errors: list[str] = []
        self.page.on("pageerror", lambda error: self.javascript_errors.append(str(error)))
        self.page.goto(f"{address}/lab/workspaces/{re.sub('[^a-z0-9]', '-', name)}/tree/{name}?reset")
        self.wait_for("() => window.jupyterapp?.shell?.currentWidget?.context?.isReady", 60)
        self.page.evaluate(READY)

    def command(self, name: str, **arguments: object) -> None:
        """Run a JupyterLab command and wait until it is done."""
        self.page.evaluate("([n, a]) => window.jupyterapp.commands.execute(n, a)", [name, arguments])

    def wait_for(self, condition: str, seconds: float = 30) -> None:
        """Wait until a JavaScript function returns something true."""
        self.page.wait_for_function(condition, timeout=1000 * seconds)

    def run_all(self, seconds: float = 180) -> None:
        """Run every cell and wait until the last one is done; widgets may still be drawing."""
        self.page.set_default_timeout(1000 * seconds)
        self.command("notebook:run-all-cells")
        self.page.set_default_timeout(30_000)

    def outputs(self, kind: str) -> list[dict]:
        """Return all outputs of one type, each with the `index` of its cell, read from the notebook's model."""
        return self.page.evaluate(OUTPUTS, kind)

    def errors(self) -> list[str]:
        """Name every error output, and the code cells that did not run."""
        found = [f"cell {error['index']}: {error['ename']}: {error['evalue']}" for error in self.outputs("error")]
        left = self.page.evaluate(LEFT)
        return found + [f"{left} code cells did not run"] * bool(left)

    def explorers(self) -> dict[str, int]:
        """Return the cell index of every explorer by its title."""
        texts = [(output["index"], "".join(output["data"].get("text/plain", ""))) for output in self.outputs(DISPLAY)]
        return {text.removeprefix("Explorer: "): index for index, text in texts if text.startswith("Explorer: ")}

    def stop_kernel(self) -> None:
        """Shut the kernel down, as in a notebook that is only read. What JupyterLab had asked of it is canceled."""
        self.page.evaluate("() => window.jupyterapp.shell.currentWidget.sessionContext.shutdown()")
        self.page.wait_for_timeout(500)
        canceled = "Error: Canceled future for"
        self.javascript_errors[:] = [error for error in self.javascript_errors if not error.startswith(canceled)]

    def cell(self, index: int) -> object:
        """Scroll to a cell and return its element, once it stays: JupyterLab takes cells out of view apart."""
        for _ in range(50):
            self.page.evaluate(SCROLL, index)
            element = self.page.evaluate_handle(CELL, index).as_element()
            self.page.wait_for_timeout(200)
            if element and element.evaluate("element => element.isConnected"):
                return element
        raise TimeoutError(f"{self.name}: cell {index} does not stay on the page")

    def settle(self, seconds: float = 20) -> None:
        """Wait until two pictures of the page, a tenth of a second apart, are equal."""
        end = time.monotonic() + seconds
        before = self.page.screenshot()
        while time.monotonic() < end:
            self.page.wait_for_timeout(100)
            now = self.page.screenshot()
            if now == before:
                return
            before = now
        raise TimeoutError(f"{self.name}: the page still changes after {seconds} s")

    def keep(self, label: str, element: object | None = None) -> Path:
        """Save a screenshot of the page, or of one element, under build/screenshots."""
        SCREENSHOTS.mkdir(parents=True, exist_ok=True)
        path = SCREENSHOTS / f"{Path(self.name).stem}-{label}.png"
        (element or self.page).screenshot(path=path)
        return path

    def close(self) -> None:
        """Shut the kernel down and close the page."""
        self.stop_kernel()
        self.page.close(run_before_unload=False)


class LiveExplorer:
    """One explorer in an open notebook: its picture, sentence and controls."""

    def __init__(self, lab: Lab, title: str):
        self.page = lab.page
        self.cell = lab.cell(lab.explorers()[title])
        self.cell.wait_for_selector(".ngo-explorer canvas[data-turn]").scroll_into_view_if_needed()
        self.cell.wait_for_selector(".ngo-words p")

    def keep(self, lab: Lab, label: str) -> None:
        """Save a screenshot of the controls, picture and sentence."""
        lab.keep(label, self.cell.query_selector(".jp-Cell-outputWrapper"))

    def picture(self) -> bytes:
        """Return a screenshot of the picture."""
        return self.cell.query_selector("canvas").screenshot()

    def sentence(self) -> str:
        """Return the sentence as it stands on the page."""
        return self.cell.query_selector(".ngo-words p").text_content()

    def wait_for(self, sentence: str, seconds: float = 10) -> None:
        """Wait until the page shows this sentence, and the picture that belongs to it."""
        end = time.monotonic() + seconds
        canvas = self.cell.query_selector("canvas")
        while self.sentence() != sentence or not canvas.get_attribute("aria-label").endswith(sentence):
            if time.monotonic() > end:
                raise TimeoutError(f"the page says {self.sentence()!r}, not {sentence!r}")
            self.page.wait_for_timeout(20)

    def reached(self) -> bool:
        """Tell whether the goal is shown as reached."""
        return self.cell.query_selector(".ngo-goal.ngo-reached") is not None

    def values(self) -> dict[str, int]:
        """Return the position of every knob."""
        return {
            knob.get_attribute("data-knob"): int(knob.evaluate("knob => knob.value"))
            for knob in self.cell.query_selector_all("[data-knob]")
        }

    def press(self, knob: str, key: str) -> None:
        """Press a key on a knob."""
        self.cell.query_selector(f"[data-knob='{knob}']").focus()
        self.page.keyboard.press(key)

    def click(self, button: str) -> None:
        """Click the button whose text begins so."""
        self.cell.query_selector(f".ngo-buttons button:has-text('{button}')").click()
