"""Room: cost."""
