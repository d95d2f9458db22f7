"""A document in the browser, its cited spans marked."""
