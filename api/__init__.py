"""The web application: the public HTTP contract, sessions, acts turned into messages, storage, pages."""
