"""Helpers' accounts: who somebody is, how they sign in, what they may do, and what is written down about it."""
