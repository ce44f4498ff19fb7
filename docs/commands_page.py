"""The page of the commands, written from the commands: `python docs/commands_page.py` renews it."""

from __future__ import annotations

from pathlib import Path

import click

from kanrin.app._group import COMMANDS, app

PAGE = Path(__file__).with_name("reference") / "commands.md"

HEAD = """# Commands

<!-- Written by docs/commands_page.py from the commands; a test keeps the two equal. -->

`CASE` is a shipped case (`us-japan`) or the path of a case folder. Dates are written YYYY-MM-DD. Messages
go to standard error, answers to standard output; colour and progress bars only to a terminal (`NO_COLOR` is
respected).

| exit code | meaning |
|---|---|
| 0 | done |
| 2 | bad input: the message says what, where, what was expected and the way out |
| 130 | interrupted by Ctrl-C or a polite kill; one sentence says what was written |
| 1 | anything else; `KANRIN_TRACEBACK=1` shows the traceback of a defect |
"""


def _row(parameter: click.Parameter, context: click.Context) -> str:
    name = ", ".join(f"`{opt}`" for opt in (*parameter.opts, *parameter.secondary_opts))
    if isinstance(parameter, click.Argument):
        return f"| `{parameter.make_metavar(context)}` | |"
    assert isinstance(parameter, click.Option)
    takes = "" if parameter.is_flag else f" `{parameter.make_metavar(context)}`".replace("|", "\\|")
    text = parameter.help or ""
    if parameter.show_default and not parameter.is_flag:
        text += f" Default: `{parameter.default}`."
    return f"| {name}{takes} | {text} |"


def page() -> str:
    """The whole page."""
    group = click.Context(app, info_name="kanrin")
    parts = [HEAD]
    for name in COMMANDS:
        command = app.get_command(group, name)
        assert command is not None
        context = click.Context(command, info_name=name, parent=group)
        rows = [_row(p, context) for p in command.params if p.name != "help"]
        usage = " ".join(["kanrin", name, *command.collect_usage_pieces(context)])
        parts.append(
            f"## kanrin {name}\n\n```text\n{usage}\n```\n\n{command.help}\n\n| argument or option | "
            f"meaning |\n|---|---|\n" + "\n".join(rows) + "\n"
        )
    return "\n".join(parts)


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
