#!/bin/bash
# An import of half a million networks, compressed as registries publish them, beside gzip and grep, which only read the
# file. Then one address found in it, beside a search through it. Needs hyperfine. No queries.
set -euo pipefail
cd "$(dirname "$0")/.."
networks=${NETWORKS:-500000}

cargo build --release --locked --quiet --bin whodunit
work=$(mktemp -d)
trap 'rm -r "$work"' EXIT

awk -v networks="$networks" 'BEGIN {
    print "# made up\n"
    for (n = 0; n < networks; n++) {
        first = sprintf("%d.%d.%d", 11 + n / 65536, n / 256 % 256, n % 256)
        printf "inetnum:        %s.0 - %s.255\nnetname:        EXAMPLE-%d\n", first, first, n
        printf "descr:          Example Customer %d\ncountry:        DE\nadmin-c:        EX%d-RIPE\n", n % 5000, n % 977
        printf "org:            ORG-EX%d-RIPE\nstatus:         ASSIGNED PA\nmnt-by:         EXAMPLE%d-MNT\n", n % 3000, n % 800
        print "created:        2010-01-01T00:00:00Z\nlast-modified:  2020-01-01T00:00:00Z\nsource:         RIPE\n"
    }
}' | gzip >"$work/ripe.db.inetnum.gz"
echo "$networks networks, $(($(stat -c %s "$work/ripe.db.inetnum.gz") / 1000000)) MB packed"

ours="target/release/whodunit cache import --config none --cache $work/cache.db $work/ripe.db.inetnum.gz"
theirs="sh -c 'gzip -dc $work/ripe.db.inetnum.gz | grep -c ^inetnum:'"
hyperfine --shell=none --runs "${RUNS:-3}" --export-json "$work/import.json" -n whodunit "$ours" -n grep "$theirs"
found="target/release/whodunit --config none --cache $work/cache.db --offline 12.34.56.78"
search="sh -c 'zgrep -A 9 \"^inetnum: *12\\.34\\.56\\.0 \" $work/ripe.db.inetnum.gz'"
hyperfine --shell=none --runs "${RUNS:-3}" --export-json "$work/found.json" -n whodunit "$found" -n zgrep "$search"

python3 - "$work" <<'P'
import json, os, sys
one = lambda name: json.load(open(os.path.join(sys.argv[1], name)))['results']
(us, they), (find, search) = one('import.json'), one('found.json')
print(f"import {us['mean']:.2f} s, and grep reads it in {they['mean']:.2f} s")
print(f"found in {find['mean'] * 1000:.1f} ms against {search['mean'] * 1000:.0f} ms")
P
