"""Room: trade."""
