# Sourced by scripts that start servers, after they have changed to the checkout. Sets `whodunit`, the program to measure
# (built, unless WHODUNIT names one); `work`, a folder; and `running`, the processes to end with the script.
whodunit=${WHODUNIT:-target/release/whodunit}
[ -n "${WHODUNIT:-}" ] || cargo build --release --locked --quiet --bin whodunit

work=$(mktemp -d)
running=()
finish() {
    for process in "${running[@]}"; do kill "$process" 2>/dev/null || true; done
    wait
    rm -r "$work"
}
trap finish EXIT
