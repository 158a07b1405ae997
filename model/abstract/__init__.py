"""Zab without bounds: a protocol in first-order logic, and why it is safe.

=============  ===================================================================
`protocol`     relations, axioms and transitions
`invariant`    what holds in every reachable state, with the reason of each conjunct
`safety`       the guarantees that follow
`mutants`      mistakes, each with a run that shows what it breaks
`instance`     small ensembles to run all this in
=============  ===================================================================
"""

from dataclasses import replace

from zabcheck.model.abstract.instance import ensemble, individuals
from zabcheck.model.abstract.invariant import INVARIANT
from zabcheck.model.abstract.mutants import EVERYTHING, MUTANTS, start_of
from zabcheck.model.abstract.protocol import PROTOCOL
from zabcheck.model.abstract.safety import SAFETY

THEORY = replace(PROTOCOL, invariant=INVARIANT, safety=SAFETY)

__all__ = ["EVERYTHING", "MUTANTS", "THEORY", "ensemble", "individuals", "start_of"]
