"""``--release`` and ``--bug`` of servers that run: what they do as."""

from __future__ import annotations

from typing import TYPE_CHECKING

from zabcheck.cli.guess import require_known

if TYPE_CHECKING:
    import argparse

    from zabcheck.cli.arguments import Parser


def add_behaviour(parser: Parser, where: str = "") -> None:
    """Add the options; ``where`` says when they count."""
    parser.add_argument(
        "--release",
        default="mended",
        metavar="NAME",
        help=f"{where}do as this release of ZooKeeper does, its bugs included (default mended)",
    )
    parser.add_argument(
        "--bug",
        metavar="NAME",
        action="append",
        default=[],
        help=f"{where}have this bug besides (zabcheck variants zookeeper; repeatable)",
    )


def behaviour(parsed: argparse.Namespace) -> tuple[str, tuple[str, ...]]:
    """The release and the bugs that were asked for; what there is not is refused."""
    from zabcheck.model.zookeeper import model
    from zabcheck.model.zookeeper.releases import RELEASES

    require_known(parsed.release, RELEASES, "release", "zabcheck releases")
    bugs = tuple(dict.fromkeys(parsed.bug))
    for name in bugs:
        require_known(name, model.variants, "variant", f"model {model.name}")
    return parsed.release, bugs
