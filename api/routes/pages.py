"""Our own pages and the widget, as files."""

from __future__ import annotations

from pathlib import Path

from fastapi import APIRouter, FastAPI
from fastapi.responses import FileResponse
from starlette.exceptions import HTTPException
from starlette.staticfiles import StaticFiles

WEB = Path(__file__).parent.parent / "web"
# The widget's files keep their names from version to version: a browser asks each time whether they changed.
FRESH = {
    "Cache-Control": "no-cache",
    "Access-Control-Allow-Origin": "*",
    "Cross-Origin-Resource-Policy": "cross-origin",
}

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
