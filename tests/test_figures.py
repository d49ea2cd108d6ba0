import io

import pytest
from matplotlib import pyplot as plt
from PIL import Image

from ngo_lesson.show.figures import panels, png, show, three
from ngo_lesson.show.style import COLORS, MARKERS


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (2859.7, "2,860"),
        (0.49699, "0.497"),
        (26004.3, "26,000"),
        (9.999, "10.0"),
        (999.6, "1,000"),
        (1.0, "1.00"),
        (-53.476, "-53.5"),
        (0, "0"),
        (3e-8, "3.00e-08"),
        (2.5e9, "2.50e+09"),
        (float("nan"), "nan"),
        (float("inf"), "inf"),
    ],
)
def test_three_digits(number, text):
    assert three(number) == text


def test_picture_is_the_same_bytes_twice_and_names_no_program():
    pictures = []
    for _ in range(2):
        figure, axes = panels()
        axes.plot([1, 2], [3, 4])
        pictures.append(png(figure))
        plt.close(figure)
    assert pictures[0] == pictures[1]
    assert "Software" not in Image.open(io.BytesIO(pictures[0])).info


def test_show_says_the_finding_and_gives_it_as_alternative_text(monkeypatch, capsys):
    shown = []
    monkeypatch.setattr("ngo_lesson.show.figures.display", lambda *data, **options: shown.append((data, options)))
    figure, _ = panels()
    show(figure, "the loss falls from 4 to 1")
    ((bundle,), options) = shown[0]
    assert bundle["image/png"].startswith(b"\x89PNG")
    assert options["metadata"] == {"image/png": {"alt": "the loss falls from 4 to 1"}}
    assert capsys.readouterr().out == "the loss falls from 4 to 1\n"
    assert not plt.fignum_exists(figure.number)


def test_lines_differ_in_color_and_in_marker():
    figure, axes = panels()
    lines = [axes.plot([0, 1], [k, k])[0] for k in range(len(COLORS))]
    assert len({(line.get_color(), line.get_marker()) for line in lines}) == len(COLORS) == len(MARKERS)
    plt.close(figure)
