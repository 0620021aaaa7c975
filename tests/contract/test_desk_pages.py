"""The desk's pages: only our own files, nothing of a visitor in them, and never in a frame."""

import re
from pathlib import Path

import pytest

from api.routes.desk_pages import DESK

PAGES = ("/desk", "/desk/hotline", "/desk/login", "/desk/supervision")


def policy_of(reply) -> dict[str, str]:
    parts = [part.strip().partition(" ") for part in reply.headers["content-security-policy"].split(";")]
    return {name: value for name, _, value in parts}


@pytest.mark.parametrize("path", [*PAGES, "/desk/desk.js", "/desk/facets.json"])
async def test_the_desk_loads_only_our_own_files_and_stands_in_no_frame(http, path):
    reply = await http.get(path)
    policy = policy_of(reply)
    assert reply.status_code == 200
    assert policy["default-src"] == "'none'"
    assert policy["script-src"] == policy["style-src"] == policy["connect-src"] == "'self'"
    assert policy["frame-ancestors"] == "'none'"
    assert policy["require-trusted-types-for"] == "'script'"
    assert reply.headers["cache-control"] == "no-cache"


@pytest.mark.parametrize("path", PAGES)
async def test_a_page_holds_nothing_inline_and_all_that_it_names_is_there(http, path):
    page = (await http.get(path)).text
    assert not re.search(r"<script(?![^>]*\bsrc=)|<style|\bon\w+=|\bstyle=", page)
    for named in re.findall(r'(?:src|href)="(/[^"]+)"', page):
        assert (await http.get(named)).status_code == 200, named


@pytest.mark.parametrize("module", sorted(DESK.rglob("*.js")), ids=lambda module: module.name)
async def test_every_module_finds_what_it_imports(http, module: Path):
    address = f"/desk/{module.relative_to(DESK).as_posix()}"
    source = (await http.get(address)).text
    for imported in re.findall(r'^(?:import|export) .*?"(\.[^"]+)"', source, re.M):
        assert (await http.get(str((http.base_url.join(address)).join(imported).path))).status_code == 200, imported


async def test_the_forms_name_facets_as_the_base_does(http, retriever):
    told = (await http.get("/desk/facets.json")).json()
    assert told == {facet.value: spec.label.model_dump() for facet, spec in retriever.base.facets.items()}


async def test_what_is_not_the_desks_is_not_served_below_it(http):
    assert (await http.get("/desk/../app.py")).status_code == 404
    assert (await http.get("/desk/%2e%2e/%2e%2e/app.py")).status_code == 404
