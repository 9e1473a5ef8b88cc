"""`python -m threadviz`: the command, where its script is not on PATH."""

from threadviz.cli.main import main

if __name__ == "__main__":
    main()
