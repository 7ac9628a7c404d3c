"""The explorer as a file: one page, small, without a network, with readable colours; and the command that writes it."""

import re
from collections import Counter
from html.parser import HTMLParser

import pytest
from command import succeed

import sigconv
from sigconv.semantics.boundary import BOUNDARIES
from sigconv.semantics.window import MODES
from sigconv.study.explorer import assemble, cards

PAGE = sigconv.explorer.page()


class Parts(HTMLParser):
    """The addresses and ids of a page."""

    def __init__(self):
        super().__init__()
        self.addresses, self.ids = [], []
        self.feed(PAGE)

    def handle_starttag(self, tag, attributes):
        named = dict(attributes)
        self.addresses += [named[name] for name in ("src", "href", "action") if name in named]
        self.ids += [named["id"]] if "id" in named else []


def test_the_page_is_small_and_whole():
    """One file under 600 kB, nothing left to fill in."""
    assert len(PAGE.encode()) < 600_000
    assert not re.search(r"\$[a-z]+\b", PAGE.partition("<script")[0])


def test_the_page_needs_no_network():
    """It refers to places in itself only, and forbids the browser everything else."""
    parts = Parts()
    assert {address[0] for address in parts.addresses} == {"#"}
    assert {address[1:] for address in parts.addresses} <= set(parts.ids)
    assert "default-src 'none'" in PAGE
    assert "@import" not in PAGE
    assert set(re.findall(r"https?://[^\s\"']*", PAGE)) == {"http://www.w3.org/2000/svg"}  # the name of a language


def test_ids_are_used_once():
    """Labels and the script find one element each, and every element that the script asks for is there."""
    parts = Parts()
    assert len(parts.ids) == len(set(parts.ids))
    assert set(re.findall(r'byId\("([\w-]+)"\)', PAGE)) <= set(parts.ids)


def test_the_names_are_sigconvs():
    """Modes and boundaries of the script are the library's, in its order."""
    script = assemble.script("arithmetic")
    for name, wanted in (("MODES", MODES), ("BOUNDARIES", BOUNDARIES)):
        (found,) = re.findall(rf"const {name} = \[(.*)\];", script)
        assert tuple(re.findall(r'"(\w+)"', found)) == wanted


def test_every_named_kernel_is_there_and_small_enough():
    """The gallery has all of them; where one is too large for the calculator, a smaller one of its kind fits."""
    found = {card["name"]: card for card in cards.cards()}
    assert set(found) == {entry.example for entry in sigconv.gallery.KERNELS.values()}
    assert re.findall(r"const LIMITS = \{.*kernel: (\d+),", assemble.script("state")) == [str(cards.LARGEST)]
    for name, card in found.items():
        small = card["small"]
        assert max(len(small["taps"]), len(small["taps"][0])) <= cards.LARGEST
        assert small["name"].partition(":")[0] == name.partition(":")[0]


def test_modules_come_after_what_they_import():
    """What is joined has no import and no export left, and starts with what imports nothing."""
    script = assemble.script("main")
    assert not re.search(r"^(import \{|export )", script, re.MULTILINE)
    assert script.index("function prepare(") < script.index("function buildCalculator(") < script.index("new Store(")


def test_top_level_names_differ():
    """The joined modules share one scope, in which a name can stand once."""
    script = assemble.script("main")
    names = re.findall(r"^(?:async )?(?:const|let|function|class) (\w+)", script, re.MULTILINE)
    assert len(names) > 100
    assert [name for name, count in Counter(names).items() if count > 1] == []


def test_the_data_cannot_end_the_script():
    """The JSON has no `<`."""
    (data,) = re.findall(r'<script type="application/json" id="data">(.*)</script>', PAGE)
    assert "<" not in data


def test_the_notebook_shows_the_page_in_a_frame():
    """The page is quoted as an attribute: it holds no bare quotation mark."""
    shown = sigconv.explorer.Explorer(height=700)._repr_html_()
    (quoted,) = re.findall(r'srcdoc="([^"]*)"', shown)
    assert quoted.startswith("&lt;!doctype html&gt;")
    assert "height: 700px" in shown


def luminance(colour):
    """Return the relative luminance of #rrggbb, as WCAG 2 defines it."""
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts]
    return sum(weight * c for weight, c in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


def contrast(a, b):
    """Return the contrast of two colours, as WCAG 2 defines it."""
    low, high = sorted((luminance(a), luminance(b)))
    return (high + 0.05) / (low + 0.05)


def test_the_contrast_is_known():
    """Black on white is 21, by definition."""
    assert contrast("#000000", "#ffffff") == pytest.approx(21)


@pytest.mark.parametrize("theme", [0, 1], ids=["light", "dark"])
def test_text_is_readable(theme):
    """Every pair of text and ground has the contrast of WCAG AA (4.5), lines have 3."""
    block = re.findall(r":root \{(.*?)\}", PAGE, re.DOTALL)[theme]
    colours = dict(re.findall(r"--([\w-]+): (#\w{6})", block))
    grounds = ("paper", "card", "window", "kernel", "product", "output", "ghost", "bad-paper")
    pairs = [("ink", ground) for ground in grounds]
    pairs += [(text, ground) for text in ("muted", "accent", "bad", "good") for ground in ("paper", "card")]
    pairs += [("muted", "ghost"), ("card", "accent"), ("bad", "bad-paper")]
    assert {
        pair: contrast(*(colours[name] for name in pair)) for pair in pairs if contrast(*map(colours.get, pair)) < 4.5
    } == {}
    lines = [(f"{name}-line", name) for name in ("window", "kernel", "product", "output")]
    assert [pair for pair in lines if contrast(*map(colours.get, pair)) < 3] == []


def test_the_command_writes_the_page(tmp_path):
    """`sigconv explore -o` writes what `page` returns, and nothing else."""
    pytest.importorskip("typer")
    assert succeed("explore", "-o", "page.html", folder=tmp_path) == "wrote page.html\n"
    assert [path.name for path in tmp_path.iterdir()] == ["page.html"]
    assert (tmp_path / "page.html").read_text(encoding="utf-8") == PAGE


@pytest.mark.parametrize("starts", [True, False])
def test_the_command_opens_the_page(starts, tmp_path, monkeypatch, capsys):
    """Without -o the page is opened from a new folder; where no browser starts, the answer says where it lies."""
    pytest.importorskip("typer")
    from sigconv.cli import commands

    opened = []
    monkeypatch.setattr("tempfile.mkdtemp", lambda prefix: str(tmp_path))
    monkeypatch.setattr("webbrowser.open", lambda address: opened.append(address) or starts)
    commands.explore()
    assert opened == [(tmp_path / "explorer.html").as_uri()]
    assert (tmp_path / "explorer.html").exists()
    assert capsys.readouterr().out.startswith("opened" if starts else "no browser could be started")
