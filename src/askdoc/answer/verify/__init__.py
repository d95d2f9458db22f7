"""Whether the spans that a sentence cites carry it."""
