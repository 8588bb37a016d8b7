//! The path of the cache, and the owner and rights of its files.

use crate::error::reason;
use std::{
    fs::{self, File, OpenOptions, Permissions},
    io::{self, Read},
    os::unix::fs::{MetadataExt, OpenOptionsExt, PermissionsExt},
    path::{Path, PathBuf},
    sync::atomic::{AtomicU32, Ordering},
};

/// The name of the cache's file in its folder.
const NAME: &str = "cache.db";
/// The number of corrupt files that are kept for inspection; older ones are removed.
const SET_ASIDE: usize = 3;

/// The location that `--cache` names.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum CacheLocation {
    /// A file, or a folder to create one in.
    Path(PathBuf),
    /// The shared folder if it can be written, else the user's own.
    Default,
    /// `redis://` or `rediss://`.
    Redis(String),
    /// An address of an unknown or malformed kind. No file of that name may be created.
    Strange(String),
    /// Nothing is kept beyond the run.
    None,
}

impl From<&str> for CacheLocation {
    fn from(text: &str) -> Self {
        // Valkey speaks the Redis protocol under either scheme.
        match text.split_once("://").map(|(scheme, rest)| (scheme.to_ascii_lowercase(), rest)) {
            Some((scheme, rest)) => match scheme.as_str() {
                "redis" | "valkey" => Self::Redis(format!("redis://{rest}")),
                "rediss" | "valkeys" => Self::Redis(format!("rediss://{rest}")),
                _ => Self::Strange(text.to_owned()),
            },
            None if text.eq_ignore_ascii_case("none") => Self::None,
            None if is_nearly_address(text) => Self::Strange(text.to_owned()),
            None => Self::Path(PathBuf::from(text)),
        }
    }
}

/// Whether a text without `://` looks like a server's address: a colon before the first slash (`redis:6379`,
/// `localhost:6379`, `unix:/run/redis.sock`), or a scheme's name alone there (`redis//host`).
fn is_nearly_address(text: &str) -> bool {
    let first = text.split('/').next().unwrap_or_default();
    first.contains(':')
        || ["redis", "rediss", "valkey", "valkeys"].iter().any(|scheme| first.eq_ignore_ascii_case(scheme))
}

/// The environment that decides the default location.
#[derive(Clone, Debug)]
pub struct CacheEnv {
    /// `HOME`.
    pub home: Option<PathBuf>,
    /// `XDG_CACHE_HOME`; a relative path is ignored, as its specification asks.
    pub xdg_cache_home: Option<PathBuf>,
    /// The folder that the machine's daemons share.
    pub shared: PathBuf,
}

impl Default for CacheEnv {
    fn default() -> Self {
        Self { home: None, xdg_cache_home: None, shared: PathBuf::from("/var/cache/whodunit") }
    }
}

impl CacheEnv {
    /// The user's own file; None without a home directory.
    #[must_use]
    pub fn own(&self) -> Option<PathBuf> {
        let xdg = self.xdg_cache_home.as_ref().filter(|path| path.is_absolute()).cloned();
        let base = xdg.or_else(|| self.home.as_ref().map(|home| home.join(".cache")))?;
        Some(base.join("whodunit").join(NAME))
    }

    /// The shared file.
    #[must_use]
    pub fn shared(&self) -> PathBuf {
        self.shared.join(NAME)
    }
}

/// The cache file that a path given by the user means.
pub(super) fn file(path: &Path) -> PathBuf {
    if path.is_dir() || path.as_os_str().as_encoded_bytes().ends_with(b"/") {
        path.join(NAME)
    } else {
        path.to_owned()
    }
}

/// The paths that files beside a cache may be named after, without looking at the cache. The most likely comes first.
#[must_use]
pub fn bases(location: &CacheLocation, env: &CacheEnv) -> Vec<PathBuf> {
    match location {
        CacheLocation::Path(path) => vec![file(path)],
        CacheLocation::Default | CacheLocation::Redis(_) => {
            [Some(env.shared()), env.own()].into_iter().flatten().collect()
        }
        CacheLocation::Strange(_) | CacheLocation::None => Vec::new(),
    }
}

