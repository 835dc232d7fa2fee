"""The `shopkeeper` command: one verb a file, errors turned into exit codes."""

from __future__ import annotations

import sys
from types import ModuleType

import typer

from shopkeeper import __version__
from shopkeeper.cli import (
    check,
    content,
    demo,
    doctor,
    experiment,
    export,
    features,
    forget,
    import_,
    init,
    jobs,
    keys,
    migrate,
    models,
    monitor,
    objectives,
    people,
    price,
    retrain,
    rollout,
    serve,
    simulate,
    sync,
    train,
    work,
)
from shopkeeper.errors import InputError, ShopkeeperError

VERBS: tuple[ModuleType, ...] = (
    init,
    import_,
    sync,
    check,
    features,
    objectives,
    train,
    jobs,
    work,
    models,
    monitor,
    retrain,
    rollout,
    experiment,
    price,
    content,
    keys,
    people,
    serve,
    simulate,
    demo,
    doctor,
    export,
    migrate,
    forget,
)


def build() -> typer.Typer:
    """Return the command with every verb registered, in the order a newcomer needs them."""
    app = typer.Typer(
        name="shopkeeper",
        help="The self-hosted AI layer of a retailer: recommendations, pricing and content on one set of rails.\n\n"
        "Start with `shopkeeper demo`, or `shopkeeper init myshop` for your own data.",
        no_args_is_help=True,
        pretty_exceptions_enable=False,
        add_completion=False,
    )

    @app.callback(invoke_without_command=True)
    def root(version: bool = typer.Option(False, "--version", help="Print the version and stop.")) -> None:
        if version:
            print(__version__)
            raise typer.Exit

    for verb in VERBS:
        verb.register(app)
    return app


def main() -> None:
    """Run the command. Exit 0 done, 1 a contract is not met or something failed, 2 usage or bad input."""
    try:
        build()()
    except ShopkeeperError as error:
        print(f"Error: {error.reason}", file=sys.stderr)
        for problem in error.problems:
            where = f"row {problem.row}, " if problem.row is not None else ""
            print(f"  {where}{problem.field}: {problem.reason} {problem.remedy}".rstrip(), file=sys.stderr)
        if error.remedy:
            print(f"What to do: {error.remedy}", file=sys.stderr)
        sys.exit(2 if isinstance(error, InputError) else 1)
