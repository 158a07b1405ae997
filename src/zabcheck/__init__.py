"""Explore the protocols of ZooKeeper exhaustively, hold recordings against them, and run them."""

__version__ = "0.1.0"
