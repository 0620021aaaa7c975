"""Takes the pictures of the desk: python tests/browser/desk_screenshots.py ADDRESS DATA_DIR [FOLDER].

Of a running service: real visitors wait, a real helper answers one of them and a second another. Writes desk-zh.png,
desk-en.png and side-by-side.png into docs/images, or into FOLDER with the dark ones too. The service must be open at
this hour (BANGBAN_DESK_HOURS, BANGBAN_DESK_DAYS).
"""

import base64
import sys
import time
from pathlib import Path

from playwright.sync_api import Browser, expect, sync_playwright
from shift import Shift, add_account
from visit import ANSWER_MS, ARGUMENTS, CHROMIUM, Visit

IMAGES = Path(__file__).resolve().parents[2] / "docs" / "images"
LOCALES = {"zh": "zh-CN", "en": "en-GB"}
VISITORS = [
    ("zh", "小区里砍树要交哪些材料？"),
    ("en", "Does my shop sign need a permit?"),
    ("zh", "装修垃圾怎么清运？"),
    ("zh", "工地要临时占一块绿地"),
]
REPLIES = {
    "zh": "您好，我看到您问的是砍树的材料。树在小区公共绿地上，还是在您自家院子里？",
    "en": "Hello, I see that you asked about your shop sign. Is it for a new shop?",
}
SIDE_BY_SIDE = """<body style="margin:0;padding:16px;display:flex;gap:16px;background:#d9dedb">
{}</body>"""
BESIDE = '<img style="height:{}px;border-radius:6px" src="data:image/png;base64,{}">'
HEIGHT_PX = 460
BETWEEN_S = 22


def main(site: str, data_dir: Path, folder: Path | None) -> None:
    """Four visitors wait for a person, one after another; the first is accepted and answered."""
    add_account(data_dir, "limin", "--role", "agent", "--display-name", "李敏")
    add_account(data_dir, "wangfang", "--role", "agent", "--display-name", "王芳")
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        desk = Shift(
            chromium.new_context(viewport={"width": 1280, "height": 800}, locale="zh-CN").new_page(), site, "limin"
        ).begin()
        chats = [_waiting(chromium, site, *VISITORS[0])]
        desk.accept().reply(REPLIES["zh"])
        chats[0].ask("是小区的。批下来要多久？")
        for visitor in VISITORS[1:]:
            chats.append(_waiting(chromium, site, *visitor))
            time.sleep(BETWEEN_S)
        expect(desk.said("visitor").last).to_contain_text("批下来", timeout=ANSWER_MS)
        for language in LOCALES:
            for scheme in ("light", "dark") if folder else ("light",):
                desk.page.emulate_media(color_scheme=scheme)
                desk.page.screenshot(
                    path=(folder or IMAGES) / f"desk-{language}{'-dark' if scheme == 'dark' else ''}.png"
                )
            desk.press("Escape").press("l")
            desk.page.wait_for_timeout(500)
        desk.page.emulate_media(color_scheme="light")
        _side_by_side(chromium, site, desk, chats[0], folder or IMAGES)
        desk.end()
        chromium.close()


def _side_by_side(chromium: Browser, site: str, desk: Shift, chat: Visit, folder: Path) -> None:
    """A visitor's page and two helpers' pages at the same moment, in one picture."""
    context = chromium.new_context(viewport={"width": 1280, "height": 800}, locale="en-GB")
    colleague = Shift(context.new_page(), site, "wangfang").begin().accept().reply(REPLIES["en"])
    chat.page.set_viewport_size({"width": 400, "height": 800})
    pages = (chat.page, desk.page, colleague.page)
    taken = [BESIDE.format(HEIGHT_PX, base64.b64encode(page.screenshot()).decode("ascii")) for page in pages]
    sheet = chromium.new_page(viewport={"width": 1780, "height": HEIGHT_PX + 32})
    sheet.set_content(SIDE_BY_SIDE.format("".join(taken)))
    sheet.screenshot(path=folder / "side-by-side.png")
    colleague.end()


def _waiting(chromium: Browser, site: str, language: str, question: str) -> Visit:
    chat = Visit(chromium.new_context(locale=LOCALES[language]).new_page(), site).arrive().open()
    chat.ask(question)
    expect(chat.entries).to_have_count(3, timeout=ANSWER_MS)
    chat.choose_in_menu("talkToPerson")
    expect(chat.panel.locator("bangban-waiting-choices")).to_be_visible(timeout=ANSWER_MS)
    return chat


if __name__ == "__main__":
    main(sys.argv[1].rstrip("/"), Path(sys.argv[2]), Path(sys.argv[3]) if len(sys.argv) > 3 else None)
