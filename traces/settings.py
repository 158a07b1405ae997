"""The settings of ``zoo.cfg`` that are numbers or switches, so that a value that is neither can be refused.

The names are those that ``QuorumPeerConfig.parseProperties`` converts. What it does not know, it hands on to other
parts of ZooKeeper, whatever it says.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from zabcheck.traces.java_properties import Property

INTEGERS = frozenset(
    {
        "autopurge.snapRetainCount",
        "clientPort",
        "clientPortListenBacklog",
        "connectToLearnerMasterLimit",
        "electionAlg",
        "initLimit",
        "maxClientCnxns",
        "maxSessionTimeout",
        "minSessionTimeout",
        "multiAddress.reachabilityCheckTimeoutMs",
        "observerMasterPort",
        "quorum.cnxn.threads.size",
        "secureClientPort",
        "syncLimit",
        "tickTime",
    }
)
LONGS = frozenset({"jvm.pause.info-threshold.ms", "jvm.pause.sleep.time.ms", "jvm.pause.warn-threshold.ms"})
BOOLEANS = frozenset(
    {
        "jvm.pause.monitor",
        "localSessionsEnabled",
        "localSessionsUpgradingEnabled",
        "multiAddress.enabled",
        "multiAddress.reachabilityCheckEnabled",
        "portUnification",
        "quorum.auth.enableSasl",
        "quorum.auth.learnerRequireSasl",
        "quorum.auth.serverRequireSasl",
        "quorumListenOnAllIPs",
        "reconfigEnabled",
        "sslQuorum",
        "sslQuorumReloadCertFiles",
        "standaloneEnabled",
        "syncEnabled",
    }
)


def check_settings(properties: dict[str, Property]) -> None:
    """Refuse the first setting whose value ZooKeeper could not convert."""
    for key, setting in properties.items():
        if key in INTEGERS or key in LONGS:
            number = setting.integer(setting.value.strip(), bits=32 if key in INTEGERS else 64)
            if key == "electionAlg" and number != 3:
                raise setting.refusal("only 3 is supported; remove the line")
            if key == "tickTime" and number == 0:
                raise setting.refusal("it must not be 0")
        elif key in BOOLEANS:
            setting.boolean()
        elif key == "peerType" and setting.value.strip().lower() not in ("observer", "participant"):
            raise setting.refusal(f"unknown peer type {setting.value!r}; it is participant or observer")
