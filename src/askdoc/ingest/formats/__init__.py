"""One module a family of file formats: each reads a path to an Extract."""
