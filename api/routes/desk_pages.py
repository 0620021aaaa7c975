"""The helpers' pages: /desk, /desk/hotline and /desk/login, with everything that they load below /desk/."""

from __future__ import annotations

from pathlib import Path

from fastapi import APIRouter, FastAPI
from fastapi.responses import FileResponse, JSONResponse
from starlette.staticfiles import StaticFiles

from api.routes.door import Door

DESK = Path(__file__).parent.parent / "web" / "desk"
# Stricter than the visitors' pages: nothing but our own files, no frames, and no string ever becomes script or markup.
HEADERS = {
    "Cache-Control": "no-cache",
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
        "base-uri 'none'; form-action 'self'; frame-ancestors 'none'; "
        "require-trusted-types-for 'script'; trusted-types 'none'"
    ),
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    "X-Robots-Tag": "noindex",
}

router = APIRouter(include_in_schema=False)


class _DeskFiles(StaticFiles):
    """The modules and the style sheet: asked for again each time, so that a shift never runs half of two versions."""

    def file_response(self, *args: object, **kwargs: object) -> object:  # type: ignore[override]
        """The file with its headers."""
        response = super().file_response(*args, **kwargs)  # type: ignore[arg-type]
        response.headers.update(HEADERS)
        return response


@router.get("/desk")
async def desk() -> FileResponse:
    """The desk itself. The page holds nothing: what it shows, it asks for with the helper's cookie."""
    return FileResponse(DESK / "desk.html", headers=HEADERS)


@router.get("/desk/facets.json")
async def facets(door: Door) -> JSONResponse:
    """What the base calls its facets, so that the desk's forms use the same names."""
    names = {facet.value: spec.label.model_dump() for facet, spec in door.retriever.base.facets.items()}
    return JSONResponse(names, headers=HEADERS)


@router.get("/desk/hotline")
async def hotline() -> FileResponse:
    """The hotline operators' page."""
    return FileResponse(DESK / "hotline.html", headers=HEADERS)


@router.get("/desk/supervision")
async def supervision() -> FileResponse:
    """Figures and follow-ups, for whoever may see them."""
    return FileResponse(DESK / "supervision.html", headers=HEADERS)


@router.get("/desk/login")
async def login() -> FileResponse:
    """Where a helper signs in."""
    return FileResponse(DESK / "login.html", headers=HEADERS)


def install(app: FastAPI) -> None:
    """Serve the pages and their files; a module finds the widget's modules at ../static/, here as on disk."""
    app.include_router(router)
    app.mount("/desk", _DeskFiles(directory=DESK), name="desk")
