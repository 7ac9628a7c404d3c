"""The explorer in a real browser: every number on the page is sigconv's, and it does what it says."""

import json
from importlib.util import find_spec

import numpy as np
import pytest
from browser import Page, browser
from explorer_cases import close, expected, settings

import sigconv
from sigconv.compat import matlab

RIGHT, DOWN = "\ue014", "\ue015"  # arrow keys of WebDriver
SHOW = "explorer.store.set({ ...arguments[0], at: [0, 0] })"


@pytest.fixture(scope="module")
def page(tmp_path_factory):
    """The page, open in a browser."""
    with browser() as driver:
        page = Page(driver, sigconv.explorer.write(tmp_path_factory.mktemp("explorer") / "page.html"))
        page.open()
        yield page
        assert page.complaints() == []


def random_settings(seed, count, most=9):
    """Return settings and what sigconv returns for them."""
    rng = np.random.default_rng(seed)
    cases = [settings(rng, most) for _ in range(count)]
    return [(case, expected(case)) for case in cases]


def test_the_arithmetic_is_sigconvs(page):
    """500 random settings: the same numbers, and the same settings refused."""
    cases = random_settings(1, 500)
    found = page.script(
        "return arguments[0].map((s) => { try { return JSON.stringify(explorer.slide(s), (k, v) =>"
        " Number.isNaN(v) ? 'NaN' : v) } catch (error) { return error.message } })",
        [case for case, _ in cases],
    )
    assert sum(wanted is None for _, wanted in cases) > 20
    assert sum(wanted is not None for _, wanted in cases) > 400
    for (case, wanted), text in zip(cases, found, strict=True):
        if wanted is None:
            assert text.startswith(("valid:", "renormalize:")), case
        else:
            assert close(np.array(json.loads(text), float), wanted, case), case


def test_the_page_shows_them(page):
    """For random settings, both results, their difference and the sum on the page are sigconv's."""
    for case, wanted in random_settings(2, 30, most=7):
        page.script(SHOW, case)
        assert (page.text("#refusal") == "") == (wanted is not None), case
        if wanted is None:
            continue
        other = expected(case | {"flip": not case["flip"]})
        convolved, correlated = (wanted, other) if case["flip"] else (other, wanted)
        found = [page.matrix(f"#{name}-grid") for name in ("convolution", "correlation", "difference")]
        assert close(found[0], convolved, case), case
        assert close(found[1], correlated, case), case
        assert np.array_equal(found[2], found[0] - found[1], equal_nan=True), case
        shown = found[0 if case["flip"] else 1][0, 0]
        assert np.array_equal(float(page.find("#sum").get_attribute("title")), shown, equal_nan=True)


@pytest.fixture(scope="module")
def codes(page):
    """Random settings, sigconv's results, and the three pieces of code that the page shows for each."""
    pairs = [
        (c, wanted) for c, wanted in random_settings(3, 60, 6) if wanted is not None and not np.isnan(wanted).any()
    ]
    texts = page.script(
        "return arguments[0].map((s) => { explorer.store.set(s);"
        "return [...document.querySelectorAll('#codes code')].map((code) => code.textContent) })",
        [case for case, _ in pairs],
    )
    return [(case, wanted, *text) for (case, wanted), text in zip(pairs, texts, strict=True)]


@pytest.mark.parametrize(("place", "name"), [(0, "sigconv"), (1, "scipy"), (2, "torch")])
def test_the_code_gives_what_is_on_the_screen(codes, place, name):
    """The code for sigconv, NumPy with SciPy, and PyTorch is executed and gives the numbers of the page."""
    pytest.importorskip(name, reason=f"{name} is not installed, so its code can't be run")
    for case, wanted, *texts in codes:
        names: dict = {}
        exec(texts[place], names)  # what the page gives its readers to run
        assert agree(np.asarray(names["y"]), wanted), (case, names["y"])


def agree(found, wanted):
    """Return whether two results are equal but for another order of their sums (at most 49 taps, so 49u and more)."""
    return found.shape == wanted.shape and np.allclose(found, wanted, rtol=0, atol=1e-14 * max(1, np.abs(wanted).max()))


