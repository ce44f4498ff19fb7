"""Puts this folder on the path, so that tests can share the modules that lie beside it."""
