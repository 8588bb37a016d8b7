#![no_main]

#[path = "../checks/time.rs"]
mod time;

libfuzzer_sys::fuzz_target!(|data: &[u8]| time::check(data));
