"""Explorers in Chromium, beside a plain `@interact` of the same picture.

The page itself takes the times, from the key press to the end of the frame in which the picture took its last new
pixels.
"""

import statistics
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import nbformat

from benchmarks.timing import row

sys.path.insert(0, str(Path(__file__).parents[1] / "tests" / "browser"))

from lab import Lab, LiveExplorer, browser, find_chromium, server

PICTURE = """
import numpy as np

def f(x, y):
    return (1 - x) ** 2 + 100 * (y - x**2) ** 2

def paths(lr):
    found = {}
    for name, beta in zip("ABCDE", (0, 0.5, 0.7, 0.8, 0.9)):
        x = np.array([-1.5, 1.5])
        v = np.zeros(2)
        trail = [x]
        for _ in range(100):
            g = np.array([-2 * (1 - x[0]) - 400 * x[0] * (x[1] - x[0] ** 2), 200 * (x[1] - x[0] ** 2)])
            v = beta * v - lr * g / max(1, np.linalg.norm(g) / 50)
            x = np.clip(x + v, -3, 3)
            trail.append(x)
        found[name] = np.array(trail).T
    return found

def axes_of(figure_and_axes):
    figure, axes = figure_and_axes
    side = np.linspace(-2, 2, 200)
    x, y = np.meshgrid(side, side)
    axes.contourf(x, y, np.log10(1 + f(x, y)), 20)
    axes.set(xlim=(-2, 2), ylim=(-2, 2), xlabel="x", ylabel="y")
    return figure, axes
"""
OURS = (
    PICTURE
    + """
from ngo_lesson.show.explorer import Explorer, slider
from ngo_lesson.show.figures import panels

figure, axes = axes_of(panels())
moving = {name: axes.plot([], [], label=name, markevery=10)[0] for name in "ABCDE"}
axes.legend()

def run(lr):
    found = paths(lr)
    return found, f"At lr {lr} path A ends at {found['A'][0, -1]:.3f}."

Explorer(run, figure, moving, {"lr": slider("learning rate", 1e-4, 1e-2, 1e-3, log=True, step=10**0.01)}, title="Paths")
"""
)
PEER = (
    PICTURE
    + """
from ipywidgets import FloatLogSlider, interact
from matplotlib import pyplot as plt
from ngo_lesson.show.figures import panels

@interact(lr=FloatLogSlider(value=1e-3, min=-4, max=-2, step=0.01, description="learning rate"))
def show(lr):
    figure, axes = axes_of(panels())
    for name, path in paths(lr).items():
        axes.plot(*path, label=name, markevery=10)
    axes.legend()
    plt.show()
"""
)
# While it is on, takes the picture's pixels and place in every frame, and reads the clock when the frame is done.
WATCH = """(cell) => {
  const root = document.querySelectorAll(".jp-Cell")[cell];
  const screen = new OffscreenCanvas(1, 1);
  const context = screen.getContext("2d", { willReadFrequently: true });
  const watch = (window.watch ??= {});
  const mine = (watch[cell] = { frames: [], pressed: 0, changed: 0, on: false });
  document.addEventListener("keydown", () => { mine.pressed = performance.now(); }, true);
  const look = () => {
    const picture = root.querySelector(".jp-OutputArea-output canvas, .jp-OutputArea-output img");
    const box = picture?.getBoundingClientRect();
    const width = picture?.naturalWidth ?? picture?.width ?? 0;
    const height = picture?.naturalHeight ?? picture?.height ?? 0;
    let sum = 0;
    if (width && height) {
      if (screen.width !== width || screen.height !== height) Object.assign(screen, { width, height });
      context.clearRect(0, 0, width, height);
      context.drawImage(picture, 0, 0);
      for (const pixel of new Uint32Array(context.getImageData(0, 0, width, height).data.buffer)) {
        sum = (Math.imul(sum, 31) + pixel) | 0;
      }
    }
    return { sum, blank: !sum, place: box ? [box.x, box.y, box.width, box.height].join() : "" };
  };
  const tick = () => {
    if (mine.on) {
      const frame = look();
      const done = new MessageChannel();
      done.port1.onmessage = () => {
        if (mine.frames.length && mine.frames.at(-1).sum !== frame.sum) mine.changed = performance.now();
        mine.frames.push(frame);
      };
      done.port2.postMessage(0);
    }
    requestAnimationFrame(tick);
  };
  tick();
}"""
START = "(cell) => Object.assign(window.watch[cell], { frames: [], changed: 0, on: true })"
SETTLED = "(cell) => { const { changed } = window.watch[cell]; return changed && performance.now() - changed > 400; }"
STOP = "(cell) => Object.assign(window.watch[cell], { on: false })"


APPEAR = """async () => {
  const panel = window.jupyterapp.shell.currentWidget;
  await window.jupyterapp.commands.execute("notebook:clear-all-cell-outputs");
  await panel.sessionContext.session.kernel.restart();
  await panel.sessionContext.session.kernel.info;
  while (panel.sessionContext.session.kernel.status !== "idle") await new Promise(requestAnimationFrame);
  panel.content.activeCellIndex = 0;
  const started = performance.now();
  window.jupyterapp.commands.execute("notebook:run-cell");
  while (!document.querySelector(".ngo-explorer canvas")?.dataset.turn) await new Promise(requestAnimationFrame);
  return performance.now() - started;
}"""


