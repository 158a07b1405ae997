"""What people and CI see of a result: terminal, JSON and further formats.

A report is a function of plain data (`zabcheck.checker.result`). Nothing here runs a model or a search, so a
report can be made again from what was stored, and tested without exploring anything.
"""