def libraries():
    """Return the names that the calls on the page use, of those libraries that are installed (MATLAB's drop-in)."""
    from scipy import ndimage, signal

    names = {"NumPy": {"np": np}, "SciPy signal, n-D": {"signal": signal}, "SciPy signal, 2-D": {"signal": signal}}
    names["SciPy ndimage"] = {"ndimage": ndimage}
    names["MATLAB"] = {"conv2": matlab.conv2, "imfilter": matlab.imfilter, "rot90": np.rot90}
    try:
        import cv2

        names["OpenCV"] = {"cv2": cv2}
    except ImportError:
        pass
    try:
        import astropy.convolution

        names["Astropy"] = {"astropy": astropy}
    except ImportError:
        pass
    try:
        import torch

        names["PyTorch"] = {"F": torch.nn.functional}
    except ImportError:
        pass
    return names


def called(names, call, x, h):
    """Return what a call on the page returns."""
    if "F" in names:  # PyTorch's axes for the batch and the channels
        from torch import from_numpy

        return eval(call, names | {"x": from_numpy(x)[None, None], "h": from_numpy(h)[None, None]}).numpy()[0, 0]
    if call.startswith("y = "):  # MATLAB's way to take every s-th
        whole, _, steps = call.removeprefix("y = ").partition("; y(1:")
        return called(names, f"{whole}[::{steps[0]}, ::{steps[0]}]", x, h)
    return np.atleast_2d(eval(call, names | {"x": x, "h": h}))


def test_what_other_libraries_return(page):
    """The calls of the table are executed, and return what the page says they return."""
    seen = set()
    cases = [case for case, wanted in random_settings(4, 200, most=6) if wanted is not None]
    answers = page.script("return arguments[0].map((s) => explorer.otherLibraries(s))", cases)
    for case, entries in zip(cases, answers, strict=True):
        spread = np.zeros([case["dilation"] * (taps - 1) + 1 for taps in np.shape(case["kernel"])])
        spread[:: case["dilation"], :: case["dilation"]] = case["kernel"]
        for entry in entries:
            names = libraries().get(entry["name"])
            if "call" in entry and names:
                found = called(names, entry["call"], np.array(case["signal"]), spread)
                assert agree(found, np.array(entry["result"])), (case, entry, found)
                seen.add(entry["name"])
    assert seen >= set(libraries()) - {"NumPy"}


def worked_out(text):
    """Return the value of a sum such as ``2·3 + (-1)·4 = 2``, after checking that both sides are equal."""
    terms, _, value = text.rpartition(" = ")
    assert eval(terms.replace("·", "*")) == float(value), text
    return float(value)


def test_the_textbook_case(page):
    """It comes first: 160, its products, and one click changes the sign."""
    page.open()
    assert page.matrix("#correlation-grid").tolist() == [[160] * 3, [240] * 3, [320] * 3]
    assert page.text("#sum") == "160"
    assert worked_out(page.text("#sentence").partition(" = ")[2]) == 160
    products = page.matrix("#working .panel:nth-of-type(3)")
    assert products.tolist() == [[-10, 0, 30], [-40, 0, 120], [-30, 0, 90]]
    page.click("#flip")
    assert page.text("#sum") == "-160"
    assert page.find("#convolution").get_attribute("class") == "result active"


def test_clicks_steps_and_arrow_keys(page):
    """Every way to choose an output shows that output."""
    page.open()
    page.click(page.cell("#correlation-grid", 2, 1))
    assert page.text("#working-title") == "How output[2, 1] = 320 comes about"
    page.click("#back")
    assert page.text("#working-title") == "How output[2, 0] = 320 comes about"
    page.click("#first")
    page.click("#forward")
    assert page.text("#working-title") == "How output[0, 1] = 160 comes about"
    page.click(page.cell("#correlation-grid", 0, 0))
    page.driver.switch_to.active_element.send_keys(RIGHT, DOWN)
    assert page.text("#working-title") == "How output[1, 1] = 240 comes about"
    assert page.text("#announcement") == "correlation, output row 1, column 1: 240"
    page.click(page.cell("#convolution-grid", 1, 1))
    assert page.text("#sum") == "-240"


