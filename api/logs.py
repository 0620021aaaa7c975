"""Structured logs: one JSON object a line on stdout, never with a visitor's words."""

from __future__ import annotations

import logging
import sys

import structlog


def configure(level: str) -> None:
    """Send our own and the libraries' log to stdout as JSON. Called once, at start."""
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
    ]
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=False,
    )
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.JSONRenderer(ensure_ascii=False),
            ],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    for quiet in (
        "httpx",
        "httpcore",
        "aiosqlite",
        "sqlalchemy.engine",
        "alembic",
        "uvicorn.error",
        "websockets",
        "jieba",
    ):
        logging.getLogger(quiet).setLevel(max(logging.WARNING, logging.getLevelName(level)))
