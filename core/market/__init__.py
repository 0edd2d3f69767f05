"""Market data on AI: published series with their sources, and what may be computed from them."""
