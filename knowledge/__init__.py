"""The curated permit FAQ base: facts stored once, answers as templates over them."""
