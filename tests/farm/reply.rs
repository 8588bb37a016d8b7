//! Replies: files in each registry's form, with variables in braces that are filled in for the address.

use super::{
    https,
    network::{Network, address_of},
    scenario::Rule,
};
use std::{collections::HashMap, path::Path};

/// The default values of variables in braces.
const DEFAULTS: &[(&str, &str)] = &[
    ("org", "Contoso GmbH"),
    ("name", "CONTOSO-NET"),
    ("country", "DE"),
    ("status", "ASSIGNED PA"),
    ("abuse", "abuse@contoso.example"),
    ("asn", "64500"),
    ("mnt", "CONTOSO-MNT"),
    ("handle", "CONTOSO"),
    ("type", "Direct Allocation"),
    ("note", "none"),
    ("referral", ""),
    ("customer-referral", ""),
    ("remarks", ""),
];

/// The bytes of a rule's reply to a query.
pub(crate) fn bytes(
    rule: &Rule,
    question: &str,
    folder: Option<&Path>,
    ports: &HashMap<String, u16>,
) -> Vec<u8> {
    let mut bytes = whole(rule, question, folder, ports);
    bytes.truncate(rule.cut.unwrap_or(usize::MAX));
    bytes
}

/// The same over HTTPS: the head gives the full length of the body, even if the body is cut.
pub(crate) fn secure(
    rule: &Rule,
    question: &str,
    folder: Option<&Path>,
    ports: &HashMap<String, u16>,
) -> Vec<u8> {
    let mut body = whole(rule, question, folder, ports);
    let head = https::head(rule, body.len(), |value| fill(value, rule, question, ports));
    body.truncate(rule.cut.unwrap_or(usize::MAX));
    [head.into_bytes(), body].concat()
}

fn whole(rule: &Rule, question: &str, folder: Option<&Path>, ports: &HashMap<String, u16>) -> Vec<u8> {
    let text = fill(&template(rule, folder), rule, question, ports);
    let text = match rule.line_end.as_deref() {
        Some(end) => text.replace('\n', end),
        None => text,
    };
    match rule.charset.as_deref() {
        None => text.into_bytes(),
        Some(label) => {
            let encoding =
                encoding_rs::Encoding::for_label(label.as_bytes()).expect("a character set's name");
            encoding.encode(&text).0.into_owned()
        }
    }
}

fn template(rule: &Rule, folder: Option<&Path>) -> String {
    match (&rule.text, &rule.reply) {
        (Some(text), _) => text.clone(),
        (None, Some(name)) => {
            let forms = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/farm/forms");
            let file = format!("{name}.txt");
            folder
                .map(|folder| folder.join(&file))
                .filter(|path| path.exists())
                .map_or_else(|| std::fs::read_to_string(forms.join(&file)), std::fs::read_to_string)
                .unwrap_or_else(|e| panic!("no reply {name}: {e}"))
        }
        (None, None) => String::new(),
    }
}

fn fill(template: &str, rule: &Rule, question: &str, ports: &HashMap<String, u16>) -> String {
    let address = address_of(question);
    let described = rule.network.as_deref().and_then(Network::read).or_else(|| {
        let address = address?;
        Some(Network::around(address, rule.size.unwrap_or(if address.is_ipv4() { 24 } else { 48 })))
    });
    let mut variables: HashMap<String, String> =
        DEFAULTS.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect();
    variables.insert("address".into(), address.map(|a| a.to_string()).unwrap_or_default());
    if let Some(network) = described {
        let (first, last) = (network.first().to_string(), network.last().to_string());
        // RPSL writes an inet6num as a prefix and an inetnum as a range.
        let (kind, range) = match network.first() {
            std::net::IpAddr::V4(_) => ("inetnum", format!("{first} - {last}")),
            std::net::IpAddr::V6(_) => ("inet6num", network.cidr()),
        };
        let dashed = first.replace(['.', ':'], "-");
        let length = network.cidr().split('/').nth(1).unwrap_or_default().to_owned();
        for (key, value) in [
            ("first", first),
            ("last", last),
            ("cidr", network.cidr()),
            ("length", length),
            ("range", range),
            ("short", shorten(&network.cidr())),
            ("kind", kind.to_owned()),
            ("dashed", dashed),
        ] {
            variables.insert(key.to_owned(), value);
        }
    }
    variables.extend(rule.with.clone());
    // Referral lines use the variables `{port:NAME}`; a value may itself contain a variable, so there are two rounds.
    variables.extend(ports.iter().map(|(name, port)| (format!("port:{name}"), port.to_string())));
    replace(&replace(template, &variables), &variables)
}

/// LACNIC drops the zeros at the end of an IPv4 prefix.
fn shorten(cidr: &str) -> String {
    let (address, length) = cidr.split_once('/').unwrap_or((cidr, "32"));
    let mut short = address;
    while let Some(shorter) = short.strip_suffix(".0") {
        short = shorter;
    }
    format!("{short}/{length}")
}

fn replace(text: &str, variables: &HashMap<String, String>) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('{') {
        out.push_str(before);
        match after.split_once('}').and_then(|(key, tail)| Some((variables.get(key)?, tail))) {
            Some((value, tail)) => {
                out.push_str(value);
                rest = tail;
            }
            None => {
                out.push('{');
                rest = after;
            }
        }
    }
    out + rest
}