def test_playing(page):
    """Play walks to the last output and stops there; pause stops before."""
    page.open()
    page.script("document.querySelector('#speed').value = 10")
    page.click("#play")
    page.wait("explorer.store.state.at.join() === '2,2'")
    page.wait("document.querySelector('#play').textContent.includes('play')")
    page.click("#play")
    page.click("#play")
    assert page.script("return explorer.store.state.at")[0] < 2


def test_editing_kernel_size_and_boundary(page):
    """Cells, sizes, presets and options change the result as in sigconv."""
    page.open()
    page.fill("#signal-grid tr:nth-child(2) td:nth-child(2) input", "1/2")
    page.choose("#mode", "same")
    page.choose("#boundary", "reflect")
    page.choose("#kernel-preset", "laplacian")
    signal = 10 * np.outer(np.arange(1, 6), np.arange(1, 6)).astype(float)
    signal[0, 0] = 0.5
    taps = [[0, 1, 0], [1, -4, 1], [0, 1, 0]]
    assert np.array_equal(page.matrix("#convolution-grid"), sigconv.convolve(signal, taps, "same", boundary="reflect"))
    page.fill("#kernel-rows", 2)
    page.fill("#dilation", 2)
    wanted = sigconv.convolve(signal, taps[:2], "same", boundary="reflect", dilation=2)
    assert np.array_equal(page.matrix("#convolution-grid"), wanted)
    page.choose("#boundary", "renormalize")
    page.choose("#kernel-preset", "sobel-x")
    assert "add up to 0" in page.text("#refusal")
    page.choose("#boundary", "constant")
    page.fill("#fill", "7")
    page.fill("#stride", 3)
    sobel = [[1, 0, -1], [2, 0, -2], [1, 0, -1]]
    wanted = sigconv.convolve(signal, sobel, "same", boundary="constant", fill_value=7, stride=3, dilation=2)
    assert np.array_equal(page.matrix("#convolution-grid"), wanted)


def test_what_is_no_number_changes_nothing(page):
    """A cell says that it can't be read, and takes the number back when it is left."""
    page.open()
    cell = "#signal-grid tr:nth-child(2) td:nth-child(2) input"
    page.type(cell, "abc")
    assert page.find(cell).get_attribute("aria-invalid") == "true"
    assert page.text("#sum") == "160"
    page.type(cell, "\ue004")  # Tab
    assert page.find(cell).get_attribute("value") == "10"


def test_ghosts_and_centre_are_shown(page):
    """Ghosts stand around the signal with the boundary's numbers; the centre of an even kernel is marked."""
    page.open("signal=1,2,3,4&kernel=1,2,3,4&mode=same&boundary=wrap&flip=1")
    assert page.matrix("#signal-grid").tolist() == [[3, 4, 1, 2, 3, 4, 1]]
    ghosts = page.script("return [...document.querySelectorAll('#signal-grid td.ghost')].length")
    assert ghosts == 3
    assert page.script("return document.querySelector('#kernel-grid td.center input').value") == "2"
    assert "(0, 1)" in page.text("#kernel-center")
    assert "no middle" in page.text("#kernel-center")


def test_the_link_keeps_the_state(page):
    """What was set is in the address, and is there again when the page is loaded anew."""
    page.open()
    page.choose("#mode", "full")
    page.choose("#boundary", "edge")
    page.click("#flip")
    page.click(page.cell("#convolution-grid", 3, 2))
    page.fill("#line", "5 -1.5 2")
    page.wait("location.hash.includes('line=')")
    before = [page.matrix("#convolution-grid"), page.text("#sum"), page.text("#sliding-sum")]
    page.driver.refresh()
    page.wait("document.documentElement.dataset.ready")
    assert np.array_equal(page.matrix("#convolution-grid"), before[0])
    assert [page.text("#sum"), page.text("#sliding-sum")] == before[1:]
    assert page.find("#boundary").get_attribute("value") == "edge"


@pytest.mark.parametrize("state", ["signal=1,x", "mode=none", "wrong=1", "kernel=1,2_3", "stride=0", "center=5,5"])
def test_a_broken_link_is_refused(page, state):
    """The page says what is wrong with the link and shows the textbook case."""
    page.open(state)
    assert page.text("#link-refusal").startswith("This link does not work: the link")
    assert page.text("#sum") == "160"


