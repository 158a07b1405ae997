#!/bin/sh
# Collects what `zabcheck validate` wants from one ZooKeeper server. Reads only; the server is not touched.
#
#   sh collect-recording.sh ZOO_CFG LOG_FOLDER OUT [SECONDS]
#
# Makes OUT/sN with the configuration, the logs and a copy of the data directories, N being the server's number.
# With SECONDS it first captures so long the traffic of the quorum and election ports; that needs tcpdump and root.
set -eu

fail() {
    echo "collect-recording: $1" >&2
    exit 2
}

[ $# -ge 3 ] || fail "usage: sh collect-recording.sh ZOO_CFG LOG_FOLDER OUT [SECONDS]"
configuration=$1 logs=$2 out=$3 seconds=${4:-0}
[ -r "$configuration" ] || fail "cannot read $configuration"
[ -d "$logs" ] || fail "there is no folder $logs"

setting() {
    sed -n "s/^[[:space:]]*$1[[:space:]]*=[[:space:]]*//p" "$configuration" | tail -n 1
}

data=$(setting dataDir)
[ -n "$data" ] || fail "$configuration has no dataDir"
data_log=$(setting dataLogDir)
[ -r "$data/myid" ] || fail "cannot read $data/myid; a relative dataDir is seen from the server's working directory: run this there"
number=$(tr -dc 0-9 <"$data/myid")
target=$out/s$number
mkdir -p "$target"

if [ "$seconds" -gt 0 ]; then
    ports=$(sed -n 's/^[[:space:]]*server\.[0-9]*[[:space:]]*=[^:]*:\([0-9]*\):\([0-9]*\).*/\1 \2/p' "$configuration")
    filter=$(printf '%s\n' "$ports" | tr ' ' '\n' | sort -un | sed 's/^/tcp port /' | paste -sd '|' - | sed 's/|/ or /g')
    timeout "$seconds" tcpdump -i any -s 0 -U -w "$target/peer-traffic.pcap" "$filter" || [ $? -eq 124 ]
fi

cp "$configuration" "$target/zoo.cfg"
dynamic=$(setting dynamicConfigFile)
if [ -n "$dynamic" ] && [ -r "$dynamic" ]; then
    cp "$dynamic" "$target/"
fi
cp "$data/myid" "$target/myid"

# Logs before snapshots, and the epoch files last: whatever the server writes meanwhile, what is copied later is newer,
# so that no epoch file is older than the records beside it.
mkdir -p "$target/version-2"
for file in "${data_log:-$data}"/version-2/log.*; do
    [ -e "$file" ] && cp -p "$file" "$target/version-2/"
done
for file in "$data"/version-2/snapshot.*; do
    [ -e "$file" ] && cp -p "$file" "$target/version-2/"
done
for file in acceptedEpoch currentEpoch; do
    [ -e "$data/version-2/$file" ] && cp -p "$data/version-2/$file" "$target/version-2/"
done
for file in "$logs"/*; do
    [ -f "$file" ] && cp -p "$file" "$target/"
done
echo "collect-recording: $target"
