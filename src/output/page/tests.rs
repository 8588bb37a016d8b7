//! The page is complete, and safe for any content.

use super::*;
use crate::report::tests::{Made, at, of, patterns, span};
use crate::report::{Grouping, Sightings};
use jiff::tz::TimeZone;

const EVIL: &str = "</title><script>alert('1')</script>\"&\u{202e}\u{1b}[2J";

fn page(top: Option<usize>) -> String {
    let patterns = patterns(&["Contoso"]);
    let made = [
        Made {
            country: "DE",
            abuse: "abuse@contoso.example",
            ..of("8.8.1.1", 1200, "Contoso GmbH", "8.8.0.0/22")
        },
        Made { country: "<b>", abuse: "<i>@x", ..of("9.9.9.9", 600, EVIL, "9.9.9.0/24") },
        of("9.9.10.9", 10, EVIL, "9.9.10.0/24"),
        of("9.9.11.9", 10, EVIL, "9.9.11.0/24"),
        of("10.0.0.1", 30, "", ""),
        of("7.7.7.7", 20, "", ""),
    ];
    let sightings: Sightings =
        made.iter().zip(0..).map(|(made, n)| made.seen(&patterns, &[n, n + 4])).collect();
    let report = Report::new(&sightings, Some(span()), Grouping::Owner);
    let logs = ["mail.log".to_owned(), EVIL.to_owned()];
    let clock = DisplayZone { zone: TimeZone::UTC };
    let mut out = Vec::new();
    ReportPage { logs: &logs, clock: &clock, now: at(60), top }.write(&report, &mut out).unwrap();
    String::from_utf8(out).unwrap()
}

#[test]
fn nothing_that_a_stranger_wrote_is_markup() {
    let page = page(None);
    for bad in ["<script", "<b>", "<i>", "\u{202e}", "\u{1b}", "alert('"] {
        assert!(!page.contains(bad), "{bad}");
    }
    assert!(page.contains(
        "&lt;/title&gt;&lt;script&gt;alert(&#39;1&#39;)&lt;/script&gt;&quot;&amp;\\u{202e}\\x1b[2J"
    ));
}

#[test]
fn it_needs_nothing_from_elsewhere() {
    let page = page(None);
    for reference in
        ["http:", "https:", "url(", "@import", " src=", " href=\"h", " href=\"/", "<link", "<img", "<iframe"]
    {
        assert!(!page.contains(reference), "{reference}");
    }
    assert!(page.contains("default-src 'none'"));
}

/// Every element is closed by its own end tag, in order.
#[test]
fn every_element_is_closed() {
    let page = page(None);
    let mut open: Vec<&str> = Vec::new();
    for tag in page.split('<').skip(1).filter(|tag| !tag.starts_with('!')) {
        let name = tag.split([' ', '>', '\n', '/']).find(|name| !name.is_empty()).unwrap();
        if tag.starts_with('/') {
            assert_eq!(open.pop(), Some(name), "{tag}");
        } else if name != "meta" && name != "path" {
            open.push(name);
        }
    }
    assert!(open.is_empty(), "{open:?}");
}

#[test]
fn every_row_says_what_it_draws() {
    let page = page(None);
    assert!(page.contains("<title id=\"t1\">Contoso GmbH: hits over time</title>"));
    assert!(page.contains("1,200 hits, 13 Nov 02:14 – 02:18; at most 600 in 1 min.</desc>"));
    assert_eq!(page.matches("<svg class=\"run\"").count(), 4);
    assert_eq!(page.matches("<svg class=\"all\"").count(), 1);
    assert!(page.contains("<dt>Blocked hits</dt><dd>1,200</dd><dd class=\"note\">64% of all</dd>"), "{page}");
    assert!(page.contains("<summary>1 more network</summary><span class=\"sub net\">9.9.11.0/24</span>"));
    assert!(page.contains(">timeout: 1</span>"));
    assert!(
        page.contains("M10 1000V0h80V1000zM310 1000V960h80V1000zM410 1000V7h80V1000z"),
        "the bars of the first row"
    );
}

#[test]
fn rows_that_are_not_shown_are_summed_up() {
    let page = page(Some(1));
    assert_eq!(page.matches("<svg class=\"run\"").count(), 1);
    assert!(page.contains("And 3 more, with 670 hits from 5 addresses."));
}

#[test]
fn numbers_have_their_thousands_apart() {
    let show = |number| HtmlNumber(number).to_string();
    assert_eq!([0, 999, 1000, 1_234_567].map(show), ["0", "999", "1,000", "1,234,567"]);
    assert_eq!(
        [percent(1, 3), percent(1, 1000), percent(0, 0), percent(5, 5)],
        ["33%", "0.1%", "0.0%", "100%"]
    );
}
