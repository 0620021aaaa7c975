"""A guest on other people's pages: it works anywhere, asks nobody else, and changes nothing around it."""

from urllib.parse import urlsplit

from playwright.sync_api import expect
from visit import ANSWER_MS, Visit

HOST_STYLE = "* { font-size: 40px !important; display: block } button { background: red !important; width: 900px }"


def embed(site, attributes="", style=""):
    return (
        f'<!doctype html><html lang="en"><head><title>Elsewhere</title>{style}'
        f'<script src="{site}/widget.js" defer {attributes}></script></head><body><h1>Elsewhere</h1></body></html>'
    )


def test_one_script_tag_puts_the_chat_on_a_page_of_another_origin_with_a_strict_policy(site, new_context, foreign_page):
    socket = site.replace("http", "ws")
    policy = f"default-src 'none'; script-src {site}; connect-src {site} {socket}; style-src 'none'"
    address = foreign_page(embed(site, 'data-language="en"'), policy)
    chat = Visit(new_context("zh").new_page(), site)
    complaints = []
    chat.page.on("console", lambda told: complaints.append(told.text) if told.type == "error" else None)
    chat.page.goto(address)
    chat.open().ask("Which papers does a felling application need?")
    chat.answered()
    expect(chat.field).to_have_attribute("placeholder", "Say what you want to do")
    assert chat.faults == []
    assert [told for told in complaints if "favicon" not in told] == []


def test_no_request_leaves_for_a_third_party(site, new_context):
    chat = Visit(new_context("zh").new_page(), site)
    hosts = set()
    chat.page.on("request", lambda request: hosts.add(urlsplit(request.url).netloc))
    chat.page.on("websocket", lambda socket: hosts.add(urlsplit(socket.url).netloc))
    chat.arrive().open().ask("砍树要交哪些材料？")
    chat.answered()
    assert hosts == {urlsplit(site).netloc}


def test_a_page_that_was_only_looked_at_starts_no_session(site, new_context):
    chat = Visit(new_context("zh").new_page(), site)
    asked = []
    chat.page.on("request", lambda request: asked.append(request.url) if "/sessions" in request.url else None)
    chat.arrive()
    chat.page.wait_for_timeout(500)
    assert asked == []


def test_a_page_s_own_style_does_not_reach_in_and_its_globals_stay_as_they_were(site, new_context, foreign_page):
    chat = Visit(new_context("zh").new_page(), site)
    address = foreign_page(embed(site, style=f"<style>{HOST_STYLE}</style>"))
    chat.page.goto("about:blank")
    chat.page.add_init_script("window.before = new Set(Object.getOwnPropertyNames(window))")
    chat.page.goto(address)
    expect(chat.launcher).to_be_visible()
    assert chat.launcher.evaluate("node => getComputedStyle(node).fontSize") == "16px"
    added = chat.page.evaluate("Object.getOwnPropertyNames(window).filter((name) => !window.before.has(name))")
    assert set(added) <= {"before"}


def test_data_open_and_data_item_open_the_chat_on_that_permit(site, new_context, foreign_page):
    chat = Visit(new_context("zh").new_page(), site)
    chat.page.goto(foreign_page(embed(site, 'data-open data-item="urban-tree-felling" data-language="zh"')))
    expect(chat.entries.first).to_contain_text("砍伐城市树木", timeout=ANSWER_MS)


def test_an_item_that_the_base_does_not_have_is_no_obstacle(site, new_context, foreign_page):
    chat = Visit(new_context("zh").new_page(), site)
    chat.page.goto(foreign_page(embed(site, 'data-open data-item="no-such-item"')))
    expect(chat.entries.first).to_be_visible(timeout=ANSWER_MS)


def test_a_page_can_open_and_close_the_chat_even_before_it_has_loaded(site, new_context, foreign_page):
    chat = Visit(new_context("zh").new_page(), site)
    opening = "document.addEventListener('DOMContentLoaded', () => document.querySelector('bangban-widget').open())"
    chat.page.goto(foreign_page(embed(site, style=f"<script>{opening}</script>")))
    expect(chat.panel).to_be_visible()
    chat.page.evaluate("document.querySelector('bangban-widget').close()")
    expect(chat.panel).to_be_hidden()


def test_the_script_twice_is_one_chat(site, new_context, foreign_page):
    chat = Visit(new_context("zh").new_page(), site)
    chat.page.goto(foreign_page(embed(site, style=f'<script src="{site}/widget.js" defer></script>')))
    expect(chat.launcher).to_be_visible()
    expect(chat.page.locator("bangban-widget")).to_have_count(1)


def test_markup_in_what_is_said_stays_text(chat):
    attack = '<img src=x onerror="window.hit = true"><b>bold</b> <script>window.hit = true</script>'
    chat.ask(attack)
    expect(chat.entries).to_have_count(3, timeout=ANSWER_MS)
    assert chat.said.first.inner_text() == attack
    assert chat.said.first.locator("img, b, script").count() == 0
    chat.page.reload()
    expect(chat.said.first).to_have_text(attack, timeout=ANSWER_MS)
    assert chat.page.evaluate("window.hit") is None


def test_markdown_becomes_nodes_and_only_http_links_become_links(chat):
    text = (
        "First **bold** line.\nSecond line.\n\n1. one\n2. two\n\n- dot\n\n"
        "[good](https://example.org/a) [bad](javascript:alert(1)) [data](data:text/html,x) <i onclick=alert(1)>i</i>"
    )
    html = chat.page.evaluate(
        """async (text) => {
          const { renderMarkdown } = await import('/static/markdown.js')
          const place = document.createElement('div')
          place.append(renderMarkdown(text))
          return place.innerHTML
        }""",
        text,
    )
    assert html == (
        "<p>First <strong>bold</strong> line.<br>Second line.</p><ol><li>one</li><li>two</li></ol><ul><li>dot</li></ul>"
        '<p><a href="https://example.org/a" target="_blank" rel="noopener noreferrer">good</a> '
        "[bad](javascript:alert(1)) [data](data:text/html,x) &lt;i onclick=alert(1)&gt;i&lt;/i&gt;</p>"
    )
