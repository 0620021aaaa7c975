"""The schema's history; run at start by api.storage.database."""