def test_a_large_signal_answers_a_click(page, record_property):
    """16 × 16 samples: a click shows its output; how long that took, laid out, stands in the report."""
    page.open()
    page.fill("#signal-rows", 16)
    page.fill("#signal-columns", 16)
    milliseconds = page.script(
        "const cell = document.querySelector(arguments[0]), start = performance.now();"
        "cell.click(); document.body.getBoundingClientRect(); return performance.now() - start",
        page.cell("#correlation-grid", 7, 6),
    )
    record_property("click_milliseconds", milliseconds)
    print(f"a click took {milliseconds:.1f} ms")
    assert page.text("#working-title").startswith("How output[7, 6] = ")


def test_the_gallery(page, tmp_path):
    """Sum and largest response of every kernel are NumPy's; one's own picture is taken, what is no picture is not."""
    page.open()
    page.script("document.querySelector('#gallery').scrollIntoView()")
    page.wait("document.querySelectorAll('.card').length > 1 && !document.querySelector('.card[aria-busy]')")
    cards = page.script("return JSON.parse(document.querySelector('#data').textContent).gallery")
    shown = page.script("return [...document.querySelectorAll('.card dl')].map((dl) => dl.innerText.split('\\n'))")
    for card, text in zip(cards, shown, strict=True):
        taps, facts = np.array(card["taps"]), dict(zip(text[::2], text[1::2], strict=True))
        assert read(facts["sum"]) == pytest.approx(taps.sum(), rel=1e-3, abs=1e-12)
        # The page looks at 33 frequencies an axis, of which the largest may lie between two.
        largest = np.abs(np.fft.fft2(taps, (64, 64))).max()
        assert read(facts["largest |H|"]) == pytest.approx(largest, rel=0.02)
    upload(page, tmp_path)


def read(text):
    return float(text.replace("−", "-"))


def upload(page, folder):
    image = pytest.importorskip(
        "PIL.Image", reason="Pillow is not installed, so there is no picture to give to the page"
    )
    pixels = np.arange(24 * 16, dtype=np.uint8).reshape(24, 16)
    image.fromarray(pixels).save(folder / "own.png")
    (folder / "text.png").write_text("no picture")
    page.type("#own-picture", str(folder / "own.png"))
    page.wait("document.querySelector('.card canvas').width === 16")
    found = page.script(
        "return [...document.querySelector('.card canvas').getContext('2d').getImageData(0, 0, 16, 24).data]"
    )
    assert found[::4] == pixels.flatten().tolist()
    page.type("#own-picture", str(folder / "text.png"))
    page.wait("document.querySelector('#picture-refusal').textContent.includes('is not a picture')")


def test_channels(page):
    """Partial sums, totals and the number of parameters are NumPy's."""
    page.open()
    page.script("window.before = explorer.store.state")
    for name, value in (("image-size", 4), ("slice-size", 3), ("output-count", 3)):
        page.fill(f"#{name}", value)
    before, state = page.script("return [before, explorer.store.state]")
    assert np.array_equal(np.array(state["weights"])[:6, :2, :2], before["weights"])
    assert state["bias"] == [*before["bias"], 0]
    image, weights = np.array(state["image"]), np.array(state["weights"]).reshape(3, 3, 3, 3)
    bias = np.array(state["bias"])
    partial = sigconv.slide(image, weights, "valid", axes=(-2, -1), flip=False)
    totals = partial.sum(axis=1) + bias[:, None, None]
    for k in range(3):
        page.click(page.cell(f"#channel-outputs figure:nth-child({k + 1})", 1, 0))
        assert np.array_equal(page.matrix(f"#channel-outputs figure:nth-child({k + 1})"), totals[k])
        shown = [float(page.text(f"#partial-{colour}")) for colour in ("red", "green", "blue")]
        assert shown == partial[k, :, 1, 0].tolist()
        assert worked_out(page.text("#channel-total").replace("bias", "")) == totals[k, 1, 0]
    assert f"= {weights.size + bias.size} parameters" in page.text("#parameters")
    for name, module in (("sigconv", "numpy"), ("PyTorch", "torch")):
        if find_spec(module):
            names: dict = {}
            exec(page.text(f"#channels-{name}"), names)
            assert np.array_equal(names["y"], totals)


