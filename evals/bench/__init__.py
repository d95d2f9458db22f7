"""How fast askdoc is and how far it scales, measured: every ratio pair by pair in one run."""
