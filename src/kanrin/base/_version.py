"""The version of Kanrin; part of every run id."""

__version__ = "0.1.0"
