#!/bin/bash
# Answers a second of the DNS list beside rbldnsd, which serves the same list made by `whodunit networks`: for recently
# queried addresses, few and many. Also the time of one in a hundred, and whether a million distinct addresses cost
# memory. Needs dnsperf and rbldnsd. Everything runs on loopback.
set -euo pipefail
cd "$(dirname "$0")/.."
networks=${NETWORKS:-100000} seconds=${SECONDS_EACH:-5}
. benches/servers.sh
PATH=$PATH:/usr/sbin

python3 - "$networks" "$work" <<'P'
import gzip, random, sys
networks, work = int(sys.argv[1]), sys.argv[2]
prefix = lambda n: f'{11 + n // 65536}.{n // 256 % 256}.{n % 256}'
with gzip.open(f'{work}/ripe.db.inetnum.gz', 'wt', 1) as out:
    for n in range(networks):
        out.write(f'inetnum:        {prefix(n)}.0 - {prefix(n)}.255\nnetname:        EXAMPLE-{n}\n'
                  f'descr:          Example Customer {n % 5000}\ncountry:        DE\nstatus:         ASSIGNED PA\n'
                  f'mnt-by:         EXAMPLE{n % 800}-MNT\nsource:         RIPE\n\n')
random.seed(17)
def questions(name, addresses):
    with open(f'{work}/{name}', 'w') as out:
        for n, last in addresses:
            a, b, c = prefix(n).split('.')
            out.write(f'{last}.{c}.{b}.{a}.bl.whodunit A\n')
some = lambda count: {(random.randrange(networks), random.randrange(256)) for _ in range(count)}
for count in (1000, 30000, 100000):
    addresses = list(some(count))
    random.shuffle(addresses)
    questions(str(count), addresses)
million = [(n % networks, n // networks * 7 % 256) for n in range(1000000)]
random.shuffle(million)
questions('1000000', million)
P
# A fifth of the owners.
echo '^descr: +Example Customer [0-9]*[27]$' >"$work/blocked"
ours=(--config none --cache "$work/cache.db")
"$whodunit" cache import "${ours[@]}" "$work/ripe.db.inetnum.gz" >/dev/null
"$whodunit" networks "${ours[@]}" -4 -f "$work/blocked" --format rbldnsd --max-addresses 0 -o "$work/list" 2>/dev/null

port() { python3 -c 'import socket; s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'; }
their_port=$(port) our_port=$(port)
# rbldnsd does not run as root.
user=$(id -un)
[ "$user" != root ] || { user=nobody && chmod 755 "$work"; }
rbldnsd -n -u "$user" -w "$work" -b "127.0.0.1/$their_port" bl.whodunit:ip4trie:list >"$work/rbldnsd.log" 2>&1 &
theirs=$! running+=($!)
"$whodunit" serve "${ours[@]}" --offline -f "$work/blocked" --listen "dns:127.0.0.1:$our_port" 2>"$work/serve.log" &
served=$! running+=($!)
for port in "$their_port" "$our_port"; do
    answers=no
    for _ in $(seq 20); do
        dnsperf -p "$port" -t 0.5 -n 1 -d <(head -1 "$work/1000") 2>/dev/null | grep -q 'NOERROR\|NXDOMAIN' && answers=yes && break
        sleep 0.2
    done
    [ $answers = yes ] || { tail "$work/rbldnsd.log" "$work/serve.log" >&2; exit 1; }
done

measure() { # PORT COUNT
    dnsperf -p "$1" -d "$work/$2" -n 1 -c 4 -q 200 >/dev/null 2>&1
    dnsperf -p "$1" -d "$work/$2" -l "$seconds" -c 4 -q 200 2>/dev/null >"$work/run"
    awk '/Queries per second/ { rate = $4 } /Queries lost/ { lost = $3 } /Response codes/ { codes = substr($0, index($0, ":") + 1) }
        END { printf "%.0f answers/s, %d lost,%s\n", rate, lost, codes }' "$work/run"
}
memory() { awk '/^VmRSS/ { print $2 }' "/proc/$1/status"; }

for count in 1000 30000 100000; do
    for _ in $(seq "${RUNS:-2}"); do
        echo "rbldnsd  $count addresses: $(measure "$their_port" "$count")"
        echo "whodunit $count addresses: $(measure "$our_port" "$count")"
    done
done

# Below its limit, to measure the latency and not the queue of a client that asks too fast.
steady() { # PORT
    dnsperf -p "$1" -d "$work/30000" -l "$seconds" -c 4 -Q "${RATE:-20000}" -v 2>/dev/null |
        awk '$1 == ">" { print $NF }' | sort -g >"$work/waits"
    awk '{ wait[NR] = $1 } END { printf "p50 %.3f ms, p99 %.3f ms, max %.1f ms, of %d\n",
        wait[int(NR * 0.5)] * 1000, wait[int(NR * 0.99)] * 1000, wait[NR] * 1000, NR }' "$work/waits"
}
for _ in $(seq "${RUNS:-2}"); do
    echo "rbldnsd  at a steady rate: $(steady "$their_port")"
    echo "whodunit at a steady rate: $(steady "$our_port")"
done

# Once through a million addresses.
million() { # PORT PROCESS
    local before
    before=$(memory "$2")
    dnsperf -p "$1" -d "$work/1000000" -n 1 -c 4 -q 200 2>/dev/null >"$work/run"
    awk -v before="$before" -v after="$(memory "$2")" '/Queries per second/ {
        printf "%.0f answers/s, %d kB resident before, %d kB after\n", $4, before, after }' "$work/run"
}
echo "rbldnsd  a million distinct addresses: $(million "$their_port" "$theirs")"
echo "whodunit a million distinct addresses: $(million "$our_port" "$served")"
echo "whodunit the same again: $(million "$our_port" "$served")"
