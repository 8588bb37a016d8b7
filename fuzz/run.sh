#!/bin/sh
# Fuzzes every reader, or those that are named:  fuzz/run.sh [-s SECONDS | -r RUNS] [TARGET]...
#
# Stable Rust is enough: libFuzzer needs coverage, which are plain options of the code generator; the address sanitizer
# would need nightly, and there is no unsafe code of ours for it to watch. Each target starts from the seeds in
# fuzz/seeds/TARGET; what it learns goes to fuzz/corpus/TARGET, which is not kept. A finding stops the run, and lies in
# fuzz/findings/: put it, made small, among the seeds, so that `cargo test` knows it for ever (tests/suite/seeds.rs).
set -eu
cd "$(dirname "$0")"

bound="-max_total_time=60"
while getopts s:r: option; do
    case $option in
        s) bound="-max_total_time=$OPTARG" ;;
        r) bound="-runs=$OPTARG" ;;
        *) exit 64 ;;
    esac
done
shift $((OPTIND - 1))
[ $# -gt 0 ] || set -- $(cd targets && ls | sed 's/\.rs$//')

host=$(rustc -vV | sed -n 's/^host: //p')
RUSTFLAGS="--cfg fuzzing -Cpasses=sancov-module -Cllvm-args=-sanitizer-coverage-level=4 \
-Cllvm-args=-sanitizer-coverage-inline-8bit-counters -Cllvm-args=-sanitizer-coverage-pc-table \
-Cllvm-args=-sanitizer-coverage-trace-compares" \
    cargo build --release --target "$host"

mkdir -p findings
for target; do
    echo "== $target ($bound)"
    mkdir -p "corpus/$target"
    # A reader that needs more than 2 seconds or 512 MB for 16 KB of input is as broken as one that panics.
    "target/$host/release/$target" "$bound" -timeout=2 -rss_limit_mb=512 -max_len=16384 \
        -print_final_stats=1 -verbosity=0 -artifact_prefix="findings/$target-" "corpus/$target" "seeds/$target" 2>&1 |
        tee "findings/$target.log" | grep -E 'stat::number_of_executed_units|stat::peak_rss|SUMMARY|panicked' || true
    if ls "findings/$target-"* >/dev/null 2>&1; then
        tail -40 "findings/$target.log"
        exit 1
    fi
done
