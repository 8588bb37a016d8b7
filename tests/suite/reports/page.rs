//! `--html`: the page as Chromium draws it, at 400 and at 1280 pixels and between, light and dark.
//!
//! The checked-in pictures (tests/pictures/page-WIDTH-SCHEME.txt) have a character for each cell of 8 by 16 pixels;
//! darker cells have denser characters. `WHODUNIT_BLESS=1 cargo test reports::page` draws them again. target/pictures/
//! has them as PNG files.

use super::browser::Browser;
use crate::jig::Room;
use serde_json::Value;
use std::{
    fmt::Write,
    fs,
    path::{Path, PathBuf},
};

/// The rules for every page; returns a list of faults.
const RULES: &str = include_str!("page_rules.js");
/// Draws the page as rows of characters, from a PNG file in base64.
const DRAW: &str = include_str!("page_draw.js");
/// Replaces fonts, and content that differs in each run.
const SAME_EVERYWHERE: &str = r#"
const style = document.documentElement.style;
style.setProperty("--sans", "DejaVu Sans");
style.setProperty("--serif", "DejaVu Serif");
style.setProperty("--mono", "DejaVu Sans Mono");
document.querySelector("footer time").textContent = "24 November 2026, 10:00 UTC";
document.querySelector("footer p:last-child").firstChild.textContent = "Made by whodunit 0.0.0 on ";
document.fonts.ready.then(() => 0)"#;
/// One in this many cells may differ from the checked-in picture: versions of a browser round differently.
const LIKENESS: usize = 50;

/// An inetnum object of RIPE's.
fn network(first: &str, last: &str, owner: &str, country: &str, abuse: &str) -> String {
    let handle = format!("ORG-{}", first.replace('.', ""));
    format!(
        "inetnum:        {first} - {last}\nnetname:        NET-{handle}\norg:            {handle}\ndescr:          {owner}\n\
         country:        {country}\nstatus:         ASSIGNED PA\nmnt-by:         {handle}-MNT\n\
         remarks:        abuse-mailbox: {abuse}\nsource:         RIPE\n\n"
    )
}

/// (owner, country, contact, networks, hits of each address, addresses of each network)
type Owner<'a> = (&'a str, &'a str, &'a str, &'a [&'a str], usize, usize);

const OWNERS: [Owner<'static>; 5] = [
    (
        "Contoso Bulk Mail GmbH",
        "DE",
        "abuse@contoso.example",
        &["193.0.20", "193.0.21", "193.0.24", "193.0.30"],
        61,
        5,
    ),
    (
        "Gesellschaft fuer ungewoehnlich lange Namen und elektronische Werbung mit beschraenkter Haftung",
        "AT",
        "beschwerdestelle-fuer-elektronische-post@gesellschaft-fuer-ungewoehnlich-lange-namen.example",
        &["193.0.40"],
        33,
        4,
    ),
    ("Fabrikam B.V.", "NL", "abuse@fabrikam.example", &["193.0.60"], 20, 2),
    ("Wingtip Toys", "US", "noc@wingtip.example", &["193.0.70"], 9, 2),
    (
        "Donaudampfschifffahrtselektrizitaetenhauptbetriebswerkbauunterbeamtengesellschaft",
        "AT",
        "post@donau.example",
        &["193.0.80"],
        4,
        1,
    ),
];

fn log() -> String {
    let (mut log, mut second) = (String::new(), 0_usize);
    let mut lines = |client: &str, hits: usize| {
        for _ in 0..hits {
            second += 397;
            let (day, hour, minute, rest) =
                (1 + second / 86_400, second / 3_600 % 24, second / 60 % 60, second % 60);
            writeln!(
                log,
                "2020-11-{day:02}T{hour:02}:{minute:02}:{rest:02}+00:00 mx1 postfix/smtpd[4101]: NOQUEUE: reject: RCPT from \
                 unknown[{client}]: 554 5.7.1 <info@example.org>: Recipient address rejected: spam; \
                 from=<offers@contoso.example> to=<info@example.org> proto=ESMTP helo=<mail.contoso.example>"
            )
            .unwrap();
        }
    };
    for (_, _, _, networks, hits, addresses) in OWNERS {
        for network in networks {
            (1..=addresses).for_each(|last| lines(&format!("{network}.{last}"), hits / last));
        }
    }
    lines("10.0.0.1", 12);
    lines("8.8.8.8", 7);
    log
}

