//! Several logs, some of which cannot be read.

use super::{farm, log, room};
use std::io::Write;

/// The log packed, with half of it missing.
fn cut() -> Vec<u8> {
    let mut gzip = flate2::write::GzEncoder::new(vec![], flate2::Compression::default());
    gzip.write_all(log().repeat(5_000).as_bytes()).unwrap();
    let gzip = gzip.finish().unwrap();
    gzip[..gzip.len() / 2].to_vec()
}

#[test]
fn a_log_that_cannot_be_read_is_named_and_costs_itself_alone() {
    let (room, farm) = (room(), farm());
    room.write("cut.gz", cut());
    room.write("folder/x", "");
    for more in [&[][..], &["--owner", "Contoso|Fabrikam", "--lines", "1"]] {
        let run = room.run(["report", "--rate", "0", "--json"]).args(more);
        let run = run.args(&["mail.log", "nowhere.log", "folder", "cut.gz", "mail.log"]).farm(&farm);
        let mut run = run.code(66).stderr_has("cannot read nowhere.log: ").stderr_has("cannot read folder: ");
        run = run.stderr_has("cannot read cut.gz: ").stderr_has("the other inputs count");
        let rows = run.check().json();
        let hits: u64 = rows.iter().map(|row| row["hits"].as_u64().unwrap()).sum();
        assert!(hits > 2 * if more.is_empty() { 18 } else { 15 }, "also what could be read of it: {hits}");
    }
}

#[test]
fn a_cut_stream_is_called_standard_input_also_where_it_is_read_twice() {
    let room = room();
    for more in [&[][..], &["--owner", "Contoso"]] {
        let run = room.run(["report", "--offline"]).args(more).stdin(cut());
        run.stdout("").stderr_has("cannot read standard input: ").code(66).check();
    }
}
