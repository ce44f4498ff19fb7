"""The group of commands: each is imported only when it is run, so that help costs nothing."""

from __future__ import annotations

from difflib import get_close_matches
from importlib import import_module

import click

from kanrin import __version__

__all__ = ["COMMANDS", "app"]

COMMANDS = {  # name -> (module, one line of help)
    "plan": (
        "_plan_command",
        "Which cars to bring over, how many, at what price, certified and shipped how.",
    ),
    "cost": (
        "_cost_command",
        "The landed-cost waterfall of one car, from factory gate to on-the-road price.",
    ),
    "rules": ("_rules_command", "The law in force on a day, and what changed since another."),
    "explain": (
        "_explain_command",
        "The chain behind a number: rule, fact, assumption, table cell or figure.",
    ),
    "estimate": (
        "_estimate_command",
        "Demand and costs from market data: a table of coefficients and an estimate file.",
    ),
    "simulate": (
        "_simulate_command",
        "What a merger, tariff, tax, cost, quota, entry or exit does to prices, profits and buyers.",
    ),
    "backtest": (
        "_backtest_command",
        "How good forecasts of new cars have been, and how much wider a plan makes them.",
    ),
    "check": ("_check_command", "Prove that a case folder is sound, or list its faults with file and line."),
    "init": ("_init_command", "Copy a shipped case into a folder, to edit it."),
    "about": ("_about_command", "Versions of Kanrin and of what it runs on, and the shipped cases."),
}


class LazyGroup(click.Group):
    """A group that knows the names and one-line helps of its commands without importing them."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        module = import_module(f"kanrin.app.{COMMANDS[cmd_name][0]}")
        command: click.Command = module.command
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args and not args[0].startswith("-") and args[0] not in COMMANDS:
            near = get_close_matches(args[0], COMMANDS, n=2, cutoff=0.5)
            hint = f"did you mean {', '.join(near)}?" if near else f"known: {', '.join(COMMANDS)}"
            raise click.UsageError(f"no command {args[0]!r}; {hint}", ctx)
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, text) for name, (_, text) in COMMANDS.items()])


@click.group(
    cls=LazyGroup,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    help="Which cars built in one country to sell in another, and what that rests on.\n\n"
    "CASE is a shipped case (us-japan) or the path of a case folder. "
    "Exit codes: 0 done, 2 bad input, 130 interrupted, 1 anything else.",
    epilog="Start with: kanrin plan us-japan",
)
@click.version_option(__version__, prog_name="kanrin")
def app() -> None:
    """The command `kanrin`."""
