"""`kanrin about`: versions and shipped cases."""

from __future__ import annotations

import platform

import click

from kanrin import __version__
from kanrin.app._options import json_option

__all__ = ["command"]


@click.command(
    "about", help="Print the versions of Kanrin, Python and NumPy, the kernels that run, the shipped cases."
)
@json_option
def command(as_json: bool) -> None:
    """Versions and shipped cases."""
    from importlib.metadata import version

    from kanrin.app._terminal import print_json
    from kanrin.facts import shipped_cases
    from kanrin.kernels import about as kernels_about

    kernels = kernels_about()
    about = {
        "kanrin": __version__,
        "python": platform.python_version(),
        "numpy": version("numpy"),
        "kernels": f"{kernels['kernels']}, {kernels['isa']}, {kernels['threads']} threads",
        "platform": platform.platform(terse=True),
        "cases": list(shipped_cases()),
        "licence": "MIT",
    }
    if as_json:
        print_json(about)
        return
    for name, value in about.items():
        click.echo(f"{name:9} {', '.join(value) if isinstance(value, list) else value}")
