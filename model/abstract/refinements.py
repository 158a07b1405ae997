"""The executable models that are mapped to abstract Zab, by their names."""

from zabcheck.model.abstract.zab import ZabRefinement
from zabcheck.model.abstract.zookeeper import ZooKeeperRefinement

REFINEMENTS: dict[str, ZabRefinement | ZooKeeperRefinement] = {
    "zab": ZabRefinement(),
    "zookeeper": ZooKeeperRefinement(),
}
