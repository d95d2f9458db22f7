"""What is stored of a corpus, and the two ways to find passages in it."""
