"""`python -m shopkeeper` is the `shopkeeper` command."""

from shopkeeper.cli.main import main

main()
