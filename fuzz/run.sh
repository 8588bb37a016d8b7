#!/bin/bash
# Fuzzes every reader but `typed`, or those that are named:  fuzz/run.sh [-s SECONDS | -r RUNS] [-j AT_ONCE] [TARGET]...
#
# Stable Rust is enough: libFuzzer needs coverage, which are plain options of the code generator; the address sanitizer
# would need nightly, and there is no unsafe code of ours for it to watch. Each target starts from the seeds in
# fuzz/seeds/TARGET; what it learns goes to fuzz/corpus/TARGET, which is not kept. A finding stops the run, and lies in
# fuzz/findings/: put it, made small, among the seeds, so that `cargo test` knows it for ever (tests/suite/seeds.rs).
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
# `typed` runs only where it is named: what it finds is a reader that is taken in by a new mixture of words, to be mended in
# its time, and no reason to stop everybody else. Its seeds are in every `cargo test`.
[ $# -gt 0 ] || set -- $(cd targets && ls | sed 's/\.rs$//' | grep -vx typed)

host=$(rustc -vV | sed -n 's/^host: //p')
RUSTFLAGS="--cfg fuzzing -Cpasses=sancov-module -Cllvm-args=-sanitizer-coverage-level=4 \
-Cllvm-args=-sanitizer-coverage-inline-8bit-counters -Cllvm-args=-sanitizer-coverage-pc-table \
-Cllvm-args=-sanitizer-coverage-trace-compares" \
    cargo build --release --locked --target "$host"

fuzz() { # TARGET
    local log="findings/$1.log"
    mkdir -p "corpus/$1"
    # A reader that needs more than 10 seconds or 512 MB for 16 KB of input is as broken as one that panics.
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
