#![no_main]

#[path = "../checks/networks.rs"]
mod networks;

libfuzzer_sys::fuzz_target!(|data: &[u8]| networks::check(data));
