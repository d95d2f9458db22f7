"""Training the reader and fitting the chances, on public question sets."""
