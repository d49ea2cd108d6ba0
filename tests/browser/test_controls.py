import pytest
from conftest import GALLERY
from lab import LiveExplorer

PATHS = "Two paths in a bowl"


@pytest.fixture(scope="module")
def lab(fresh_lab):
    """The gallery, run once; every test starts with a press on Reset."""
    lab = fresh_lab(GALLERY)
    lab.run_all()
    yield lab
    assert lab.javascript_errors == []
    lab.close()


def live_after_reset(lab, title):
    live = LiveExplorer(lab, title)
    live.click("Reset")
    lab.settle()
    return live


def test_play_moves_one_slider_to_its_end_and_reset_brings_all_back(lab):
    live = live_after_reset(lab, "A population looks for the lowest point")
    start = live.values()
    live.press("spread", "ArrowLeft")
    live.click("Play")
    lab.page.wait_for_timeout(400)
    live.click("Pause")
    paused = live.values()["generation"]
    assert 0 < paused < 40
    lab.page.wait_for_timeout(300)
    assert live.values()["generation"] == paused
    live.click("Play")
    live.cell.wait_for_selector("button:has-text('Play')", timeout=20_000)
    assert live.values() == start | {"generation": 40, "spread": start["spread"] - 1}
    live.click("Reset")
    live.wait_for("Generation 0: the best of 60 has 0.0269.")
    assert live.values() == start


def test_a_choice_draws_another_landscape(lab):
    live = live_after_reset(lab, "A population looks for the lowest point")
    before = live.picture()
    live.press("shape", "ArrowDown")
    live.wait_for("Generation 0: the best of 60 has 2.54.")
    lab.settle()
    assert live.picture() != before


def test_dragging_in_the_picture_moves_the_start(lab):
    live = live_after_reset(lab, PATHS)
    before = live.values()
    box = live.cell.query_selector("canvas").bounding_box()
    lab.page.mouse.move(box["x"] + 0.4 * box["width"], box["y"] + 0.3 * box["height"])
    lab.page.mouse.down()
    for step in range(20):
        lab.page.mouse.move(box["x"] + (0.4 - 0.01 * step) * box["width"], box["y"] + 0.3 * box["height"])
        lab.page.wait_for_timeout(10)
    lab.page.mouse.up()
    lab.settle()
    after = live.values()
    assert after["x"] < before["x"]
    assert after["y"] < before["y"]
    assert after["lr"] == before["lr"]
    lab.page.mouse.move(box["x"] + 0.8 * box["width"], box["y"] + 0.3 * box["height"])
    lab.page.mouse.down()
    lab.page.mouse.up()
    lab.settle()
    assert live.values() == after, "a press in the other axes moves nothing"


def test_the_goal_lights_up_in_words(lab):
    live = live_after_reset(lab, PATHS)
    assert not live.reached()
    for knob, presses in (("lr", 11), ("momentum", 20)):
        for _ in range(presses):
            live.press(knob, "ArrowRight")
    lab.settle()
    assert live.reached()
    assert live.cell.query_selector(".ngo-goal").text_content().startswith("★ Goal reached: ")
    live.keep(lab, "goal")


def test_controls_have_names_and_keys_stay_with_them(lab):
    live = live_after_reset(lab, PATHS)
    group = lab.page.get_by_role("group", name=PATHS)
    names = ["learning rate", "momentum", "start x", "start y"]
    for name in names:
        assert group.get_by_role("slider", name=name, exact=True).count() == 1
    assert group.get_by_role("img", name="Two paths in a bowl. After 60 steps").count() == 1
    live.press("lr", "Home")
    order = []
    for _ in range(6):
        order.append(
            lab.page.evaluate("() => document.activeElement.dataset.knob ?? document.activeElement.textContent")
        )
        lab.page.keyboard.press("Tab")
    assert order == ["lr", "momentum", "x", "y", "▶ Play", "Reset"]
    cells = "() => window.jupyterapp.shell.currentWidget.content.widgets.length"
    before = lab.page.evaluate(cells)
    for key in ("d", "d", "a", "ArrowUp", "ArrowUp"):
        live.press("lr", key)
    assert lab.page.evaluate(cells) == before
    assert live.values()["lr"] == 2
    assert group.get_by_role("slider", name="learning rate", exact=True).get_attribute("aria-valuetext") == "0.0126"


def test_a_stopped_kernel_is_named(open_lab):
    lab = open_lab(GALLERY)
    lab.run_all()
    live = live_after_reset(lab, PATHS)
    lab.stop_kernel()
    live.press("lr", "ArrowRight")
    live.cell.wait_for_selector(
        ".ngo-status:has-text('Waiting for Python: it is busy, or has stopped (then run this cell again).')"
    )


def test_the_dark_theme_turns_the_ink_light(lab):
    live = live_after_reset(lab, PATHS)
    ink = "() => getComputedStyle(document.querySelector('.ngo-explorer')).color.match(/\\d+/)[0]"
    assert int(lab.page.evaluate(ink)) < 64
    lab.command("apputils:change-theme", theme="JupyterLab Dark")
    lab.wait_for("() => document.body.dataset.jpThemeLight === 'false'")
    lab.settle()
    live.keep(lab, "dark")
    assert int(lab.page.evaluate(ink)) > 192
    lab.command("apputils:change-theme", theme="JupyterLab Light")


def test_a_sharp_screen_gets_a_sharp_picture(open_lab):
    lab = open_lab(GALLERY)
    screen = {"width": 1280, "height": 1000, "deviceScaleFactor": 2, "mobile": False}
    lab.page.context.new_cdp_session(lab.page).send("Emulation.setDeviceMetricsOverride", screen)
    lab.run_all()
    live = live_after_reset(lab, PATHS)
    lab.settle()
    assert live.cell.query_selector("canvas").evaluate("canvas => [canvas.width, canvas.clientWidth]") == [1382, 691]
    live.keep(lab, "sharp")


def test_a_quick_question_opens_by_keyboard(open_lab):
    lab = open_lab(GALLERY)
    lab.stop_kernel()
    last = lab.page.evaluate("() => window.jupyterapp.shell.currentWidget.content.widgets.length - 1")
    cell = lab.cell(last)
    choices = cell.query_selector_all("summary")
    assert [choice.text_content()[:2] for choice in choices] == ["A.", "B.", "C."]
    choices[0].focus()
    lab.page.keyboard.press("Enter")
    lab.page.keyboard.press("Tab")
    lab.page.keyboard.press("Space")
    lab.settle()
    assert [item.evaluate("item => item.open") for item in cell.query_selector_all("details")] == [True, True, False]
    assert "✘ Not this one. That is what central differences take." in cell.inner_text()
    assert "✔ Right. One on each side" in cell.inner_text()
    lab.keep("quick-question", cell)
