#![no_main]

#[path = "../checks/typed.rs"]
mod typed;

libfuzzer_sys::fuzz_target!(|data: &[u8]| typed::check(data));