/// Creates an empty file and its folder, unless they exist. Before anybody can see it, the file gets the folder's
/// owner, group and group rights. If root creates it, the daemon that owns the folder must still be able to use it.
pub(super) fn make(path: &Path) -> io::Result<()> {
    let folder = folder_of(path);
    if !folder.exists() {
        make_folder(folder)?;
    }
    let owner = fs::metadata(folder)?;
    let shared = owner.mode() & 0o2020 != 0;
    let mode = if shared { 0o660 } else { 0o600 };
    // Two threads of one process may do this at the same time.
    static DRAFTS: AtomicU32 = AtomicU32::new(0);
    let draft = DRAFTS.fetch_add(1, Ordering::Relaxed);
    let draft = beside(path, &format!(".{}-{draft}.new", std::process::id()));
    let file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&draft)?;
    let prepared =
        file.set_permissions(Permissions::from_mode(mode)).and_then(|()| give(&file, &owner, shared));
    // Closed before anybody can open it: closing it later would give up the locks of this process's other threads.
    drop(file);
    // A link fails where a rename would replace a file that another process made in the meantime.
    let result = prepared.and_then(|()| fs::hard_link(&draft, path));
    let _ = fs::remove_file(&draft);
    match result {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        other => other,
    }
}

/// Gives the file to the folder's owner and group, if they differ and the process may.
fn give(file: &File, owner: &fs::Metadata, shared: bool) -> io::Result<()> {
    let made = file.metadata()?;
    if made.uid() == 0 && (owner.uid(), owner.gid()) != (made.uid(), made.gid()) {
        return std::os::unix::fs::fchown(file, Some(owner.uid()), Some(owner.gid()));
    }
    if shared && owner.gid() != made.gid() {
        // This process is not in the folder's group. The group cannot share the file then, but this process can still
        // use it.
        let _ = std::os::unix::fs::fchown(file, None, Some(owner.gid()));
    }
    Ok(())
}

/// Creates a folder: open to its group below /var, where daemons share it, else private to the user.
fn make_folder(folder: &Path) -> io::Result<()> {
    fs::create_dir_all(folder)?;
    let shared = folder.starts_with("/var/cache");
    fs::set_permissions(folder, Permissions::from_mode(if shared { 0o2770 } else { 0o700 }))
}

/// Removes a file that the folder's users cannot use, because it was created before the folder was given to them. A
/// first try as root leaves such a file, and it must not lock out the daemon. Returns true when it is gone. Its content
/// costs some queries.
pub(super) fn reclaim(path: &Path) -> bool {
    let (Ok(file), Ok(folder)) = (fs::symlink_metadata(path), fs::metadata(folder_of(path))) else {
        return false;
    };
    let shared = folder.mode() & 0o2020 != 0;
    let strange = if shared { file.gid() != folder.gid() } else { file.uid() != folder.uid() };
    strange && fs::remove_file(path).is_ok()
}

/// The owner of the file and of its folder, and the remedy for a user who may not use them. Empty if they cannot be
/// read.
pub(super) fn rights(path: &Path) -> String {
    let (Some(file), Some(folder)) = (owner(path), owner(folder_of(path))) else { return String::new() };
    format!(
        " ({file}; its folder {folder}): let this user or its group write both, or name another with --cache"
    )
}

fn owner(path: &Path) -> Option<String> {
    let meta = fs::metadata(path).ok()?;
    Some(format!("of user {} and group {}, mode {:o}", meta.uid(), meta.gid(), meta.mode() & 0o7777))
}

/// The file that is at the path now: device and inode.
pub(super) fn identity(path: &Path) -> Option<(u64, u64)> {
    fs::metadata(path).ok().map(|meta| (meta.dev(), meta.ino()))
}

/// Whether a damaged file is a cache, so that it may be moved away. The application ID in its first bytes decides
/// (SQLite's file format, 1.3), or its name if they are gone. A user may have typed /etc/passwd by mistake.
pub(super) fn is_cache(path: &Path, application: i32) -> bool {
    let mut head = Vec::new();
    let read = File::open(path).and_then(|file| file.take(100).read_to_end(&mut head));
    if read.is_ok()
        && head.starts_with(b"SQLite format 3\0")
        && let Some(made_by) = head.get(68..72)
    {
        return made_by == application.to_be_bytes();
    }
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    [".db", ".sqlite", ".sqlite3"].iter().any(|end| name.ends_with(end)) || name.contains("cache")
}

