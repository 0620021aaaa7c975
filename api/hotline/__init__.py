"""The hotline desk: an operator connects a caller with the staff of a window, in order, and every attempt is kept."""
