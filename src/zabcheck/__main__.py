"""Run the command line with `python -m zabcheck`."""

try:
    from zabcheck.cli.main import main
except KeyboardInterrupt:
    import sys

    sys.stderr.write("zabcheck: interrupted\n")
    raise SystemExit(3) from None

raise SystemExit(main())
