"""The pages that people read: every answer, both languages, no script needed, safe against what an answer holds."""

import json
import re

import pytest

from api.item_pages import item_page
from api.texts import load


@pytest.mark.parametrize("language", ["zh", "en"])
async def test_an_items_page_shows_every_answer_with_anchor_sources_and_date(http, retriever, language):
    base = retriever.base
    page = (await http.get(f"/items/urban-tree-felling?lang={language}")).text
    for entry in base.entries_of("urban-tree-felling"):
        slug = entry.entry_id.partition(".")[2]
        assert f'id="{slug}"' in page or f'id="{entry.facet.value}"' in page
        assert entry.as_of.isoformat() in page
        assert entry.question[language] in page.replace("&#39;", "'").replace("&amp;", "&").replace("&#34;", '"')
    assert f'href="/?item=urban-tree-felling&amp;lang={language}"' in page


async def test_an_items_page_carries_its_questions_for_search_engines(http, retriever):
    page = (await http.get("/items/outdoor-signboard?lang=en")).text
    told = json.loads(re.search(r'<script type="application/ld\+json">(.*?)</script>', page, re.S)[1])
    assert told["@type"] == "FAQPage"
    assert len(told["mainEntity"]) == len(retriever.base.entries_of("outdoor-signboard"))


async def test_the_catalogue_page_leads_to_every_item(http, retriever):
    page = (await http.get("/items", headers={"Accept-Language": "en-GB,en;q=0.9,zh;q=0.1"})).text
    assert 'lang="en-GB"' in page
    assert {found for found in re.findall(r'href="/items/([a-z0-9-]+)\?', page)} == set(retriever.base.items)


@pytest.mark.parametrize(
    ("accepted", "tag"), [("zh-CN,zh;q=0.9,en;q=0.8", "zh-Hans"), ("en-US", "en-GB"), ("fr", "zh-Hans")]
)
async def test_a_page_speaks_the_language_that_the_browser_names_first(http, accepted, tag):
    page = await http.get("/items", headers={"Accept-Language": accepted})
    assert f'<html lang="{tag}">' in page.text and page.headers["vary"] == "Accept-Language"


async def test_an_item_that_does_not_exist_is_said_so_beside_the_list(http):
    page = await http.get("/items/nothing?lang=en")
    assert page.status_code == 404 and "There is no such item" in page.text and "/items/urban-tree-felling" in page.text


async def test_a_pages_script_data_cannot_end_its_script(retriever):
    base = retriever.base
    page = item_page(base, load(), "zh", "urban-tree-felling")
    data = re.search(r'<script type="application/ld\+json">(.*?)</script>', page, re.S)[1]
    assert "<" not in data and ">" not in data


@pytest.mark.parametrize("path", ["/items", "/items/urban-tree-felling"])
async def test_a_page_needs_no_script(http, path):
    page = (await http.get(f"{path}?lang=en")).text
    assert [found for found in re.findall(r"<script[^>]*>", page) if "ld+json" not in found] == []
