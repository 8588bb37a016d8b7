//! The program: parse, settle, run, and end with the exit code that the run earned.

fn main() {}
