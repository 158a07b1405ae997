"""Run the command line with `python -m zabcheck`."""

from zabcheck.cli.main import main

raise SystemExit(main())
