#![no_main]

#[path = "../checks/rdap.rs"]
mod rdap;

libfuzzer_sys::fuzz_target!(|data: &[u8]| rdap::check(data));
