import contextlib
import re

import pypdfium2
import pytest
import zxingcpp
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from small_base import ITEMS, cut_out
from typer.testing import CliRunner

from api import posters
from api.cli import app
from api.settings import CHECKOUT
from knowledge.loader import load

HOST = "https://help.example.org"


@pytest.fixture(scope="module")
def items():
    return load(CHECKOUT / "knowledge").items


def modules_of(svg):
    """The dark modules of an SVG, drawn as an image: its one path is runs of dark modules."""
    size = int(re.search(rb'viewBox="0 0 (\d+) ', svg).group(1))
    image = Image.new("L", (size, size), 255)
    x = y = 0.0
    for step, number, second in re.findall(r"([Mmh])(-?[\d.]+)(?:[ ,](-?[\d.]+))?", svg.decode().split(' d="')[-1]):
        if step == "h":
            for column in range(round(float(number))):
                image.putpixel((round(x) + column, int(y)), 0)
            x += float(number)
        else:
            x, y = (float(number), float(second)) if step == "M" else (x + float(number), y + float(second))
    return image.resize((size * 8, size * 8), Image.Resampling.NEAREST)


def read(image):
    (found,) = zxingcpp.read_barcodes(image)
    return found.text


def test_the_code_of_every_item_reads_as_its_address(items):
    for item_id in items:
        address = posters.address_of(HOST, item_id)
        assert read(modules_of(posters.svg(address))) == address == f"{HOST}/?item={item_id}"


def test_a_code_still_reads_with_a_corner_torn_off(items):
    address = posters.address_of(HOST, "urban-tree-felling")
    image = modules_of(posters.svg(address))
    width, height = image.size
    image.paste(255, (int(width * 0.72), int(height * 0.72), width, height))
    assert read(image) == address


@pytest.mark.parametrize(
    ("host", "address"),
    [
        ("https://help.example.org/", "https://help.example.org/?item=tree"),
        ("http://127.0.0.1:8000", "http://127.0.0.1:8000/?item=tree"),
        ("https://example.org/desk", "https://example.org/desk/?item=tree"),
        ("http://[::1]:8000", "http://[::1]:8000/?item=tree"),
    ],
)
def test_the_address_is_the_host_with_the_item(host, address):
    assert posters.address_of(host, "tree") == address


@pytest.mark.parametrize(
    "host",
    ["", "help.example.org", "ftp://example.org", "https://", "https://a b.org", "https://example.org/?x=1",
     "https://example.org/#top", "http://example.org:port", "https://user@example.org", "https://例子.org",
     "javascript:alert(1)"],
)  # fmt: skip
def test_what_is_no_address_of_a_service_is_refused(host):
    with pytest.raises(posters.BadAddress, match="--url"):
        posters.address_of(host, "tree")


@given(st.text(max_size=60))
def test_any_other_text_is_refused_or_becomes_an_address_on_that_host(text):
    with contextlib.suppress(posters.BadAddress):
        assert posters.address_of(text, "tree").endswith("/?item=tree")


def test_the_sheet_has_a_page_an_item_and_its_codes_read(items):
    longest = max(items.values(), key=lambda item: len(item.name.en))
    chosen = [items["outdoor-signboard"], longest]
    content = posters.pdf([(item, posters.address_of(HOST, item.id)) for item in chosen])
    pages = list(pypdfium2.PdfDocument(content))
    assert len(pages) == len(chosen)
    for item, page in zip(chosen, pages, strict=True):
        address = posters.address_of(HOST, item.id)
        assert read(page.render(scale=1.5).to_pil()) == address
        said = re.sub(r"\s", "", page.get_textpage().get_text_bounded())
        for wanted in (item.name.zh, item.name.en, "扫码问：", "Scan to ask about", address):
            assert re.sub(r"\s", "", wanted) in said


def test_the_fonts_are_in_the_sheet(items):
    content = posters.pdf([(items["outdoor-signboard"], posters.address_of(HOST, "outdoor-signboard"))])
    assert b"/FontFile3" in content and b"NotoSansSC" in content and len(content) < 200_000


@pytest.fixture(scope="module")
def qr(tmp_path_factory):
    base = cut_out(tmp_path_factory.mktemp("base") / "knowledge")
    environment = {"BANGBAN_KNOWLEDGE_DIR": str(base)}
    return lambda *arguments: CliRunner().invoke(app, ["kb", "qr", *map(str, arguments)], env=environment)


def test_the_command_writes_what_was_asked_for(qr, tmp_path):
    done = qr("outdoor-signboard", "--url", HOST, "--out", tmp_path / "a")
    assert done.exit_code == 0 and done.stderr == ""
    assert {path.name for path in (tmp_path / "a").iterdir()} == {"outdoor-signboard.svg", "bangban-qr.pdf"}
    qr("--all", "--url", HOST, "--out", tmp_path / "b", "--format", "svg")
    assert {path.name for path in (tmp_path / "b").iterdir()} == {f"{item_id}.svg" for item_id in ITEMS}
    qr("outdoor-signboard", "--url", HOST, "--out", tmp_path / "c", "--format", "pdf")
    assert [path.name for path in (tmp_path / "c").iterdir()] == ["bangban-qr.pdf"]


def test_codes_that_only_this_machine_can_open_are_told(qr, tmp_path):
    done = qr("outdoor-signboard", "--out", tmp_path, "--format", "svg")
    assert done.exit_code == 0 and "--url" in done.stderr and "127.0.0.1" in done.stderr


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((), "--all"),
        (("weather",), "no item weather"),
        (("outdoor-signboard", "--url", "help.example.org"), "--url"),
        (("outdoor-signboard", "--out", "/dev/null/qr"), "--out"),
    ],
)
def test_what_cannot_be_made_ends_in_a_sentence(qr, arguments, said, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    done = qr(*arguments)
    assert done.exit_code == 1 and said in done.stderr and done.stderr.count("\n") == 1
    assert list(tmp_path.iterdir()) == []
