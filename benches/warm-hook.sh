#!/bin/bash
# One warm hook, a process from start to exit code, with 3, 1,000 and 10,000 patterns. It is compared with /bin/true,
# and with the shell pipeline on a whois server that answers at once. The fastest of many runs shows a quiet machine;
# the median is beside it. Needs hyperfine and Debian's whois. No internet.
set -euo pipefail
cd "$(dirname "$0")/.."

cargo build --release --locked --quiet --bin whodunit --example demo
work=$(mktemp -d)
# Copied like an install: a file just written by the linker is in the page cache in small pieces, and starts slower.
cp target/release/whodunit "$work/whodunit"
coproc farm { exec target/release/examples/demo serve 0; }
# shellcheck disable=SC2154 # coproc sets farm and farm_PID
in=${farm[1]} out=${farm[0]}
trap 'exec {in}>&-; wait "$farm_PID" 2>/dev/null || true; rm -r "$work"' EXIT
read -r _ servers <&"$out"
read -r _ _ port <&"$out"

# Names of networks, in the forms that admins write; the last one matches.
for count in 3 1000 10000; do
    awk -v count="$count" 'BEGIN {
        srand(7)
        for (i = 1; i < count; i++) {
            word = ""
            for (c = 0; c < 7; c++) word = word sprintf("%c", 97 + int(rand() * 26))
            if (i % 10 == 1) print "^netname: +" toupper(word) "-(NET|BLK)"
            else if (i % 10 == 2) print toupper(substr(word, 1, 1)) substr(word, 2) " (Hosting|Networks) (Ltd|GmbH)"
            else if (i % 10 == 3) print word "\\.example"
            else print toupper(substr(word, 1, 1)) substr(word, 2) " " substr(word, 3, 4)
        }
        print "Contoso"
    }' >"$work/patterns.$count"
done

for count in 3 1000 10000; do
    ours=("$work/whodunit" --config none --cache "$work/cache.db" --servers "$servers" -f "$work/patterns.$count" -c 193.0.22.1)
    "${ours[@]}" >"$work/out" || true
    "${ours[@]}" >"$work/out" || true
    echo "$count patterns: whodunit counts $(cat "$work/out"), the pipeline $(
        whois -h 127.0.0.1 -p "$port" 193.0.22.1 | grep -E -f "$work/patterns.$count" | wc -l)"
    pipeline="whois -h 127.0.0.1 -p $port 193.0.22.1 | grep -E -f $work/patterns.$count | wc -l"
    hyperfine --shell=none --ignore-failure --warmup 5 --runs "${RUNS:-60}" --export-json "$work/$count.json" \
        -n true /bin/true -n whodunit "${ours[*]}" -n pipeline "sh -c '$pipeline'" >/dev/null 2>&1
done

python3 - "$work" <<'P'
import json, os, sys
for kind in ('min', 'median'):
    print(f"{kind + ', patterns':>16} {'true':>9} {'whodunit':>9} {'pipeline':>10} {'x true':>7} {'faster':>7}")
    for count in (3, 1000, 10000):
        runs = json.load(open(os.path.join(sys.argv[1], f'{count}.json')))['results']
        true, ours, theirs = (run[kind] * 1000 for run in runs)
        print(f"{count:16} {true:6.2f} ms {ours:6.2f} ms {theirs:7.2f} ms {ours / true:7.2f} {theirs / ours:7.1f}")
P
