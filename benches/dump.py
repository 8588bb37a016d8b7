#!/usr/bin/env python3
"""A made-up dump with the nesting of RIPE's own: networks in allocations, and their organisations, as `cache import` reads
them; and patterns that match some of them.

    dump.py FOLDER ALLOCATIONS      65 networks an allocation
"""
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
