//! `--abuse-mail`: writes messages into a folder. It never overwrites a file, and never sends.

use super::super::{replacement::ReplacementFile, warn};
use crate::{
    error::{Error, Result},
    output::abuse_mail::{Complainant, Complaints},
    report::ClientLines,
};
use jiff::Timestamp;
use std::{
    fs::{self, File},
    io::{self, ErrorKind, Write},
    path::Path,
};

/// The most owners in a sentence.
const OWNERS: usize = 3;

/// Creates the folder, and checks that files can be created in it, before any query.
///
/// # Errors
/// They cannot (74).
pub(super) fn prepare(folder: &Path) -> Result<()> {
    fs::create_dir_all(folder).map_err(|error| unwritable(folder, &error))?;
    ReplacementFile::begin(&folder.join("message.eml")).map(drop).map_err(|error| with_remedy(&error))
}

fn unwritable(path: &Path, error: &io::Error) -> Error {
    with_remedy(&Error::output(&path.display().to_string(), error))
}

fn with_remedy(error: &Error) -> Error {
    Error::unwritable(format!("{error}; make room there, or name another folder with --abuse-mail"))
}

/// Writes the messages.
///
/// # Errors
/// A file cannot be written (74).
pub(super) fn write(
    folder: &Path,
    complaints: &Complaints,
    lines: &ClientLines,
    now: Timestamp,
) -> Result<()> {
    let from = complainant();
    let mut mails = complaints.messages(lines, &from, now).peekable();
    if mails.peek().is_none() {
        warn(&format!(
            "no message was written into {}: nobody in the report can be written to",
            folder.display()
        ));
    } else if !from.domain.contains('.') {
        warn(&format!(
            "the messages come from {}, which receives no replies: put your mail domain into /etc/mailname, or edit them",
            from.mailbox
        ));
    }
    for mail in mails {
        let mail = mail.map_err(|error| unwritable(folder, &error))?;
        let name = mail.contact.trim_start_matches('.');
        let path = folder.join(format!("{name}.eml"));
        let mut file = match File::create_new(&path) {
            Ok(file) => file,
            Err(error) if error.kind() == ErrorKind::AlreadyExists => {
                warn(&format!(
                    "{} exists already, and was not changed: remove it, or name another folder",
                    path.display()
                ));
                continue;
            }
            Err(error) => return Err(unwritable(&path, &error)),
        };
        if let Err(error) = file.write_all(&mail.message) {
            // A partial message would look complete, and would keep the next run from writing it.
            let _ = fs::remove_file(&path);
            return Err(unwritable(&path, &error));
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

/// Postmaster at this host, by /etc/mailname or the kernel's host name.
fn complainant() -> Complainant {
    let plain = |c: char| c.is_ascii_alphanumeric() || c == '.' || c == '-';
    let name = ["/etc/mailname", "/proc/sys/kernel/hostname"].into_iter().find_map(|path| {
        let name = fs::read_to_string(path).ok()?.trim().to_ascii_lowercase();
        (!name.is_empty() && name.chars().all(plain)).then_some(name)
    });
    let domain = name.unwrap_or_else(|| "localhost".to_owned());
    Complainant { mailbox: format!("postmaster@{domain}"), domain }
}
