"""What real ensembles leave behind: their configuration, and in time their recordings.

`zoo_cfg` reads who is in an ensemble and what is a quorum of it, `ensemble` is what it found, as plain data. The event
schema, the readers and the validator of recordings will live here.
"""
