"""Puts this folder on the path, so that its tests can share the modules that lie beside them, and the folder
of the docs, whose scripts write the pages of replications."""

import sys
from pathlib import Path

sys.path.append(str(Path(__file__).resolve().parents[2] / "docs"))
