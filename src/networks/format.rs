//! The formats in which servers load a list of networks, with one file for each.
//!
//! Names of owners come from registries, where anybody may write them, and names of pattern files from the admin's
//! disk. They may not end a line, a string or a comment, or mean anything to the program that loads the list:
//! [`comment`] and [`owner_text`] remove every character that any of the formats treats specially.

mod apache;
mod cidr;
mod csv;
mod exim;
mod ipset;
mod json;
mod nft;
mod nginx;
mod postfix;
mod rbldnsd;
mod rspamd;

use crate::address::Prefix;
use std::io::{self, Write};

/// A format by its name.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum ListForm {
    /// A prefix on each line.
    #[default]
    Cidr,
    /// JSON Lines, a network of the data on each line.
    Json,
    /// CSV, a network of the data in each row.
    Csv,
    /// Postfix's cidr_table(5).
    Postfix,
    /// A file for `nft -f`.
    Nft,
    /// Commands for `ipset restore`.
    Ipset,
    /// rbldnsd's ip4trie or ip6trie.
    Rbldnsd,
    /// rspamd's map of addresses.
    Rspamd,
    /// Lines for nginx' `geo` block.
    Nginx,
    /// Lines for Apache's `RequireAll`.
    Apache,
    /// Exim's iplsearch file.
    Exim,
}

/// The families of a list.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Families {
    /// IPv4.
    pub v4: bool,
    /// IPv6.
    pub v6: bool,
}

/// The head of a list.
#[derive(Clone, Debug)]
pub struct ListHead {
    /// Sentences for people: the data, its dates, and its gaps. Written as comments, if the format has any.
    pub notes: Vec<String>,
    /// The families of the list. Loading the list does not change sets of the other family.
    pub families: Families,
}

/// One network of a list.
#[derive(Clone, Copy, Debug)]
pub struct ListEntry<'a> {
    /// The network.
    pub prefix: Prefix,
    /// Its owner, if it has only one.
    pub owner: Option<&'a str>,
    /// The network of the data that it is, or is part of; only for formats that are not aggregated.
    pub source: Option<ListedSource<'a>>,
}

/// A network of the data, and the pattern that blocks it.
#[derive(Clone, Copy, Debug)]
pub struct ListedSource<'a> {
    /// The facts known of it.
    pub network: &'a SourceNetwork,
    /// The pattern's file as it was named, or `-e`.
    pub file: &'a str,
    /// Its line, from 1.
    pub line: u32,
}

/// A network of the data.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct SourceNetwork {
    /// Its owner.
    pub owner: Option<String>,
    /// ISO 3166 code.
    pub country: Option<String>,
    /// The registry's name as it is printed elsewhere.
    pub registry: Option<&'static str>,
    /// Its AS numbers.
    pub asn: Vec<u32>,
}

/// One format: the text before the entries, each entry, and the text after them.
pub trait ListFormat {
    /// Writes the start of the list.
    ///
    /// # Errors
    /// Writing fails.
    fn head(&mut self, head: &ListHead, out: &mut dyn Write) -> io::Result<()>;

    /// Writes one entry. Entries come IPv4 before IPv6, ascending.
    ///
    /// # Errors
    /// Writing fails.
    fn entry(&mut self, entry: &ListEntry<'_>, out: &mut dyn Write) -> io::Result<()>;

    /// Writes the end of the list.
    ///
    /// # Errors
    /// Writing fails.
    fn tail(&mut self, _out: &mut dyn Write) -> io::Result<()> {
        Ok(())
    }
}

impl ListForm {
    /// The names that `--format` accepts.
    pub const NAMES: [(&'static str, Self); 11] = [
        ("cidr", Self::Cidr),
        ("json", Self::Json),
        ("csv", Self::Csv),
        ("postfix", Self::Postfix),
        ("nft", Self::Nft),
        ("ipset", Self::Ipset),
        ("rbldnsd", Self::Rbldnsd),
        ("rspamd", Self::Rspamd),
        ("nginx", Self::Nginx),
        ("apache", Self::Apache),
        ("exim", Self::Exim),
    ];

    /// The format of this name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::NAMES.iter().find(|(its, _)| *its == name).map(|(_, form)| *form)
    }

    /// A writer of this format.
    #[must_use]
    pub fn writer(self) -> Box<dyn ListFormat> {
        match self {
            Self::Cidr => Box::new(cidr::CidrList),
            Self::Json => Box::new(json::JsonLines),
            Self::Csv => Box::new(csv::CsvRows),
            Self::Postfix => Box::new(postfix::CidrTable),
            Self::Nft => Box::<nft::NftFile>::default(),
            Self::Ipset => Box::<ipset::IpsetRestore>::default(),
            Self::Rbldnsd => Box::new(rbldnsd::TrieZone),
            Self::Rspamd => Box::new(rspamd::RspamdMap),
            Self::Nginx => Box::new(nginx::GeoLines),
            Self::Apache => Box::new(apache::RequireLines),
            Self::Exim => Box::new(exim::IplsearchFile),
        }
    }

    /// Whether it lists the networks of the data, each with its facts, instead of the fewest prefixes.
    #[must_use]
    pub fn is_by_network(self) -> bool {
        matches!(self, Self::Json | Self::Csv)
    }

    /// Whether its entries name their owners.
    #[must_use]
    pub fn names_owners(self) -> bool {
        matches!(self, Self::Json | Self::Csv | Self::Postfix | Self::Rbldnsd | Self::Exim)
    }

    /// Whether one list holds only one family.
    #[must_use]
    pub fn is_of_one_family(self) -> bool {
        self == Self::Rbldnsd
    }
}

/// A text as one line of a comment: printable ASCII without backslashes, which join lines in Apache's and nft's files.
fn comment(text: &str) -> String {
    text.chars().map(|c| if c == ' ' || (c.is_ascii_graphic() && c != '\\') { c } else { '?' }).collect()
}

/// Writes the notes as comments, each after `sign`.
fn comments(sign: &str, head: &ListHead, out: &mut dyn Write) -> io::Result<()> {
    head.notes.iter().try_for_each(|note| writeln!(out, "{sign} {}", comment(note)))
}

/// An owner's name as part of a text that a server shows: ASCII letters and digits, and signs that no format treats
/// specially. The text that a mail server sends is ASCII too (RFC 5321, 4.2.1).
fn owner_text(owner: &str) -> String {
    const LONGEST: usize = 64;
    let plain = |c: char| c.is_ascii_alphanumeric() || " .,-_/+()&@".contains(c);
    let text: String = owner.trim().chars().take(LONGEST).map(|c| if plain(c) { c } else { '?' }).collect();
    text.trim().to_owned()
}

#[cfg(test)]
mod tests;
