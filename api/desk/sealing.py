"""Contact details at rest: encrypted and authenticated with a key that lies outside the database.

The key is BANGBAN_CONTACT_KEY (several, comma-separated: the first encrypts, all decrypt, so a key can be changed), or
else a file in the data dir that only its owner may read, made at the first use.
"""

from __future__ import annotations

import contextlib
import os
import tempfile
from pathlib import Path

from cryptography.fernet import Fernet, InvalidToken, MultiFernet

from api.settings import Settings

KEY_FILE = "contact.key"


class ContactKeyUnusable(Exception):
    """The key is not one, or not the one that sealed."""


class Sealer:
    """Seals and opens short texts."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._fernet: MultiFernet | None = None

    def seal(self, text: str) -> str:
        """The text, encrypted. Raises ContactKeyUnusable, OSError."""
        return self._keys().encrypt(text.encode()).decode("ascii")

    def open(self, sealed: str) -> str:
        """What was sealed. Raises ContactKeyUnusable, OSError."""
        try:
            return self._keys().decrypt(sealed.encode("ascii")).decode()
        except InvalidToken as error:
            raise ContactKeyUnusable(
                f"A contact was sealed with another key: put that key back into {KEY_FILE} or BANGBAN_CONTACT_KEY."
            ) from error

    def _keys(self) -> MultiFernet:
        if self._fernet is None:
            given = self._settings.contact_key
            told = given.get_secret_value() if given else _key_in(self._settings.data_dir / KEY_FILE)
            try:
                self._fernet = MultiFernet([Fernet(key.strip()) for key in told.split(",") if key.strip()])
            except ValueError as error:
                raise ContactKeyUnusable(
                    "BANGBAN_CONTACT_KEY is no key: make one with "
                    "`python -c 'from cryptography.fernet import Fernet; print(Fernet.generate_key().decode())'`."
                ) from error
        return self._fernet


def _key_in(path: Path) -> str:
    """The key of the file, made where there is none, and linked into place whole, so that all processes read one."""
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=path.parent, prefix=".contact-key-") as made:  # mkstemp: 0600
            made.write(Fernet.generate_key())
            made.flush()
            os.fsync(made.fileno())
            with contextlib.suppress(FileExistsError):
                os.link(made.name, path)
    return path.read_text("ascii").strip()
