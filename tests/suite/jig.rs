//! The jig: a run of the real program in an environment that the test controls completely.
//!
//! The environment is empty except for PATH. HOME, the XDG folders and the working folder are the room's own. A run
//! that takes too long is killed and fails.

mod started;

pub(crate) use started::{Outcome, Started};

use crate::farm::Farm;
use std::{
    ffi::OsString,
    fs,
    io::Write,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    thread,
    time::Duration,
};

/// The program under test.
pub(crate) const PROGRAM: &str = env!("CARGO_BIN_EXE_whodunit");

/// Skips a test because its user may not do something. That depends on the machine and not on installed programs, so it
/// does not fail in CI either.
#[expect(clippy::print_stderr, reason = "a test that was not made must not look like one that passed")]
pub(crate) fn skip(lacking: &str) {
    eprintln!("skipped: this machine lacks {lacking}");
}

/// A script that runs the room's copy of the program as nobody.
pub(crate) const AS_NOBODY: &str =
    r#"shift; exec setpriv --reuid=65534 --regid=65534 --clear-groups ./whodunit "$@""#;

/// Whether the tests run as root.
pub(crate) fn is_root() -> bool {
    Command::new("id").arg("-u").output().is_ok_and(|id| id.stdout == b"0\n")
}

/// A folder for one test, with a HOME and the XDG folders in it.
pub(crate) struct Room {
    folder: tempfile::TempDir,
}

impl Room {
    pub(crate) fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        for name in ["home", "config", "cache", "state", "work"] {
            fs::create_dir(folder.path().join(name)).unwrap();
        }
        Self { folder }
    }

    /// A room with files in its working folder.
    pub(crate) fn with(files: &[(&str, &str)]) -> Self {
        let room = Self::new();
        for (name, text) in files {
            room.write(name, text);
        }
        room
    }

    /// Writes a file; a relative path starts at the working folder.
    pub(crate) fn write(&self, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, content).unwrap();
        path
    }

    /// A path in the working folder; `../config/...` and so on reach the others.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join("work").join(name)
    }

    /// Lets any user run a copy of the program here, named `whodunit`, and read the server list.
    pub(crate) fn open_to_all(&self, list: &Path) {
        self.write("whodunit", fs::read(PROGRAM).unwrap());
        let folder = list.parent().unwrap();
        for path in [self.folder.path(), &self.path("."), &self.path("whodunit"), folder, list] {
            fs::set_permissions(path, fs::Permissions::from_mode(0o755)).unwrap();
        }
    }

    /// A run in this room.
    pub(crate) fn run<I: IntoIterator<Item = S>, S: Into<OsString>>(&self, args: I) -> Run<'_> {
        Run {
            room: self,
            args: args.into_iter().map(Into::into).collect(),
            stdin: Stdin::Nothing,
            env: vec![("WHODUNIT_CACHE".into(), "none".into())],
            around: vec![],
            timeout: Duration::from_secs(30),
            stdout: Text::Any,
            stderr: Text::Is(String::new()),
            code: None,
        }
    }
}

enum Stdin {
    Nothing,
    Closed,
    Bytes(Vec<u8>),
}

/// The expectation for a stream.
enum Text {
    Any,
    Is(String),
    Has(Vec<String>),
}

impl Text {
    fn check(&self, name: &str, got: &str, faults: &mut Vec<String>) {
        match self {
            Self::Any => {}
            Self::Is(want) if want == got => {}
            Self::Is(want) => faults.push(format!("{name}: want\n{want}--- got\n{got}---")),
            Self::Has(parts) => {
                let lacking = parts.iter().filter(|part| !got.contains(part.as_str()));
                faults.extend(lacking.map(|part| format!("{name}: no `{part}` in\n{got}---")));
            }
        }
    }

    fn also(&mut self, part: &str) {
        match self {
            Self::Has(parts) => parts.push(part.to_owned()),
            _ => *self = Self::Has(vec![part.to_owned()]),
        }
    }
}

/// A run and its expectations. Without an expectation for stderr, it must be empty.
#[must_use = "nothing runs before check()"]
pub(crate) struct Run<'a> {
    room: &'a Room,
    args: Vec<OsString>,
    stdin: Stdin,
    env: Vec<(OsString, OsString)>,
    around: Vec<String>,
    timeout: Duration,
    stdout: Text,
    stderr: Text,
    code: Option<i32>,
}

