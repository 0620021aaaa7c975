"""Our own pages and the widget, as files."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from fastapi import APIRouter, FastAPI, Request
from fastapi.responses import FileResponse, HTMLResponse
from starlette.exceptions import HTTPException
from starlette.staticfiles import StaticFiles

from api.item_pages import catalogue_page, item_page
from api.language import preferred
from api.routes.door import Door

WEB = Path(__file__).parent.parent / "web"
# The widget's files keep their names from version to version: a browser asks each time whether they changed.
FRESH = {
    "Cache-Control": "no-cache",
    "Access-Control-Allow-Origin": "*",
    "Cross-Origin-Resource-Policy": "cross-origin",
}

PAGE = {"Cache-Control": "no-cache", "Vary": "Accept-Language"}
Language = Literal["zh", "en"]

router = APIRouter(include_in_schema=False)


class _WidgetFiles(StaticFiles):
    """Static files that any page may load: modules of a page on another host need CORS."""

    def file_response(self, *args: object, **kwargs: object) -> object:  # type: ignore[override]
        """The file with its headers."""
        response = super().file_response(*args, **kwargs)  # type: ignore[arg-type]
        response.headers.update(FRESH)
        return response


@router.get("/widget.js")
async def widget() -> FileResponse:
    """The script that a page embeds."""
    return _file("widget.js")


@router.get("/")
async def demo() -> FileResponse:
    """A page with the widget on it."""
    return _file("demo.html")


@router.get("/items")
async def items(request: Request, door: Door, lang: Language | None = None) -> HTMLResponse:
    """Every item of the base, as a page."""
    page = catalogue_page(door.retriever.base, door.texts, lang or preferred(request.headers.get("accept-language")))
    return HTMLResponse(page, headers=PAGE)


@router.get("/items/{item_id}")
async def item(request: Request, item_id: str, door: Door, lang: Language | None = None) -> HTMLResponse:
    """One item with every answer, as a page; for an unknown one the list of all."""
    base, spoken = door.retriever.base, lang or preferred(request.headers.get("accept-language"))
    if item_id not in base.items:
        return HTMLResponse(catalogue_page(base, door.texts, spoken, missing=True), 404, headers=PAGE)
    return HTMLResponse(item_page(base, door.texts, spoken, item_id), headers=PAGE)


def install(app: FastAPI) -> None:
    """Serve the pages and everything below web/static."""
    app.include_router(router)
    if (WEB / "static").is_dir():
        app.mount("/static", _WidgetFiles(directory=WEB / "static"), name="static")


def _file(name: str) -> FileResponse:
    path = WEB / name
    if not path.is_file():
        raise HTTPException(404)
    return FileResponse(path, headers=FRESH)
