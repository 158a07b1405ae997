"""What real ensembles leave behind, as events, and whether it conforms to the model.

`event` is the schema, `recording` opens what lies in a folder, `validator` holds it against the rules of `rules`, and
`stepwise` looks for a run of a model that explains its recorded steps. `zoo_cfg` reads who is in an ensemble.
"""
