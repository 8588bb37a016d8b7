#!/bin/bash
# Makes every figure of benches/README.md again: whodunit beside the tools that one would use instead. `benches/run.sh`
# prints the table; `benches/run.sh --write` puts it into benches/README.md. Needs hyperfine, ripgrep, whois, python3,
# GNU time, dnsperf, rbldnsd and qpsmtpd, and for one figure Python's maxminddb and mmdb_writer. It sends no queries, and
# takes some minutes. On a busy machine the figures show mostly the other load.
set -euo pipefail
cd "$(dirname "$0")/.."
cargo build --release --locked --quiet --bin whodunit --example demo
cargo bench --locked --quiet --no-run --bench serve 2>/dev/null
out=$(mktemp -d)
trap 'rm -r "$out"' EXIT

for name in warm-hook batch log-scan import imported dns plugin; do
    echo "benches/$name.sh ..." >&2
    "benches/$name.sh" >"$out/$name" 2>"$out/$name.log" || { tail -5 "$out/$name.log" >&2; exit 1; }
done

echo "serve ..." >&2
cargo bench --locked --quiet --bench serve >"$out/serve" 2>"$out/serve.log" || { tail -5 "$out/serve.log" >&2; exit 1; }

python3 - "$out" "${1:-}" <<'P'
import os, platform, re, subprocess, sys
out, write = sys.argv[1:]
text = lambda name: open(os.path.join(out, name)).read()
find = lambda name, what: re.search(what, text(name), re.M).groups()
version = lambda *command: subprocess.run(command, capture_output=True, text=True).stdout.split('\n')[0]

median = text('warm-hook').split('median, patterns')[1]
hook = re.search(r'^ *1000 +([\d.]+) ms +([\d.]+) ms +([\d.]+) ms', median, re.M).groups()
wall, = find('batch', r'^wall ([\d.]+) s')
cpu, theirs, walled = find('batch', r'^processor ([\d.]+) s against ([\d.]+) s.*wall ([\d.]+) s')
scan, quads = find('log-scan', r'^wall ([\d.]+) s against ([\d.]+) s')
size, = find('log-scan', r'lines, (\d+) MB')
load, read = find('import', r'^import ([\d.]+) s, and grep reads it in ([\d.]+) s')
found, search = find('import', r'^found in ([\d.]+) ms against (\d+) ms')
known, processor = find('imported', r'^([\d.]+) s, ([\d.]+) s of processor')
mmdb = re.search(r'^maxminddb ([\d.]+ s), ([\d.]+ s of processor)', text('imported'), re.M)
best = lambda who: max(map(int, re.findall(rf'^{who} +16 connections +(\d+) answers/s', text('serve'), re.M)))
rate = lambda who, count: max(map(int, re.findall(rf'^{who} +{count} addresses: (\d+) answers/s', text('dns'), re.M)))
wait = lambda who: min(map(float, re.findall(rf'^{who} +at a steady rate: .* p99 ([\d.]+) ms', text('dns'), re.M)))
million = lambda who: ' to '.join(f'{int(kilobytes) / 1000:.0f}' for kilobytes in
    find('dns', rf'^{who} +a million .* (\d+) kB resident before, (\d+) kB after'))
socket, = find('plugin', r'^socket +([\d.]+) ms')
process, = find('plugin', r'^command +([\d.]+) ms')

rows = [
    ('warm hook: one address, 1,000 patterns, from the cache', f'{hook[1]} ms', f'{hook[2]} ms',
     "`whois IP \\| grep -E -f FILE \\| wc -l`, the registry on loopback"),
    ('the same, beside a program that does nothing', f'{hook[1]} ms', f'{hook[0]} ms', '`/bin/true`'),
    ('cold batch: 600 addresses at 50 ms an answer, 32 at once, into an empty cache', f'{wall} s, {cpu} s of processor',
     f'{walled} s, {theirs} s of processor', 'the same pipe under `xargs -P32`'),
    (f'log scan: 2,000,000 lines, {size} MB, 20,000 clients', f'{scan} s', f'{quads} s',
     "`rg -o` for dotted quads alone, uncounted"),
    ('serve: answers a second, 16 connections', f'{best("whodunit"):,}', f'{best("stub"):,}', 'the smallest server in Python'),
    *((f'DNS list: answers a second, {count:,} warm addresses', f'{rate("whodunit", count):,}', f'{rate("rbldnsd", count):,}',
       'rbldnsd with the same list') for count in (1000, 30000, 100000)),
    ('the same at 20,000 a second: one of a hundred waits longer', f'{wait("whodunit"):.2f} ms', f'{wait("rbldnsd"):.2f} ms', 'rbldnsd'),
    ('a million addresses once: memory before and after', f'{million("whodunit")} MB', f'{million("rbldnsd")} MB', 'rbldnsd'),
    ("qpsmtpd's plugin: one connection, by the socket", f'{socket} ms', f'{process} ms', 'the plugin with a process for each'),
    ('import: 500,000 networks', f'{load} s', f'{read} s', '`gzip -dc \\| grep -c`, which only reads them'),
    ('one address of these', f'{found} ms', f'{search} ms', '`zgrep` through the file'),
    ('200,000 addresses of 291,621 imported networks, as JSON Lines', f'{known} s, {processor} s of processor',
     ', '.join(mmdb.groups()) if mmdb else 'not installed', "Python's `maxminddb` on these networks: no patterns, no contacts"),
]
table = '| what | whodunit | instead | what instead |\n| --- | --: | --: | --- |\n'
table += ''.join(f'| {" | ".join(row)} |\n' for row in rows)
cpu = next((line.split(':')[1].strip() for line in open('/proc/cpuinfo') if line.startswith('model name')), platform.machine())
table += f'\n{cpu}, {os.cpu_count()} processors; Linux {platform.release()}; {version("target/release/whodunit", "--version")}; '
table += f'{version("rustc", "--version").split(" (")[0]}; {version("grep", "--version")}; {version("rg", "--version")}; '
table += f'{version("hyperfine", "--version")}; Python {platform.python_version()}.\n'
print(table)
if write == '--write':
    page = open('benches/README.md').read()
    head, rest = page.split('<!-- table -->\n')[0], page.split('<!-- end of table -->\n')[1]
    open('benches/README.md', 'w').write(f'{head}<!-- table -->\n{table}<!-- end of table -->\n{rest}')
P