/// Renames a corrupt file and its journal to a name with `stamp`, if it is still the file that was opened. If several
/// processes find it, one of them does so. Returns the new name, or None if another process was faster.
pub(super) fn set_aside(path: &Path, opened: Option<(u64, u64)>, stamp: &str) -> io::Result<Option<PathBuf>> {
    // Checked without opening the file. Closing a file gives up all of this process's locks on it (fcntl(2)), and
    // another thread may already use the new file.
    if opened.is_some() && identity(path) != opened {
        return Ok(None);
    }
    let file = File::open(path)?;
    file.lock()?;
    let meta = file.metadata()?;
    let ours = Some((meta.dev(), meta.ino()));
    if !meta.is_file() || identity(path) != ours || opened.is_some_and(|opened| Some(opened) != ours) {
        return Ok(None);
    }
    let aside = beside(path, &format!(".corrupt-{stamp}"));
    // The journal goes first: SQLite would apply an old journal to the new file and corrupt it.
    for kind in ["-journal", "-wal", "-shm"] {
        let journal = beside(path, kind);
        if journal.exists() {
            fs::rename(&journal, beside(&aside, kind))?;
        }
    }
    fs::rename(path, &aside)?;
    forget_old(path);
    Ok(Some(aside))
}

/// Removes all but the newest few files that were set aside. Their names sort by time.
fn forget_old(path: &Path) {
    let Some(name) = path.file_name() else { return };
    let prefix = format!("{}.corrupt-", name.to_string_lossy());
    let Ok(entries) = fs::read_dir(folder_of(path)) else { return };
    let mut names: Vec<PathBuf> = entries
        .flatten()
        .filter(|entry| entry.file_name().to_string_lossy().starts_with(&prefix))
        .map(|entry| entry.path())
        .collect();
    names.sort();
    let excess = names.len().saturating_sub(SET_ASIDE);
    for old in names.iter().take(excess) {
        // This is only housekeeping; a file that cannot be removed stays.
        let _ = fs::remove_file(old);
    }
}

/// The message for a failure to create the file.
pub(super) fn sentence(path: &Path, error: &io::Error) -> String {
    let said = format!("cannot make the cache {}: {}", path.display(), reason(error));
    let folder = (error.kind() == io::ErrorKind::PermissionDenied).then(|| owner(folder_of(path))).flatten();
    match folder {
        Some(folder) => format!(
            "{said} (its folder is {folder}): let this user or its group write to it, or name another with --cache"
        ),
        None => said,
    }
}

fn folder_of(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// The path with a suffix added to its name.
pub(super) fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    PathBuf::from(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_no_path() {
        for (text, location) in [
            ("none", CacheLocation::None),
            ("/var/cache/x.db", CacheLocation::Path("/var/cache/x.db".into())),
            ("redis://h:6379/0", CacheLocation::Redis("redis://h:6379/0".into())),
            ("REDISS://me:Secret@h/1", CacheLocation::Redis("rediss://me:Secret@h/1".into())),
            ("valkey://h/0", CacheLocation::Redis("redis://h/0".into())),
            ("http://h/", CacheLocation::Strange("http://h/".into())),
            ("None", CacheLocation::None),
            ("./redis:127", CacheLocation::Path("./redis:127".into())),
            ("cache/a:b.db", CacheLocation::Path("cache/a:b.db".into())),
            ("redis.db", CacheLocation::Path("redis.db".into())),
        ] {
            assert_eq!(CacheLocation::from(text), location, "{text}");
        }
        for text in
            ["redis:127", "redis:/", "Redis//h", "rediss:h", "valkey", "unix:/x", "h:6379", ":memory:"]
        {
            assert_eq!(CacheLocation::from(text), CacheLocation::Strange(text.into()), "{text}");
        }
    }
}
