"""Proofs without bounds: protocols in first-order logic, and obligations that z3 decides. It knows nothing of ZAB.

=================  ========================================================================
`formula`          sorts, relations and formulas, as values
`theory`           transitions, an invariant, safety; mutants of all that
`obligations`      what must be shown
`solving`          put to z3; `proving` does so for a whole theory
`smtlib`           the same for other solvers
`compiling`        formulas as Python functions
`finite`           states with so many individuals, and runs in them
`counterexample`   what z3 found against an obligation, as such a state
`refinement`       whether an executable model does only what a theory allows
`result`           what came of it
=================  ========================================================================

A protocol is written with `formula`, `theory` and `finite`; z3 is loaded only by who proves.
"""
