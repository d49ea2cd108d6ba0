"""Put a figure on the page with its finding: one line of numbers that is also the picture's alternative text."""

import io
import math

from IPython.display import display
from matplotlib import pyplot as plt
from matplotlib.figure import Figure

from ngo_lesson.show.style import use_style


def panels(rows: int = 1, columns: int = 1, width: float = 7.2, height: float = 3.6, **options) -> tuple:
    """Return (figure, axes) in the course's style; width and height in inches, options as in plt.subplots."""
    use_style()
    return plt.subplots(rows, columns, figsize=(width, height), **options)


def three(number: float) -> str:
    """Format a number with three digits, as every compared cell prints them: 2859.7 -> '2,860', 0.49699 -> '0.497'."""
    if not math.isfinite(number) or number == 0:
        return f"{number:.0f}"
    if not 1e-3 <= abs(number) < 1e7:
        return f"{number:.2e}"
    decimals = 2 - math.floor(math.log10(abs(float(f"{number:.2e}"))))
    return f"{round(number, decimals):,.{max(decimals, 0)}f}"


def png(figure: Figure) -> bytes:
    """Draw the figure as PNG bytes that depend on nothing but the picture (no date, no program version)."""
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", metadata={"Software": None})
    return buffer.getvalue()


def show(figure: Figure, finding: str) -> None:
    """Display the figure, with the finding as its alternative text, then print the finding; the figure is closed.

    A picture is not compared by nbval and not read by everyone, so what it shows is also said: `finding` is
    one plain sentence with the numbers that matter.
    """
    picture = {"image/png": png(figure), "text/plain": f"Figure: {finding}"}
    display(picture, raw=True, metadata={"image/png": {"alt": finding}})
    plt.close(figure)
    print(finding)
