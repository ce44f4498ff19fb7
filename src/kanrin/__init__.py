"""Kanrin."""