class Bench:
    """The two pictures open in JupyterLab, ours in cell 0, and a count of the bytes over its web sockets."""

    def __init__(self, lab: Lab):
        self.lab, self.page, self.bytes = lab, lab.page, 0
        lab.run_all()
        LiveExplorer(lab, "Paths")
        lab.wait_for("() => document.querySelector('.jp-OutputArea-output img')")
        lab.settle()
        self.knobs = [self.page.locator("input[data-knob=lr]"), self.page.locator(".noUi-handle")]
        for cell in (0, 1):
            self.page.evaluate(WATCH, cell)
        session = self.page.context.new_cdp_session(self.page)
        session.on("Network.webSocketFrameReceived", self._count)
        session.on("Network.webSocketFrameSent", self._count)
        session.send("Network.enable")

    def _count(self, event: dict) -> None:
        size = len(event["response"]["payloadData"])
        self.bytes += size * 3 // 4 if event["response"]["opcode"] == 2 else size  # binary frames come in base 64

    def press(self, cell: int, key: str) -> tuple[float, float]:
        """Press a key on a slider: milliseconds to settled pixels, and kB over the wire."""
        self.knobs[cell].focus()
        self.page.wait_for_timeout(50)
        before = self.bytes
        self.page.evaluate(START, cell)
        self.page.keyboard.press(key)
        self.page.wait_for_function(SETTLED, arg=cell, polling=100)
        watch = self.page.evaluate(STOP, cell)
        return watch["changed"] - watch["pressed"], (self.bytes - before) / 1000

    def drag(self, moves: int = 60) -> list[dict]:
        """Drag our slider from end to end: the frames seen meanwhile."""
        box = self.knobs[0].bounding_box()
        left, middle = box["x"] + 10, box["y"] + box["height"] / 2
        self.page.mouse.move(left, middle)
        self.page.mouse.down()
        self.page.evaluate(START, 0)
        for move in range(moves):
            self.page.mouse.move(left + (box["width"] - 20) * move / (moves - 1), middle)
            self.page.wait_for_timeout(16)
        self.page.wait_for_timeout(500)
        self.page.mouse.up()
        return self.page.evaluate(STOP, 0)["frames"]


def explorers(moves: int = 60, starts: int = 7) -> Iterator[dict]:
    """Yield the rows of this group."""
    if find_chromium() is None:
        print("explorers: NOT MEASURED, Chromium is missing (Debian: apt-get install chromium)", file=sys.stderr)
        return
    with (
        tempfile.TemporaryDirectory() as scratch,
        server([_notebook(Path(scratch))]) as (address, _folder),
        browser(viewport={"width": 1280, "height": 2400}) as context,
    ):
        bench = Bench(Lab(context, address, "explorers.ipynb"))
        keys = ["ArrowRight" if move % 40 < 20 else "ArrowLeft" for move in range(moves)]
        taken = [[bench.press(cell, key) for cell in (0, 1)] for key in keys]
        frames = bench.drag()
        appears = statistics.median(bench.page.evaluate(APPEAR) for _ in range(starts)) / 1000
        bench.lab.close()
    ours, peer = zip(*taken[2:], strict=True)
    (ours_ms, ours_kb), (peer_ms, peer_kb) = zip(*ours, strict=True), zip(*peer, strict=True)
    medians = [statistics.median(figures) for figures in (ours_ms, peer_ms, ours_kb, peer_kb)]
    p95 = [statistics.quantiles(times, n=20)[-1] for times in (ours_ms, peer_ms)]
    how = f"five paths on contours, 691 x 345 pixels, {moves - 2} key presses in turns with @interact"
    yield row("explorer, key press to settled pixels, median, ms", *medians[:2], at_most=60, at_least=2.5, how=how)
    yield row("explorer, key press to settled pixels, 95th percentile, ms", *p95, at_most=100, how=how)
    yield row("explorer, traffic of a move, kB", *medians[2:], at_most=120, how=how)
    bad = sum(frame["blank"] or frame["place"] != frames[0]["place"] for frame in frames)
    seen = len({frame["sum"] for frame in frames})
    how = f"60 moves in 1 s, {len(frames)} frames looked at, {seen} different pictures seen"
    yield row("explorer, blank or shifted frames in a drag", bad, at_most=0, how=how)
    how = f"fresh kernel, imports included, warm cache, median of {starts}"
    yield row("first explorer appears after its cell starts, s", appears, at_most=1.5, how=how)


def _notebook(folder: Path) -> Path:
    cells = [nbformat.v4.new_code_cell(source, id=name) for name, source in (("ours", OURS), ("peer", PEER))]
    kernel = {"name": "python3", "display_name": "Python 3 (ipykernel)", "language": "python"}
    nbformat.write(nbformat.v4.new_notebook(cells=cells, metadata={"kernelspec": kernel}), folder / "explorers.ipynb")
    return folder / "explorers.ipynb"
