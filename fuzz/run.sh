#!/bin/bash
# Fuzzes every reader, or those that are named:  fuzz/run.sh [-s SECONDS | -r RUNS] [-j AT_ONCE] [TARGET]...
#
# Stable Rust is enough. libFuzzer needs coverage, which plain options of the code generator provide. The address
# sanitizer would need nightly, and we have no unsafe code for it to check. Each target starts from the seeds in
# fuzz/seeds/TARGET. New inputs go to fuzz/corpus/TARGET, which is not checked in. A finding stops the run, and is stored
# in fuzz/findings/. Minimise it and add it to the seeds, so that `cargo test` checks it from then on
# (tests/suite/seeds.rs).
set -euo pipefail
cd "$(dirname "$0")"

bound="-max_total_time=60" at_once=1
while getopts s:r:j: option; do
    case $option in
        s) bound="-max_total_time=$OPTARG" ;;
        r) bound="-runs=$OPTARG" ;;
        j) at_once=$OPTARG ;;
        *) exit 64 ;;
    esac
done
shift $((OPTIND - 1))
[ $# -gt 0 ] || set -- $(cd targets && ls | sed 's/\.rs$//')

host=$(rustc -vV | sed -n 's/^host: //p')
RUSTFLAGS="--cfg fuzzing -Cpasses=sancov-module -Cllvm-args=-sanitizer-coverage-level=4 \
-Cllvm-args=-sanitizer-coverage-inline-8bit-counters -Cllvm-args=-sanitizer-coverage-pc-table \
-Cllvm-args=-sanitizer-coverage-trace-compares" \
    cargo build --release --locked --target "$host"

fuzz() { # TARGET
    local log="findings/$1.log"
    mkdir -p "corpus/$1"
    # A parser that needs more than 10 seconds or 512 MB for 16 KB of input is as broken as one that panics.
    if ! "target/$host/release/$1" "$bound" -timeout=10 -rss_limit_mb=512 -max_len=16384 \
        -print_final_stats=1 -verbosity=0 -artifact_prefix="findings/$1-" "corpus/$1" "seeds/$1" >"$log" 2>&1; then
        tail -40 "$log"
        echo "fuzz: $1 found something, which lies in fuzz/findings/" >&2
        return 1
    fi
    awk -v target="$1" '/number_of_executed_units/ { runs = $2 } /peak_rss_mb/ { peak = $2 }
        END { print "fuzz: " target ": " runs " runs, nothing found, " peak " MB at most" }' "$log"
}

mkdir -p findings
for target; do
    while [ "$(jobs -rp | wc -l)" -ge "$at_once" ]; do wait -n; done
    fuzz "$target" &
done
while [ -n "$(jobs -p)" ]; do wait -n; done
