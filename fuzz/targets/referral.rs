#![no_main]

#[path = "../checks/referral.rs"]
mod referral;

libfuzzer_sys::fuzz_target!(|data: &[u8]| referral::check(data));
