"""`kanrin init`: a shipped case copied into a folder of the user's."""

from __future__ import annotations

from pathlib import Path

import click

from kanrin.app._options import json_option, not_blank

__all__ = ["command"]


@click.command(
    "init",
    help="Copy the files of a case into DIR, to edit them. Every command then takes DIR in the place "
    "of CASE. "
    "DIR must be new or empty, unless --force is given.",
)
@click.argument("folder", metavar="DIR", type=click.Path())
@click.option(
    "--from", "source", default="us-japan", show_default=True, metavar="CASE", help="The case to copy."
)
@click.option("--force", is_flag=True, help="Write over the files of a folder that is not empty.")
@json_option
def command(folder: str, source: str, force: bool, as_json: bool) -> None:
    """Copy a case."""
    from kanrin.app._interrupt import held
    from kanrin.facts import init_case

    not_blank("DIR", folder, "a folder")
    not_blank("--from", source, "a shipped case or a case folder")
    done = False
    try:
        with held():
            target = init_case(folder, source, force=force)
            done = True
        _show(target, source, as_json)
    except KeyboardInterrupt:
        raise KeyboardInterrupt(f"written to {folder}" if done else "nothing was written") from None


def _show(target: Path, source: str, as_json: bool) -> None:
    from kanrin.app._terminal import print_json

    files = sorted(path.relative_to(target).as_posix() for path in target.rglob("*") if path.is_file())
    if as_json:
        print_json({"folder": str(target), "from": source, "files": files})
        return
    click.echo(f"Copied {source} to {target} ({len(files)} files). Next: kanrin check {target}")
