"""The helpers' desk: who waits, who has whom, what is said, and what happened."""