/// A room with a page in it, with owners and their lines.
fn room() -> Room {
    let of = |(owner, country, abuse, networks, ..): &Owner| -> String {
        let one = |net: &&str| network(&format!("{net}.0"), &format!("{net}.255"), owner, country, abuse);
        networks.iter().map(one).collect()
    };
    let data: String = OWNERS.iter().map(of).collect();
    let room = Room::with(&[
        ("ripe.db.inetnum", &data),
        ("mail.log", &log()),
        ("blocked", "@desc ^Contoso\n@desc lange Namen\n"),
        ("wanted", "@desc ^Wingtip\n"),
    ]);
    room.run(["cache", "import", "ripe.db.inetnum"]).cache("cache.db").any_stderr().check();
    room
}

fn page(room: &Room, args: &[&str]) -> PathBuf {
    let run = room.run(["report", "--offline", "--html", "page.html"]).args(args).args(&["mail.log"]);
    run.cache("cache.db").env("TZ", "UTC").any_stderr().code(0).check();
    room.path("page.html")
}

/// The faults of the open page.
fn faults(browser: &mut Browser, when: &str) -> Vec<String> {
    let found = browser.value(RULES);
    found.as_array().unwrap().iter().map(|fault| format!("{when}: {}", fault.as_str().unwrap())).collect()
}

#[test]
fn a_page_fits_and_can_be_read_on_narrow_and_wide_screens_by_day_and_by_night() {
    let room = room();
    let Some(mut browser) = Browser::start(&room) else { return };
    let all = page(&room, &["-f", "blocked", "-a", "wanted"]);
    let (whole, lines) = (room.path("whole.html"), room.path("lines.html"));
    fs::rename(&all, &whole).unwrap();
    fs::rename(page(&room, &["-f", "blocked", "--owner", "Contoso|lange"]), &lines).unwrap();
    let mut found = Vec::new();
    for (width, scheme) in
        [(400, "light"), (400, "dark"), (1280, "light"), (1280, "dark"), (320, "light"), (740, "dark")]
    {
        for page in [&whole, &lines] {
            let when = format!("{} at {width}, {scheme}", page.file_stem().unwrap().to_str().unwrap());
            browser.open(page, width, scheme);
            browser.value(SAME_EVERYWHERE);
            found.extend(faults(&mut browser, &when));
            let opened = browser.value(
                "[...document.querySelectorAll('details')].map(d => { const below = () => d.lastElementChild.checkVisibility(); \
                 const before = below(); d.firstElementChild.click(); return !before && below(); })",
            );
            let opened = opened.as_array().unwrap().clone();
            assert!(
                !opened.is_empty() && opened.iter().all(|one| *one == Value::Bool(true)),
                "{when}: {opened:?}"
            );
            found.extend(faults(&mut browser, &format!("{when}, opened")));
            if page == &whole && [400, 1280].contains(&width) {
                found.extend(unlike(&mut browser, width, scheme));
            }
        }
    }
    assert!(found.is_empty(), "{}", found.join("\n"));
}

/// A thousand clients, and owners with everything that makes a row long.
fn many() -> Room {
    let mut data = String::new();
    let mut log = String::new();
    for owner in 0..2_500 {
        let (b, c) = (owner / 250, owner % 250);
        let name = format!("Owner {owner} with a name of some length, as registries have them, Ltd");
        let abuse = format!("abuse-of-network-operations@owner-{owner}-and-sons.example");
        data.push_str(&network(&format!("193.{b}.{c}.0"), &format!("193.{b}.{c}.255"), &name, "GB", &abuse));
        for hit in 0..if owner < 3 { 400 } else { 1 + owner % 7 } {
            let last = if owner < 3 { 1 + hit % 250 } else { 1 };
            let day = 1 + (owner + hit * 3) % 28;
            writeln!(log, "2020-11-{day:02}T10:00:00+00:00 mx1 postfix/smtpd[4101]: connect from unknown[193.{b}.{c}.{last}]").unwrap();
        }
    }
    // Many networks of one owner.
    for net in 0..2_500 {
        let (b, c) = (100 + net / 250, net % 250);
        data.push_str(&network(
            &format!("193.{b}.{c}.0"),
            &format!("193.{b}.{c}.255"),
            "Contoso",
            "DE",
            "abuse@contoso.example",
        ));
        writeln!(
            log,
            "2020-11-05T10:00:00+00:00 mx1 postfix/smtpd[4101]: connect from unknown[193.{b}.{c}.1]"
        )
        .unwrap();
    }
    let room = Room::with(&[("ripe.db.inetnum", &data), ("mail.log", &log)]);
    room.run(["cache", "import", "ripe.db.inetnum"]).cache("cache.db").any_stderr().check();
    room
}

