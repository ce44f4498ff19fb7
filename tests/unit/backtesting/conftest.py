"""Puts this folder on the path, so that its tests can share the modules that lie beside them."""
