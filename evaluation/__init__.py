"""Measuring the product as its users meet it."""