#[test]
fn a_page_of_thousands_of_owners_can_be_sent_by_mail_and_read() {
    let room = many();
    let whole = page(&room, &[]);
    let size = fs::metadata(&whole).unwrap().len();
    assert!(size < 1_000_000, "{size} bytes");
    let text = fs::read_to_string(&whole).unwrap();
    assert!(text.contains("2,401 more, with "), "the first hundred rows are shown, the others folded away");
    assert!(text.contains("Owner 2499 with"), "and are all there");
    assert!(
        text.contains("data-label=\"address\">1</td>") && !text.contains("data-label=\"addresses\">1</td>"),
        "{size}"
    );
    let addresses = room.path("addresses.html");
    fs::rename(page(&room, &["--owner", "^Owner [0-2] with|Contoso"]), &addresses).unwrap();
    let text = fs::read_to_string(&addresses).unwrap();
    assert!(text.contains("and 2,400 more addresses: --json has all"), "the clients of a row are bounded");
    let whole = page(&room, &[]);
    let Some(mut browser) = Browser::start(&room) else { return };
    let mut found = Vec::new();
    for (width, scheme) in [(400, "light"), (1280, "dark")] {
        browser.open(&whole, width, scheme);
        browser.value(SAME_EVERYWHERE);
        // A few rows of the tail stand for all: every text is compared with every other.
        browser.value("document.querySelectorAll('.tail tr:nth-child(n+12), tbody[role] tr:nth-child(n+5)').forEach(row => row.remove())");
        browser.value("document.querySelectorAll('details').forEach(d => { d.open = true })");
        found.extend(faults(&mut browser, &format!("many at {width}, {scheme}")));
        let shot = browser.screenshot(width);
        fs::write(shots().join(format!("many-{width}-{scheme}.png")), base64(&shot)).unwrap();
    }
    assert!(found.is_empty(), "{}", found.join("\n"));
}

/// The folder for PNG pictures.
fn shots() -> PathBuf {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/pictures");
    fs::create_dir_all(&folder).unwrap();
    folder
}

/// Compares the open page with the checked-in picture.
fn unlike(browser: &mut Browser, width: u32, scheme: &str) -> Option<String> {
    let shot = browser.screenshot(width);
    fs::write(shots().join(format!("page-{width}-{scheme}.png")), base64(&shot)).unwrap();
    browser.blank();
    let drawn = browser.value(&format!("({DRAW})({})", Value::from(shot)));
    let drawn = drawn.as_str().unwrap();
    let name = format!("page-{width}-{scheme}.txt");
    let kept = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/pictures").join(&name);
    if std::env::var_os("WHODUNIT_BLESS").is_some() {
        fs::write(&kept, drawn).unwrap();
    }
    let kept = fs::read_to_string(&kept).unwrap_or_default();
    let (cells, other) = difference(&kept, drawn);
    (other * LIKENESS > cells).then(|| {
        format!("{other} of {cells} cells differ from tests/pictures/{name}; look at target/pictures/page-{width}-{scheme}.png")
    })
}

/// The number of cells of two pictures, and the number that differ by two shades or more.
fn difference(kept: &str, drawn: &str) -> (usize, usize) {
    let shade = |row: Option<&&str>, at: usize| {
        let cell = row.and_then(|row| row.as_bytes().get(at)).copied().unwrap_or(b' ');
        b" .:-=+*#%@".iter().position(|known| *known == cell).unwrap()
    };
    let (kept, drawn): (Vec<&str>, Vec<&str>) = (kept.lines().collect(), drawn.lines().collect());
    let rows = kept.len().max(drawn.len());
    let wide = kept.iter().chain(&drawn).map(|row| row.len()).max().unwrap_or_default();
    let differs = |row: usize, at: usize| shade(kept.get(row), at).abs_diff(shade(drawn.get(row), at)) > 1;
    let other = (0..rows).map(|row| (0..wide).filter(|at| differs(row, *at)).count()).sum();
    (kept.iter().map(|row| row.len()).sum(), other)
}

#[test]
fn a_picture_is_told_from_another() {
    assert_eq!(difference(" .:\n@@", " :=\n@"), (5, 2));
    assert_eq!(difference("", "##\n"), (0, 2));
}

/// Decodes base64 (RFC 4648).
fn base64(text: &str) -> Vec<u8> {
    let value = |c: u8| match c {
        b'A'..=b'Z' => u32::from(c - b'A'),
        b'a'..=b'z' => u32::from(c - b'a') + 26,
        b'0'..=b'9' => u32::from(c - b'0') + 52,
        b'+' => 62,
        _ => 63,
    };
    let text = text.trim_end_matches('=').as_bytes();
    let bytes = |four: &[u8]| {
        let bits = four.iter().fold(0, |bits, c| bits << 6 | value(*c)) << (6 * (4 - four.len()));
        bits.to_be_bytes()[1..four.len()].to_vec()
    };
    text.chunks(4).flat_map(bytes).collect()
}
