#!/bin/bash
# 2,000,000 lines of a Postfix log, 20,000 clients: their distinct addresses with hits, beside ripgrep, which only finds
# dotted quads; and the memory used. Needs hyperfine, ripgrep and GNU time. No queries.
set -euo pipefail
cd "$(dirname "$0")/.."
lines=${LINES_WANTED:-2000000} clients=${CLIENTS:-20000}

cargo build --release --locked --quiet --bin whodunit
work=$(mktemp -d)
trap 'rm -r "$work"' EXIT

# The log of a mail server with many unwanted clients: half of the lines are smtpd's, and the rest have no client.
awk -v lines="$lines" -v clients="$clients" '
function dotted(n) { return sprintf("%d.%d.%d.%d", 11 + n % 180, n * 7 % 256, n * 31 % 256, 1 + n * 13 % 254) }
BEGIN {
    srand(7)
    for (n = 0; n < lines; n += 8) {
        ip = dotted(int(rand() * clients)); host = ip; gsub(/\./, "-", host); host = host ".dyn.example.net"
        pid = 1000 + n % 30000; id = sprintf("%010X", n * 65537)
        at = sprintf("Nov %2d %02d:%02d:%02d mx1 postfix/", 1 + n * 20 / lines, n / 3600 % 24, n / 60 % 60, n % 60)
        d = at "smtpd[" pid "]: "
        print d "connect from " host "[" ip "]"
        print d "NOQUEUE: reject: RCPT from " host "[" ip "]: 554 5.7.1 Service unavailable; Client host [" ip \
            "] blocked using list.example.org; https://www.example.org/query/ip/" ip "; from=<bounce-" pid \
            "@news.example.org> to=<user" pid "@example.com> proto=ESMTP helo=<" host ">"
        print d id ": client=" host "[" ip "]"
        print at "cleanup[" pid "]: " id ": message-id=<" id "." pid "@news.example.org>"
        print at "qmgr[812]: " id ": from=<bounce-" pid "@news.example.org>, size=" pid ", nrcpt=1 (queue active)"
        print at "smtp[" pid "]: " id ": to=<user" pid "@example.com>, relay=mx.example.com[192.0.2.8]:25, delay=1.2," \
            " delays=0.1/0.01/0.3/0.79, dsn=2.0.0, status=sent (250 2.0.0 Ok: queued as " id ")"
        print at "qmgr[812]: " id ": removed"
        print d "disconnect from " host "[" ip "] ehlo=1 mail=1 rcpt=0/1 quit=1 commands=3/4"
    }
}' >"$work/mail.log"
echo "$(wc -l <"$work/mail.log") lines, $(($(stat -c %s "$work/mail.log") / 1000000)) MB, $(nproc) processors"

scan=(target/release/whodunit --config none --cache none --offline --json --log "$work/mail.log")
hyperfine --shell=none --ignore-failure --warmup 1 --runs "${RUNS:-5}" --export-json "$work/times.json" \
    -n whodunit "${scan[*]}" -n ripgrep "rg -o [0-9]+\\.[0-9]+\\.[0-9]+\\.[0-9]+ $work/mail.log"
/usr/bin/time -f %M -o "$work/memory" "${scan[@]}" >"$work/answers" || true

python3 - "$work" "$clients" <<'P'
import json, os, sys
work, clients = sys.argv[1], int(sys.argv[2])
us, they = json.load(open(os.path.join(work, 'times.json')))['results']
answers = [json.loads(line) for line in open(os.path.join(work, 'answers'))]
memory = int(open(os.path.join(work, 'memory')).read().split()[-1]) / 1000
print(f"{len(answers)} clients, {sum(a['hits'] for a in answers)} hits")
print(f"wall {us['mean']:.3f} s against {they['mean']:.3f} s: {they['mean'] / us['mean']:.1f} times as fast (wanted: 3)")
print(f"processor {us['user'] + us['system']:.3f} s against {they['user'] + they['system']:.3f} s")
print(f"memory {memory:.0f} MB (wanted: under 64)")
P
