from hypothesis import given, settings, HealthCheck
from tests.strategies import programs, build, Scope, Program
from tests.checker.agreement import agree, bounded
import time, collections
T=collections.Counter()

@settings(max_examples=150, deadline=None, derandomize=True,database=None)
@given(programs())
def test_random(program: Program) -> None:
    model, scope = build(program), Scope(program.nodes)
    t=time.time()
    limits = bounded(model, scope, 500)
    T["b"]+=time.time()-t
    t=time.time()
    goals = [name for name, p in model.properties.items() if p.kind.value == "goal"]
    r=agree(model, scope, configurations=((1,"fingerprint"),(2,"exact")), limits=limits, witness=goals[0] if goals else None)
    T["a"]+=time.time()-t
    T[r.distinct_states//100]+=1
def test_z():
    print(T)
