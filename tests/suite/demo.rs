//! The demo's own arguments. README's tests cover its output.

use crate::jig::PROGRAM;
use std::{
    path::Path,
    process::{Command, Output},
};

/// Cargo puts examples beside the program.
fn demo(args: &[&str]) -> Output {
    let demo = Path::new(PROGRAM).with_file_name("examples").join("demo");
    Command::new(demo).args(args).output().unwrap()
}

#[test]
fn help_says_how_it_is_called() {
    for arg in ["--help", "-h"] {
        let output = demo(&[arg]);
        assert_eq!(output.status.code(), Some(0));
        assert!(output.stdout.starts_with(b"usage: ") && output.stderr.is_empty(), "{output:?}");
    }
}

#[test]
fn what_it_does_not_know_is_bad_usage() {
    for args in
        [&["nonsense"][..], &["serve", "soon"], &["serve", "-1"], &["serve", "0", "0"], &["--help", "x"]]
    {
        let output = demo(args);
        let said = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(64), "{said}");
        assert!(
            said.contains(&format!("`{}`\nusage: ", args.join(" "))) && !said.contains("panicked"),
            "{said}"
        );
        assert!(output.stdout.is_empty());
    }
}
