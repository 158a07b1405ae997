"""A matrix of checks and validations, each with what is expected of it, for continuous integration.

A cell is a command line of ``zabcheck check`` or ``zabcheck validate``: what it means, which options there are and
which mistakes can be made is said there and nowhere else. Each runs in a process of its own, so that memory and crashes
of one stay with it.
"""
