"""Whether answers are good, counted: metrics, runs, comparison, report."""
