"""The Rasa project (Python 3.10, its own environment) and the protocol it shares with the rest."""
