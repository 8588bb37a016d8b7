//! The words of settings: keys, variables, and the parser's messages in plain words.

use crate::nearest;

/// Keys that a file may set, and the environment in capitals after `WHODUNIT_`.
pub(super) const KEYS: &[&str] = &[
    "block",
    "allow",
    "regexp",
    "ignore-case",
    "extract",
    "trusted-proxy",
    "json",
    "csv",
    "count",
    "quiet",
    "whois",
    "color",
    "on-unknown",
    "timeout",
    "jobs",
    "per-server",
    "rate",
    "servers",
    "rdap",
    "full",
    "offline",
    "refresh",
    "cache",
    "max-age",
    "share",
    "listen",
    "reject-text",
    "on-blocked",
    "header",
    "zone",
    "dns-allow",
    "metrics",
    "dry-run",
    "syslog",
    "top",
    "since",
    "until",
    "grep",
    "ham",
    "by",
    "min-hits",
    "min-addresses",
    "lines",
    "max-addresses",
];

/// Long options for a single run, which no file may set.
pub(super) const TYPED: &[&str] = &[
    "log",
    "explain",
    "ip",
    "suggest",
    "html",
    "stdio",
    "against-cache",
    "unused",
    "all",
    "config",
    "owner",
    "abuse-mail",
    "correspondents",
    "cost",
    "stale",
    "format",
    "output",
    "ipv4",
    "ipv6",
];

/// A key's variable.
pub(super) fn variable(key: &str) -> String {
    format!("WHODUNIT_{}", key.to_ascii_uppercase().replace('-', "_"))
}

/// The key that was probably meant.
pub(super) fn nearest(key: &str) -> Option<&'static str> {
    nearest::nearest(KEYS, &key.to_ascii_lowercase().replace('_', "-"))
}

/// The message about two keys that exclude each other.
pub(super) fn clash(one: &str, other: &str) -> String {
    format!("{one} and {other} exclude each other: keep one")
}

/// The position of a top-level key of this name, in bytes.
pub(super) fn offset(text: &str, key: &str) -> usize {
    let mut start = 0;
    for line in text.split_inclusive('\n') {
        let bare = line.trim_start();
        let rest = bare.trim_start_matches(['"', '\'']).strip_prefix(key).unwrap_or_default();
        if rest.trim_start_matches(['"', '\'']).trim_start().starts_with('=') {
            return start + line.len() - bare.len();
        }
        start += line.len();
    }
    0
}

/// The parser's message without Rust terms.
pub(super) fn plain(message: &str) -> String {
    let line = message.lines().next().unwrap_or_default();
    if let Some(rest) = line.strip_prefix("unknown field `") {
        return unknown(rest.split('`').next().unwrap_or_default());
    }
    if let Some((value, wanted)) =
        line.strip_prefix("unknown variant ").and_then(|l| l.split_once(", expected "))
    {
        return format!("{value} is not one of {}", wanted.trim_start_matches("one of ").replace('`', ""));
    }
    if let Some((found, wanted)) =
        line.strip_prefix("invalid type: ").and_then(|l| l.split_once(", expected "))
    {
        let found = found.replace("integer", "the number").replace("floating point", "the number");
        let found = found.replace("string", "the text").replace("boolean", "the word");
        let found = found.replace("sequence", "a list").replace("map", "a table");
        let remedy = if wanted.contains("string") { ": put quotes around text" } else { "" };
        return format!("{found} cannot stand here{remedy}");
    }
    // A bare word is read as a boolean, a number or another type, by its first letter.
    let bare =
        ["string values must be quoted", "expected literal string", "invalid boolean", "wanted string"];
    if bare.iter().any(|words| line.contains(words)) {
        return "put quotes around text".to_owned();
    }
    line.to_owned()
}

fn unknown(key: &str) -> String {
    if TYPED.contains(&key.to_ascii_lowercase().replace('_', "-").as_str()) {
        return format!("`{key}` is for the command line only");
    }
    match nearest(key) {
        Some(nearest) => format!("unknown key `{key}`: did you mean `{nearest}`?"),
        None => format!("unknown key `{key}`: the keys are {}", KEYS.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::ConfigLayer;

    #[test]
    fn a_wrong_value_is_told_in_plain_words() {
        for (text, want) in [
            ("timeout = four", "put quotes around text"),
            ("timeout = soon", "put quotes around text"),
            ("cache = /var/cache", "put quotes around text"),
            ("max-age = 14d", "put quotes around text"),
            ("cache = 4", "the number `4` cannot stand here: put quotes around text"),
            ("color = \"sometimes\"", "`sometimes` is not one of auto, always, never"),
            ("color = 3", "put quotes around text"),
            ("top = \"x\"", "`x` is not a number of owners"),
            ("jobs = [1]", "a list cannot stand here"),
            ("block = 4", "a string or a list of strings"),
            ("log = \"x\"", "`log` is for the command line only"),
            ("tiemout = 4", "did you mean `timeout`?"),
        ] {
            let error = toml::from_str::<ConfigLayer>(text).unwrap_err();
            let said = plain(error.message());
            assert!(said.contains(want), "{text}: {said}");
            for word in ["invalid type", "variant", "usize", "expected"] {
                assert!(!said.contains(word), "{text}: {said}");
            }
        }
    }

    #[test]
    fn every_long_option_is_a_key_or_for_the_command_line() {
        use clap::CommandFactory;
        let top = crate::cli::Cli::command();
        let commands = std::iter::once(&top).chain(top.get_subcommands());
        let options = commands.flat_map(clap::Command::get_arguments).filter_map(clap::Arg::get_long);
        for option in options.filter(|option| !matches!(*option, "help" | "version")) {
            assert!(KEYS.contains(&option) || TYPED.contains(&option), "--{option}");
        }
    }

    #[test]
    fn the_line_of_a_key_is_found() {
        assert_eq!(offset("a = 1\n  refresh = true\n", "refresh"), 8);
        assert_eq!(offset("\"csv\"= true", "csv"), 0);
        assert_eq!(offset("csvs = 1\ncsv = true", "csv"), 9);
    }
}
