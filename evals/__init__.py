"""How good askdoc is, measured; and how its reader is trained."""
