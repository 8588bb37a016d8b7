#!/bin/bash
# 200,000 addresses answered from 300,000 imported nested networks, offline, as JSON Lines. Beside it Python's maxminddb
# finds the same addresses in a database of the same networks, and prints its results. Needs hyperfine and python3, and
# for the comparison the packages maxminddb and mmdb_writer (without them it is left out). No queries.
set -euo pipefail
cd "$(dirname "$0")/.."
allocations=${ALLOCATIONS:-4640} addresses=${ADDRESSES:-200000} binary=${WHODUNIT:-target/release/whodunit}

[ -n "${WHODUNIT:-}" ] || cargo build --release --locked --quiet --bin whodunit
work=$(mktemp -d)
trap 'rm -r "$work"' EXIT

benches/dump.py "$work" "$allocations"
"$binary" cache import --config none --cache "$work/cache.db" "$work"/*.gz >/dev/null
python3 - "$work" "$allocations" "$addresses" <<'P'
import random, sys
work, allocations, addresses = sys.argv[1], *map(int, sys.argv[2:])
random.seed(3)
with open(f'{work}/addresses', 'w') as out:
    for n in random.sample(range(allocations << 12), addresses):
        n += 77 << 24
        out.write(f'{n >> 24}.{n >> 16 & 255}.{n >> 8 & 255}.{n & 255}\n')
P

cat >"$work/whodunit" <<S
#!/bin/sh
exec $binary --config none --cache $work/cache.db --offline --json -f $work/three <$work/addresses >$work/answers
S
cat >"$work/few" <<S
#!/bin/sh
head -1 $work/addresses | exec $binary --config none --cache $work/cache.db --offline --json -f $work/three >$work/answer
S
chmod +x "$work/whodunit" "$work/few"

python=()
if python3 -c 'import maxminddb, mmdb_writer' 2>/dev/null; then
    python3 - "$work" <<'P'
import gzip, ipaddress, sys
from mmdb_writer import MMDBWriter
from netaddr import IPSet, iprange_to_cidrs
work, seen = sys.argv[1], {}
writer = MMDBWriter(4, 'example', languages=['en'])
for line in gzip.open(f'{work}/ripe.db.inetnum.gz', 'rt'):
    key, _, value = line.partition(':')
    if key in ('inetnum', 'netname', 'descr', 'country', 'mnt-by'):
        seen.setdefault(key, value.strip())
    elif line == '\n' and seen:
        first, last = seen.pop('inetnum').split(' - ')
        writer.insert_network(IPSet(iprange_to_cidrs(first, last)), seen)
        seen = {}
writer.to_db_file(f'{work}/networks.mmdb')
P
    cat >"$work/python.py" <<'S'
import json, sys, maxminddb
reader = maxminddb.open_database(sys.argv[1])
for line in sys.stdin:
    print(json.dumps({'ip': line.strip(), 'network': reader.get(line.strip())}))
S
    printf '#!/bin/sh\nexec python3 %s %s <%s >%s\n' "$work/python.py" "$work/networks.mmdb" "$work/addresses" "$work/theirs" >"$work/python"
    chmod +x "$work/python"
    python=(-n maxminddb "$work/python")
fi

hyperfine --shell=none --ignore-failure --warmup 1 --runs "${RUNS:-5}" --export-json "$work/figures.json" -n whodunit "$work/whodunit" \
    -n one "$work/few" "${python[@]}"
python3 - "$work" "$addresses" <<'P'
import json, sys
work, addresses = sys.argv[1], int(sys.argv[2])
us, one, *they = json.load(open(f'{work}/figures.json'))['results']
cpu = us['user'] + us['system']
print(f"answered {sum(1 for _ in open(f'{work}/answers'))} of {addresses}")
print(f"{us['mean']:.2f} s, {cpu:.2f} s of processor ({cpu / addresses * 1e6:.1f} us an address); one address {one['mean'] * 1000:.1f} ms")
for other in they:
    theirs = other['user'] + other['system']
    print(f"maxminddb {other['mean']:.2f} s, {theirs:.2f} s of processor: {us['mean'] / other['mean']:.2f} times its time, {cpu / theirs:.2f} its processor")
P
