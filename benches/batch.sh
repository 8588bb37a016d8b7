#!/bin/bash
# 600 distinct addresses at 50 ms an answer, 32 at once, with an empty cache (CACHE=none: without one), against the
# latency floor. Then the processor time against the shell pipeline that whodunit replaces, 32 at once through xargs. Needs
# hyperfine, and Debian's whois for the pipeline. No internet: the demo plays one registry on loopback.
set -euo pipefail
cd "$(dirname "$0")/.."
addresses=${ADDRESSES:-600} delay=${DELAY_MS:-50} jobs=${JOBS:-32} binary=${WHODUNIT:-target/release/whodunit}

cargo build --release --locked --quiet --bin whodunit --example demo
work=$(mktemp -d)
cache=${CACHE:-$work/cache.db}
coproc farm { exec target/release/examples/demo serve "$delay"; }
# shellcheck disable=SC2154 # coproc sets farm and farm_PID
in=${farm[1]} out=${farm[0]}
trap 'exec {in}>&-; wait "$farm_PID" 2>/dev/null || true; rm -r "$work"' EXIT
read -r _ servers <&"$out"
read -r _ _ port <&"$out"

for ((i = 0; i < addresses; i++)); do
    echo "193.$((i / 250)).$((i % 250)).$((i % 7 + 1))"
done >"$work/addresses"
printf '%s\n' Contoso 'Fabrikam B\.V\.' '^netname: *LITWARE' >"$work/blocked"

cat >"$work/whodunit" <<S
#!/bin/sh
exec $binary --config none --cache $cache --servers $servers --rate 0 -j $jobs --per-server $jobs \\
    --timeout 20 -f $work/blocked <$work/addresses >$work/answers
S
cat >"$work/pipeline" <<S
#!/bin/sh
xargs -P$jobs -I{} sh -c 'whois -h 127.0.0.1 -p $port "{}" | grep -E -f $work/blocked | wc -l' \\
    <$work/addresses >$work/counts
S
chmod +x "$work/whodunit" "$work/pipeline"

export_to=("$work/whodunit.json")
hyperfine --shell=none --ignore-failure --warmup 1 --runs "${RUNS:-5}" --prepare "rm -f $work/cache.db" \
    --export-json "${export_to[0]}" -n whodunit "$work/whodunit"
if command -v whois >/dev/null; then
    hyperfine --shell=none --ignore-failure --runs 2 --export-json "$work/pipeline.json" -n pipeline "$work/pipeline"
fi

python3 - "$work" "$addresses" "$delay" "$jobs" <<'P'
import json, os, sys
work, addresses, delay, jobs = sys.argv[1], *map(int, sys.argv[2:])
one = lambda name: json.load(open(os.path.join(work, name)))['results'][0]
us, floor = one('whodunit.json'), addresses * delay / 1000 / jobs
cpu = us['user'] + us['system']
answered = sum(1 for line in open(os.path.join(work, 'answers')) if '\tunknown\t' not in line)
print(f"answered {answered} of {addresses}")
print(f"wall {us['mean']:.3f} s, floor {floor:.3f} s: {us['mean'] / floor:.2f} times (wanted: at most 1.3)")
if os.path.exists(os.path.join(work, 'pipeline.json')):
    they = one('pipeline.json')
    theirs = they['user'] + they['system']
    print(f"processor {cpu:.3f} s against {theirs:.3f} s: {cpu / theirs:.3f} (wanted: under 0.1); wall {they['mean']:.2f} s")
P
