"""What becomes of the desk's work: figures for supervisors, and follow-ups of what visitors were not content with."""
