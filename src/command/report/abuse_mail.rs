//! `--abuse-mail`: messages into a folder, never over a file that is there, and never sent.

use super::super::warn;
use crate::{
    error::{Error, Result},
    output::abuse_mail::{Complainant, Complaints},
    report::ClientLines,
};
use jiff::Timestamp;
use std::{
    fs::{self, File},
    io::{ErrorKind, Write},
    path::Path,
};

/// Owners that a sentence names.
const OWNERS: usize = 3;

/// Writes the messages.
///
/// # Errors
/// The folder or a file cannot be written (74).
pub(super) fn write(
    folder: &Path,
    complaints: &Complaints,
    lines: &ClientLines,
    now: Timestamp,
) -> Result<()> {
    let unwritable = |path: &Path, error: &std::io::Error| Error::output(&path.display().to_string(), error);
    fs::create_dir_all(folder).map_err(|error| unwritable(folder, &error))?;
    let from = complainant();
    for mail in complaints.messages(lines, &from, now) {
        let mail = mail.map_err(|error| unwritable(folder, &error))?;
        let name = mail.contact.trim_start_matches('.');
        let path = folder.join(format!("{name}.eml"));
        match File::create_new(&path).and_then(|mut file| file.write_all(&mail.message)) {
            Ok(()) => {}
            Err(error) if error.kind() == ErrorKind::AlreadyExists => {
                warn(&format!("{} exists already, and was not changed", path.display()));
            }
            Err(error) => return Err(unwritable(&path, &error)),
        }
    }
    let unknown = &complaints.unknown;
    if !unknown.is_empty() {
        let named: Vec<&str> = unknown.iter().take(OWNERS).map(|row| row.title()).collect();
        let more = unknown.len().saturating_sub(OWNERS);
        let more = if more > 0 { format!(" and {more} more") } else { String::new() };
        warn(&format!("no abuse contact is known, and no message written, for {}{more}", named.join(", ")));
    }
    Ok(())
}

/// Postmaster at this host, by /etc/mailname or the kernel's name of the host.
fn complainant() -> Complainant {
    let plain = |c: char| c.is_ascii_alphanumeric() || c == '.' || c == '-';
    let name = ["/etc/mailname", "/proc/sys/kernel/hostname"].into_iter().find_map(|path| {
        let name = fs::read_to_string(path).ok()?.trim().to_ascii_lowercase();
        (!name.is_empty() && name.chars().all(plain)).then_some(name)
    });
    let domain = name.unwrap_or_else(|| "localhost".to_owned());
    Complainant { mailbox: format!("postmaster@{domain}"), domain }
}
