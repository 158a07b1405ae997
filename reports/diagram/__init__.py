"""Sequence diagrams of runs: a counterexample, a worked example, or the events around what is wrong in a recording.

A `Diagram` is plain data: lanes, rows, arrows between them, and the state. It is made by `of_trace`, `of_performance`
(`runs`) or `of_finding` (`events`), and shown by functions of it alone: `svg.drawn` (a picture), `page.page` (a
self-contained HTML file), `lines.show_diagram` (a terminal), `mermaid.document`, `shiviz.document`, `itf.document`.
Whoever has a run of a model, such as a page that explores one, makes a `Trace` of it with `zabcheck.checker.trace` and
calls ``svg.drawn(of_trace(trace))``.
"""
