"""Printable QR codes that open the chat on one item: an SVG each, and A4 sheets for counter, wall or tree."""

from __future__ import annotations

import io
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlencode, urlsplit, urlunsplit

import pylopdf_fonts_zh_cn
import segno
from fpdf import FPDF
from fpdf.enums import MethodReturnValue

if TYPE_CHECKING:
    from knowledge.schema import ItemSpec

INK, QUIET, LEAF, HAIR = (22, 33, 28), (91, 102, 96), (31, 107, 69), (213, 220, 215)
PAGE_MM, MARGIN_MM, CODE_MM = 210, 25, 96
TOP_MM, CODE_TOP_MM, BOTTOM_MM = 38, 106, 262
NOT_FIRST = tuple("、，。；：！？）”》")
"""No line of Chinese begins with these."""


class BadAddress(ValueError):
    """The address cannot be what a code opens; the message says what is needed."""


def address_of(host_url: str, item_id: str) -> str:
    """The address that opens the chat on an item, on the service at `host_url`. Raises BadAddress."""
    parts = urlsplit(host_url)
    try:
        valid = parts.scheme in ("http", "https") and parts.hostname and (parts.port or 1) and not parts.username
    except ValueError:
        valid = False
    if not valid or parts.query or parts.fragment or any(not "!" <= sign <= "~" for sign in host_url):
        raise BadAddress(
            f"--url is {host_url!r}; write where the service is reached, such as https://help.example.org."
        )
    path = parts.path.rstrip("/") + "/"
    return urlunsplit((parts.scheme, parts.netloc, path, urlencode({"item": item_id}), ""))


def svg(address: str) -> bytes:
    """The code as an SVG that scales; a quarter of it may be dirty or torn and it still reads."""
    image = io.BytesIO()
    segno.make(address, error="q", micro=False).save(
        image, kind="svg", border=4, dark="#16211c", light="#ffffff", omitsize=True
    )
    return image.getvalue()


def pdf(items: Sequence[tuple[ItemSpec, str]]) -> bytes:
    """One A4 page for each item and its address; the fonts are in the file, so that any printer has them."""
    document = FPDF(format="A4", unit="mm")
    document.set_title("帮办 Bangban")
    document.set_auto_page_break(False)
    document.set_margins(MARGIN_MM, MARGIN_MM)
    document.add_font("sans", fname=Path(pylopdf_fonts_zh_cn.__file__).parent / "NotoSansSC-Regular.otf")
    for item, address in items:
        document.add_page()
        _page(document, item, address)
    return bytes(document.output())


def _page(document: FPDF, item: ItemSpec, address: str) -> None:
    document.set_y(TOP_MM)
    _text(document, "帮办 Bangban", 12, LEAF, 7)
    document.ln(7)
    _text(document, item.name.zh, 30, INK, 14)
    document.ln(1)
    _text(document, item.name.en, 15, QUIET, 8)
    left = (PAGE_MM - CODE_MM) / 2
    document.image(io.BytesIO(svg(address)), x=left, y=CODE_TOP_MM, w=CODE_MM, h=CODE_MM)
    document.set_y(CODE_TOP_MM + CODE_MM + 6)
    _text(document, f"扫码问：{item.name.zh}", 17, INK, 10)
    _text(document, f"Scan to ask about: {item.name.en}", 13, INK, 8)
    document.set_draw_color(*HAIR)
    document.line(MARGIN_MM, BOTTOM_MM, PAGE_MM - MARGIN_MM, BOTTOM_MM)
    document.set_y(BOTTOM_MM + 4)
    _text(document, address, 10, QUIET, 5.5)


def _text(document: FPDF, text: str, size: float, colour: tuple[int, int, int], line_mm: float) -> None:
    """The text in the middle of the page, in lines of about equal length."""
    document.set_font("sans", size=size)
    document.set_text_color(*colour)
    widest = width = PAGE_MM - 2 * MARGIN_MM
    wanted = len(_lines(document, text, widest))
    for narrower in range(widest, widest // 2, -2):
        lines = _lines(document, text, narrower)
        if len(lines) > wanted:
            break
        if not any(line.lstrip().startswith(NOT_FIRST) for line in lines):
            width = narrower
    document.set_x((PAGE_MM - width) / 2)
    document.multi_cell(width, line_mm, text, align="C", new_x="LMARGIN", new_y="NEXT")


def _lines(document: FPDF, text: str, width_mm: float) -> list[str]:
    return list(document.multi_cell(width_mm, 1, text, dry_run=True, output=MethodReturnValue.LINES))  # type: ignore[arg-type]
