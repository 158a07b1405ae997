"""Recordings of real ensembles will live here: the event schema, the readers and the validator."""