def test_the_convolution_theorem(page):
    """With padding the transforms give NumPy's convolution, without it the circular one."""
    page.open("line=3,-1,2,5,4&taps=2,0,-3")
    x, h = np.array([3, -1, 2, 5, 4]), np.array([2, 0, -3])
    slid = np.convolve(x, h)
    table = "#spectra-verdict"
    assert np.array_equal(page.matrix(table), [slid, slid])
    assert page.text("#verdict").startswith("Equal")
    page.click("#padded")
    circular = np.fft.ifft(np.fft.fft(x) * np.fft.fft(h, 5)).real
    shown = page.script(
        "return [...document.querySelectorAll('#spectra-verdict tr:nth-child(2) td')].map((c) => c.title)"
    )
    assert np.allclose([float(v) for v in shown[:5]], circular, atol=1e-8)
    assert page.text("#verdict").startswith("Wrong")
    wrong = page.script("return [...document.querySelectorAll('#spectra-verdict tr:nth-child(2) td.bad')].length")
    assert wrong == 2
    assert page.text("#verdict").endswith(f"y[5] = {slid[5]} is added to y[0], y[6] = {slid[6]} is added to y[1].")
    for k in range(len(slid)):
        page.script("explorer.store.set({ k: arguments[0] })", k)
        assert worked_out(page.text("#sliding-sum").partition(" = ")[2]) == slid[k]
    page.script("explorer.store.set({ taps: [2, 1] })")
    assert page.text("#verdict").startswith("Wrong")
    page.script("explorer.store.set({ taps: [2] })")
    assert "needs no room" in page.text("#verdict")


def test_the_questions(page):
    """The answers are those worked out by hand; a right one is accepted, a wrong one is not."""
    page.open()
    by_hand = ["1-3", "-160", "9", str(128 * (64 * 9 + 1)), "12", "5", "b", "0", "10", "1"]
    for i, answer in enumerate(by_hand):
        field = f"#answer-{i}"
        page.type(field, "wrong", "\ue007")  # Enter
        assert page.find(f"li:nth-child({i + 1}) .reply").get_attribute("class") == "reply bad"
        page.find(field).clear()
        page.type(field, answer, "\ue007")
        assert page.find(f"li:nth-child({i + 1}) .reply").get_attribute("class") == "reply good", answer


def test_everything_has_a_name(page):
    """Screen readers have a name for every control and every grid, by the browser's accessibility tree."""
    page.open("mode=full")
    nodes = page.driver.execute_cdp_cmd("Accessibility.getFullAXTree", {})["nodes"]
    roles = {"button", "textbox", "combobox", "switch", "spinbutton", "slider", "grid", "gridcell", "link", "image"}
    found = [node for node in nodes if not node["ignored"] and node["role"]["value"] in roles]
    assert {node["role"]["value"] for node in found} >= roles - {"image"}
    assert [node for node in found if not node.get("name", {}).get("value")] == []


@pytest.mark.parametrize("width", [360, 768, 1280])
def test_nothing_is_wider_than_the_screen(page, width):
    """On a phone as on a desk, wide matrices scroll in their own frames."""
    metrics = {"width": width, "height": 800, "deviceScaleFactor": 1, "mobile": False}
    page.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)
    page.open("mode=full&dilation=3&boundary=reflect")
    page.fill("#signal-rows", 16)
    page.fill("#signal-columns", 16)
    sizes = page.script("const page = document.documentElement; return [page.scrollWidth, page.clientWidth]")
    page.driver.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})
    assert sizes[0] <= sizes[1]


def test_in_a_notebook(page, tmp_path):
    """The frame of the notebook object shows the page and works; it keeps no link."""
    shown = tmp_path / "notebook.html"
    shown.write_text(
        f"<!doctype html><title>notebook</title>{sigconv.explorer.Explorer()._repr_html_()}", encoding="utf-8"
    )
    page.driver.get(shown.as_uri())
    page.driver.switch_to.frame(page.find("iframe"))
    page.wait("document.documentElement.dataset.ready")
    page.click("#flip")
    assert page.text("#sum") == "-160"
    page.click("nav a[href='#channels']")
    assert page.text("#link") == ""
    page.driver.switch_to.default_content()
