#!/bin/bash
# All networks that patterns block, from a made-up dump with the size and the nesting of RIPE's own (4.3 million
# networks in 66,000 allocations, and their organisations). It measures the import, and the list beside `zcat | grep -E
# -f`, which only reads the same text. Needs hyperfine, GNU time and python3, and 4 GB of disk. No queries.
set -euo pipefail
cd "$(dirname "$0")/.."
allocations=${ALLOCATIONS:-66000}

cargo build --release --locked --quiet --bin whodunit
work=$(mktemp -d)
trap 'rm -r "$work"' EXIT

benches/dump.py "$work" "$allocations"

/usr/bin/time -f 'import %e s, %M kB' target/release/whodunit cache import --config none --cache "$work/cache.db" "$work"/*.gz
for patterns in three many; do
    ours="target/release/whodunit networks --config none --cache $work/cache.db --max-addresses 0 -f $work/$patterns -o $work/list"
    theirs="sh -c 'zcat $work/ripe.db.inetnum.gz $work/ripe.db.organisation.gz | grep -cE -f $work/$patterns'"
    # shellcheck disable=SC2086 # the words of a command
    /usr/bin/time -f "$patterns: %e s, %M kB" $ours 2>&1 | tail -1
    hyperfine --shell=none --runs "${RUNS:-3}" --export-json "$work/$patterns.json" -n whodunit "$ours" -n pipe "$theirs"
done

python3 - "$work" <<'P'
import json, os, sys
for patterns in ('three', 'many'):
    us, they = json.load(open(os.path.join(sys.argv[1], patterns + '.json')))['results']
    print(f"{patterns}: {us['mean']:.2f} s against {they['mean']:.2f} s, {us['mean'] / they['mean']:.2f} times (wanted: at most 1.5)")
P
