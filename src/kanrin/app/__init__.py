"""App: the front door, as a command line and as single calls from Python. Nothing heavy is imported here."""

from kanrin.app._main import main

__all__ = ["main"]
