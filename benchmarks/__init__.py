"""How fast the product is, as ratios to simpler programs measured in the same run: docs/benchmarks.md."""
