"""Takes the pictures of the documentation from a running service: python tests/browser/screenshots.py [address].

A real conversation with the real service; writes docs/images/conversation-zh.png and conversation-en.png.
"""

import sys
from pathlib import Path

from playwright.sync_api import expect, sync_playwright
from visit import ANSWER_MS, ARGUMENTS, CHROMIUM, Visit

IMAGES = Path(__file__).resolve().parents[2] / "docs" / "images"
QUESTIONS = {"zh": "小区里砍树要交哪些材料？", "en": "How long does a tree felling permit take?"}
LOCALES = {"zh": "zh-CN", "en": "en-GB"}


def main(site: str) -> None:
    """Ask one question in each language and keep the picture."""
    IMAGES.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        for language, question in QUESTIONS.items():
            context = chromium.new_context(
                viewport={"width": 1280, "height": 800}, locale=LOCALES[language], reduced_motion="reduce"
            )
            chat = Visit(context.new_page(), site).arrive().open()
            chat.ask(question).answered()
            expect(chat.panel.locator("bangban-feedback-row")).to_be_attached(timeout=ANSWER_MS)
            chat.page.screenshot(path=IMAGES / f"conversation-{language}.png")
            context.close()
        chromium.close()


if __name__ == "__main__":
    main((sys.argv[1] if len(sys.argv) > 1 else "http://127.0.0.1:8000").rstrip("/"))
