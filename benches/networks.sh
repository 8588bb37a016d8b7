#!/bin/bash
# All networks that patterns block, from a made-up dump with the size and the nesting of RIPE's own (4.3 million
# networks in 66,000 allocations, and their organisations). It measures the import, and the list beside `zcat | grep -E
# -f`, which only reads the same text. Needs hyperfine, GNU time and python3, and 4 GB of disk. No queries.
set -euo pipefail
cd "$(dirname "$0")/.."
allocations=${ALLOCATIONS:-66000}

cargo build --release --locked --quiet --bin whodunit
work=$(mktemp -d)
trap 'rm -r "$work"' EXIT

python3 - "$work" "$allocations" <<'P'
import os, random, subprocess, sys
work, allocations = sys.argv[1], int(sys.argv[2])
random.seed(7)
words = [a + b for a in ('North', 'Blue', 'Alpine', 'Data', 'Net', 'Cloud', 'Tele', 'Media', 'Hoch', 'Micro', 'Inter', 'Geo')
         for b in ('wind', 'line', 'soft', 'host', 'com', 'serv', 'bau', 'logic', 'trade', 'werk', 'point', 'ware')]
kinds = ('GmbH', 'Ltd', 'S.A.', 'B.V.', 's.r.o.', 'AB', 'LLC', 'OOO', 'AG', 'Oy')
lands = ('DE', 'NL', 'GB', 'FR', 'RU', 'IT', 'SE', 'PL', 'CH', 'TR')
firm = lambda: f'{random.choice(words)} {random.choice(words)} {random.choice(kinds)}'
dotted = lambda n: f'{n >> 24}.{n >> 16 & 255}.{n >> 8 & 255}.{n & 255}'

def packed(name):
    out = open(os.path.join(work, name), 'wb')
    return subprocess.Popen(['gzip'], stdin=subprocess.PIPE, stdout=out, text=True)

def network(first, size, name, descr, land, status, mnt, org=None):
    person = f'{name[:3].upper()}{first % 9973}-RIPE'
    lines = [f'inetnum:        {dotted(first)} - {dotted(first + size - 1)}', f'netname:        {name}']
    lines += [f'descr:          {line}' for line in descr] + [f'country:        {land}']
    lines += [f'org:            {org}'] if org else []
    lines += [f'admin-c:        {person}', f'tech-c:         {person}', f'status:         {status}']
    lines += [f'mnt-by:         {mnt}', f'created:        20{first % 24:02}-0{first % 9 + 1}-1{first % 9}T0{first % 10}:2{first % 7}:10Z',
              f'last-modified:  2021-0{size % 9 + 1}-1{first % 8}T1{first % 10}:00:4{first % 9}Z', 'source:         RIPE', '\n']
    return '\n'.join(lines)

networks, organisations = packed('ripe.db.inetnum.gz'), packed('ripe.db.organisation.gz')
count, sizes = 0, (1, 4, 8, 8, 8, 8, 16, 16, 32, 64, 100, 256)
for number in range(allocations):
    base, owner, land = (77 << 24) + (number << 12), firm(), random.choice(lands)
    mnt, org = f'{owner.split()[0].upper()}{number % 20000}-MNT', f'ORG-{owner[:2].upper()}{number}-RIPE'
    part = [network(base, 4096, f'{land}-{owner.split()[0].upper()}-2010{number % 12 + 1:02}', [owner], land, 'ALLOCATED PA', mnt, org)]
    part += [network(base + (n << 10), 1024, f'{owner.split()[1].upper()}-POOL-{n}', [owner, f'Region {n}'], land, 'SUB-ALLOCATED PA', mnt)
             for n in range(4)]
    at = base
    for n in range(60):
        size = random.choice(sizes)
        at += random.randrange(44)
        if at + size > base + 4096:
            break
        name = firm()
        part.append(network(at, size, f'{name.split()[0].upper()}-{n}-NET', [name, f'Street {at % 199}', f'City {at % 977}'], land, 'ASSIGNED PA',
                            mnt, org if random.random() < .2 else None))
        at += size
    count += len(part)
    networks.stdin.write(''.join(part))
    organisations.stdin.write(f'organisation:   {org}\norg-name:       {owner}\norg-type:       LIR\naddress:        Street 1\n'
                              f'abuse-c:        AR{number}-RIPE\nmnt-by:         {mnt}\nsource:         RIPE\n\n')
for process in (networks, organisations):
    process.stdin.close()
    process.wait()
open(os.path.join(work, 'three'), 'w').write('Northwind Bluehost\n^netname: +ALPINECOM-[0-9]+-NET$\n^org-name:.*Hochbau (Microsoft|Telewerk)\n')
open(os.path.join(work, 'many'), 'w').write(''.join(f'{word} {other}\n' for word in words[::6] for other in words[::3]))
print(f'{count} networks')
P

/usr/bin/time -f 'import %e s, %M kB' target/release/whodunit cache import --config none --cache "$work/cache.db" "$work"/*.gz
for patterns in three many; do
    ours="target/release/whodunit networks --config none --cache $work/cache.db --max-addresses 0 -f $work/$patterns -o $work/list"
    theirs="sh -c 'zcat $work/ripe.db.inetnum.gz $work/ripe.db.organisation.gz | grep -cE -f $work/$patterns'"
    # shellcheck disable=SC2086 # the words of a command
    /usr/bin/time -f "$patterns: %e s, %M kB" $ours 2>&1 | tail -1
    hyperfine --shell=none --runs "${RUNS:-3}" --export-json "$work/$patterns.json" -n whodunit "$ours" -n pipe "$theirs"
done

python3 - "$work" <<'P'
import json, os, sys
for patterns in ('three', 'many'):
    us, they = json.load(open(os.path.join(sys.argv[1], patterns + '.json')))['results']
    print(f"{patterns}: {us['mean']:.2f} s against {they['mean']:.2f} s, {us['mean'] / they['mean']:.2f} times (wanted: at most 1.5)")
P