impl Run<'_> {
    /// Asks the farm's servers instead of the real ones.
    pub(crate) fn farm(mut self, farm: &Farm) -> Self {
        let behind_mode =
            usize::from(self.args.first().is_some_and(|mode| mode == "report" || mode == "serve"));
        let list = farm.list().into_os_string();
        self.args.splice(behind_mode..behind_mode, ["--servers".into(), list]);
        self
    }

    /// Adds arguments.
    pub(crate) fn args(mut self, args: &[&str]) -> Self {
        self.args.extend(args.iter().map(OsString::from));
        self
    }

    pub(crate) fn stdin(mut self, bytes: impl Into<Vec<u8>>) -> Self {
        self.stdin = Stdin::Bytes(bytes.into());
        self
    }

    /// Closes descriptor 0.
    pub(crate) fn closed_stdin(mut self) -> Self {
        self.stdin = Stdin::Closed;
        self
    }

    pub(crate) fn env(mut self, name: &str, value: impl Into<OsString>) -> Self {
        self.env.push((name.into(), value.into()));
        self
    }

    /// Uses a cache in the room; by default there is none.
    pub(crate) fn cache(self, name: &str) -> Self {
        let path = self.room.path(name);
        self.env("WHODUNIT_CACHE", path)
    }

    /// Starts the program through this shell script, as `"$@"`.
    pub(crate) fn through(mut self, script: &str) -> Self {
        self.around = vec!["/bin/sh".into(), "-c".into(), script.into(), "sh".into()];
        self
    }

    /// Makes both output streams a terminal of this many columns.
    pub(crate) fn on_terminal(self, columns: u16) -> Self {
        // script(1) needs one word of shell: the arguments go through the environment, as its own `"$@"`.
        let mut run = self.env("SHELL", "/bin/sh").env("TERM", "xterm-256color");
        let quoted: Vec<String> = std::iter::once(OsString::from(PROGRAM))
            .chain(run.args.drain(..))
            .map(|word| format!("'{}'", word.to_str().unwrap().replace('\'', r"'\''")))
            .collect();
        let script = format!("stty cols {columns} rows 40 -echo; exec {}", quoted.join(" "));
        run.around = ["/usr/bin/script", "-qec", &script, "/dev/null"].map(String::from).to_vec();
        run
    }

    /// Presses Ctrl-C after this time. Only with [`Self::on_terminal`].
    pub(crate) fn interrupted_after(mut self, seconds: f32) -> Self {
        for word in &mut self.around {
            *word = word.replace("; exec ", &format!("; exec timeout --foreground -s INT {seconds} "));
        }
        self
    }

    pub(crate) fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    pub(crate) fn stdout(mut self, text: &str) -> Self {
        self.stdout = Text::Is(text.to_owned());
        self
    }

    pub(crate) fn stdout_has(mut self, part: &str) -> Self {
        self.stdout.also(part);
        self
    }

    pub(crate) fn stderr_has(mut self, part: &str) -> Self {
        self.stderr.also(part);
        self
    }

    pub(crate) fn any_stderr(mut self) -> Self {
        self.stderr = Text::Any;
        self
    }

    pub(crate) fn code(mut self, code: i32) -> Self {
        self.code = Some(code);
        self
    }

    /// Starts it, and leaves it running.
    pub(crate) fn spawn(&self) -> Started {
        let mut command = self.command();
        let mut started = Started::new(&mut command, self.timeout);
        if let Stdin::Bytes(bytes) = &self.stdin {
            let (mut pipe, bytes) = (started.stdin(), bytes.clone());
            // It may end without reading all of it.
            thread::spawn(move || drop(pipe.write_all(&bytes)));
        }
        started
    }

    fn command(&self) -> Command {
        let words: Vec<OsString> = if self.around.first().is_some_and(|first| first.ends_with("script")) {
            self.around.iter().map(OsString::from).collect()
        } else {
            let program = std::iter::once(OsString::from(PROGRAM));
            self.around.iter().map(OsString::from).chain(program).chain(self.args.iter().cloned()).collect()
        };
        let (mut command, folder) = (Command::new(&words[0]), self.room.folder.path());
        if matches!(self.stdin, Stdin::Closed) {
            command = Command::new("/bin/sh");
            command.args(["-c", r#"exec "$@" <&-"#, "sh"]).arg(&words[0]);
        }
        command
            .args(&words[1..])
            .env_clear()
            .env("PATH", "/bin:/usr/bin")
            .env("HOME", folder.join("home"))
            .env("XDG_CONFIG_HOME", folder.join("config"))
            .env("XDG_CACHE_HOME", folder.join("cache"))
            .env("XDG_STATE_HOME", folder.join("state"))
            .envs(self.env.iter().map(|(name, value)| (name, value)))
            .current_dir(folder.join("work"))
            .stdin(if matches!(self.stdin, Stdin::Bytes(_)) { Stdio::piped() } else { Stdio::null() })
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        // An empty value stands for an unset variable.
        for (name, _) in self.env.iter().filter(|(_, value)| value.is_empty()) {
            command.env_remove(name);
        }
        command
    }

    /// Runs it, and compares stdout, stderr and code with the expectations.
    pub(crate) fn check(self) -> Outcome {
        let outcome = self.spawn().finish();
        let faults = self.faults(&outcome);
        assert!(faults.is_empty(), "whodunit {}\n{}", self.shown(), faults.join("\n"));
        outcome
    }

    /// The differences from the expectations.
    pub(crate) fn faults(&self, outcome: &Outcome) -> Vec<String> {
        let mut faults = vec![];
        if outcome.killed {
            faults.push(format!("still running after {:?}: killed", self.timeout));
        }
        if self.code.is_some_and(|code| code != outcome.code) {
            faults.push(format!("code: want {}, got {}", self.code.unwrap(), outcome.code));
        }
        self.stdout.check("stdout", &outcome.stdout, &mut faults);
        self.stderr.check("stderr", &outcome.stderr, &mut faults);
        if !faults.is_empty() && matches!(self.stdout, Text::Any) {
            faults.push(format!("stdout was\n{}---", outcome.stdout));
        }
        faults
    }

    /// The arguments, as a user would type them.
    pub(crate) fn shown(&self) -> String {
        self.args.iter().map(|word| word.to_string_lossy()).collect::<Vec<_>>().join(" ")
    }
}
