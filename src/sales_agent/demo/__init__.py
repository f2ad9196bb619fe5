"""The sample world that ships with the product, and the demo that plays it through the real front door."""
