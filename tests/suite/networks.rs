//! The set of networks that patterns block, compared with the results of other programs on the same data.

mod membership;
mod programs;
mod refusals;

use crate::jig::skip;
use std::{fs, io::Write, net::Ipv4Addr, net::Ipv6Addr, process::Command};
use whodunit::internals::{address::Prefix, networks::NetworkSet};

/// Pseudo-random numbers, the same on each run (Knuth's MMIX constants).
fn numbers(mut seed: u64) -> impl FnMut() -> u64 + use<> {
    move || {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        seed >> 16
    }
}

/// Many prefixes, as Python's `ipaddress.collapse_addresses` lists them.
#[test]
fn aggregates_as_python_does() {
    let count = 50_000;
    let mut next = numbers(11);
    let prefixes: Vec<Prefix> = (0..count)
        .map(|number| {
            let bits = next() & 0x3FFF_FFFF;
            if number % 8 == 0 {
                let v6 = Ipv6Addr::from_bits(u128::from(bits) << 80 | u128::from(next()) << 40);
                return Prefix::new(v6.into(), 32 + (next() % 65) as u8).unwrap();
            }
            Prefix::new(Ipv4Addr::from_bits(bits as u32).into(), 18 + (next() % 15) as u8).unwrap()
        })
        .collect();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("prefixes");
    let mut file = std::io::BufWriter::new(fs::File::create(&path).unwrap());
    prefixes.iter().for_each(|prefix| writeln!(file, "{prefix}").unwrap());
    file.into_inner().unwrap();
    let script = "import ipaddress,sys\n\
        n=[ipaddress.ip_network(l.strip()) for l in open(sys.argv[1])]\n\
        v=[[x for x in n if x.version==f] for f in (4,6)]\n\
        c=[list(ipaddress.collapse_addresses(x)) for x in v]\n\
        [print(x) for f in c for x in f]";
    let Ok(python) = Command::new("python3").args(["-c", script]).arg(&path).output() else {
        return skip("python3");
    };
    let listed = String::from_utf8(python.stdout).unwrap();
    let own: String =
        NetworkSet::of_prefixes(prefixes).prefixes().map(|prefix| format!("{prefix}\n")).collect();
    assert!(own == listed, "the lists differ");
}
