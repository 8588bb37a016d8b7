//! One query over HTTPS: the possible answers, and the expected results.

use crate::{
    farm::{AUTHORITY, Does, Farm, Plan, Rule, Scenario},
    jig::Room,
};
use std::{
    net::{IpAddr, TcpListener},
    time::{Duration, Instant},
};
use whodunit::internals::{
    deadline::Deadline,
    rdap::{RdapFailure, RdapQuery, RdapReply, ask},
    registry::{Registry, Servers, UnknownKind},
};

const NAME: &str = "rdap.db.ripe.net";
const ADDRESS: &str = "193.0.22.9";

fn plan(rule: Rule) -> Plan {
    Plan { name: NAME.into(), https: true, rule: vec![rule], ..Plan::default() }
}

fn farm(plan: Plan) -> Farm {
    Farm::start(&Scenario { server: vec![plan], ..Scenario::default() })
}

fn asked(farm: &Farm, timeout: Duration) -> Result<RdapReply, RdapFailure> {
    let servers = Servers::read(&farm.list()).unwrap();
    let address: IpAddr = ADDRESS.parse().unwrap();
    let query = RdapQuery::about(address, Registry::Ripe, &servers).expect("RIPE has a server");
    ask(&query, address, &servers, Deadline::within(timeout))
}

/// The result of one rule.
fn played(rule: Rule) -> Result<RdapReply, RdapFailure> {
    asked(&farm(plan(rule)), Duration::from_secs(20))
}

fn answering() -> Rule {
    Rule { reply: Some("rdap".into()), ..Rule::default() }
}

fn says(status: u16, headers: &[(&str, &str)]) -> Rule {
    let headers = headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    Rule { status: Some(status), headers: headers.collect(), text: Some("{}".into()), ..Rule::default() }
}

fn kind(failure: Result<RdapReply, RdapFailure>) -> (UnknownKind, String) {
    let failure = failure.expect_err("no answer was to be had");
    (failure.kind, failure.message)
}

#[test]
fn an_answer_is_text_and_nothing_personal() {
    let farm = farm(Plan { lines: Some(vec![format!("GET /ip/{ADDRESS}")]), ..plan(answering()) });
    let Ok(RdapReply::Network(text, Registry::Ripe)) = asked(&farm, Duration::from_secs(20)) else {
        panic!()
    };
    assert!(
        text.starts_with("inetnum:        193.0.22.0 - 193.0.22.255\nnetname:        CONTOSO-NET\n"),
        "{text}"
    );
    assert!(text.contains("\norg-name:       Contoso GmbH\n"), "{text}");
    assert!(!text.contains("Erika"), "{text}");
}

#[test]
fn refusals_are_told_from_absence_and_from_trouble() {
    let failure = played(says(429, &[("Retry-After", "120")])).unwrap_err();
    assert_eq!((failure.kind, failure.retry_after), (UnknownKind::Denied, Some(Duration::from_secs(120))));
    assert_eq!(failure.message, "rdap.db.ripe.net: too many questions (HTTP status 429)");
    for (rule, expected) in [
        (says(429, &[]), UnknownKind::Denied),
        (says(403, &[]), UnknownKind::Denied),
        (says(503, &[("Retry-After", "60")]), UnknownKind::Denied),
        (says(404, &[]), UnknownKind::NotFound),
        (says(400, &[]), UnknownKind::Network),
        (says(500, &[]), UnknownKind::Network),
        (says(503, &[]), UnknownKind::Network),
        (says(200, &[]), UnknownKind::Incomplete),
        (Rule { text: Some("<html>".into()), ..Rule::default() }, UnknownKind::Incomplete),
        (Rule { network: Some("193.0.0.0/21".into()), ..answering() }, UnknownKind::Incomplete),
        (Rule { cut: Some(300), ..answering() }, UnknownKind::Network),
        (Rule { does: Does::Reset, ..answering() }, UnknownKind::Network),
        (Rule { does: Does::Empty, ..answering() }, UnknownKind::Network),
    ] {
        let said = format!("{rule:?}");
        let (kind, message) = kind(played(rule));
        assert_eq!(kind, expected, "{message}\n{said}");
        assert!(message.starts_with(NAME), "{message}");
    }
}

#[test]
fn redirects_lead_to_other_registries_and_never_inside() {
    let to = |location: &str| played(says(301, &[("Location", location)]));
    let Ok(RdapReply::Elsewhere(next)) = to("https://rdap.apnic.net/ip/193.0.22.9") else { panic!() };
    assert_eq!((next.url(), next.server.registry), ("https://rdap.apnic.net/ip/193.0.22.9", Registry::Apnic));
    for location in [
        "https://rdap.example.net:9200/_search",
        "http://rdap.apnic.net/ip/193.0.22.9",
        "ftp://rdap.apnic.net/",
        "https://",
        "",
    ] {
        let (kind, message) = kind(to(location));
        assert_eq!(kind, UnknownKind::Network, "{message}");
        assert!(message.starts_with("rdap.db.ripe.net redirects to"), "{message}");
    }
    // These are URLs of a server on the inside, which shows when its address is known.
    for location in
        ["https://127.0.0.1/", "https://localhost/", "https://[::1]/", "https://169.254.169.254/latest"]
    {
        let Ok(RdapReply::Elsewhere(next)) = to(location) else { panic!("{location}") };
        let address: IpAddr = ADDRESS.parse().unwrap();
        let failure = ask(&next, address, &Servers::default(), Deadline::within(Duration::from_secs(20)));
        let (kind, message) = kind(failure);
        assert_eq!(kind, UnknownKind::Network);
        assert!(message.ends_with("is at an address that is not on the public internet"), "{message}");
    }
}

#[test]
fn nobody_else_passes_for_the_server() {
    for plan in [
        Plan { strange: true, asked: Some(0), ..plan(answering()) },
        Plan { certificate: Some("rdap.example.net".into()), asked: Some(0), ..plan(answering()) },
    ] {
        let (kind, message) = kind(asked(&farm(plan), Duration::from_secs(20)));
        assert_eq!(kind, UnknownKind::Network);
        assert!(message.contains("certificate"), "{message}");
    }
}

/// Both are mistakes of who set `ca`, so the message names the file and what belongs into it.
#[test]
fn a_ca_that_is_none_is_named_with_the_remedy() {
    let strange = Plan { strange: true, asked: Some(0), ..plan(answering()) };
    let (_, message) = kind(asked(&farm(strange), Duration::from_secs(20)));
    assert!(
        message.contains("/ca.pem has not signed its certificate: `ca` names the certificate"),
        "{message}"
    );
    let authority = Plan { certificate: Some(AUTHORITY.into()), asked: Some(0), ..plan(answering()) };
    let (_, message) = kind(asked(&farm(authority), Duration::from_secs(20)));
    assert!(message.contains("is an authority's own (CA:TRUE)"), "{message}");
    assert!(message.contains("sign one for the server with it, and keep "), "{message}");
}

#[test]
fn one_deadline_holds_over_connection_handshake_head_and_body() {
    let timeout = Duration::from_millis(700);
    let drip = Rule { does: Does::Drip, every_ms: Some(50), ..answering() };
    let silence = Rule { does: Does::Silence, ..answering() };
    for plan in [
        plan(drip),
        plan(silence.clone()),
        // It never completes the handshake.
        Plan { greeting: Some("220 mail".into()), optional: true, ..Plan { https: false, ..plan(silence) } },
    ] {
        let said = format!("{plan:?}");
        let mut farm = farm(plan);
        let start = Instant::now();
        let got = asked(&farm, timeout);
        let took = start.elapsed();
        let _ = farm.complaints();
        let Err(RdapFailure { kind, message, .. }) = got else { panic!("{said}") };
        assert!(
            kind == UnknownKind::Timeout || message.contains("could not be asked"),
            "{kind:?} {message}\n{said}"
        );
        assert!(took < timeout + Duration::from_millis(800), "{took:?}\n{said}");
    }
}

#[test]
fn an_endless_answer_is_too_large() {
    let flood = Rule { does: Does::Flood, text: Some(String::new()), ..Rule::default() };
    let endless = Rule { headers: [("X".to_owned(), "x".repeat(1 << 20))].into(), ..flood.clone() };
    // The head says that the body is empty, and nothing more is read.
    let (kind_of_body, message) = kind(played(flood));
    assert_eq!(kind_of_body, UnknownKind::Incomplete, "{message}");
    let (kind_of_head, message) = kind(played(endless));
    assert_eq!(kind_of_head, UnknownKind::TooLarge, "{message}");
    let long = Rule { text: Some(format!("[\"{}\"]", "x".repeat(1 << 20))), ..Rule::default() };
    let (kind_of_long, message) = kind(played(long));
    assert_eq!(kind_of_long, UnknownKind::TooLarge, "{message}");
}

/// RIPE's whois is down, and its RDAP server answers.
fn fallback() -> Farm {
    let down = Plan { name: "whois.ripe.net".into(), refuse: true, ..Plan::default() };
    Farm::start(&Scenario { server: vec![down, plan(answering())], ..Scenario::default() })
}

#[test]
fn proxies_of_the_environment_are_not_used() {
    let proxy = TcpListener::bind("127.0.0.1:0").unwrap();
    proxy.set_nonblocking(true).unwrap();
    let url = format!("http://{}", proxy.local_addr().unwrap());
    let (farm, room) = (fallback(), Room::new());
    let mut run = room.run(["--json", ADDRESS]).farm(&farm).code(0);
    for name in ["HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"] {
        run = run.env(name, &url);
    }
    assert_eq!(run.check().json()[0]["source"], "rdap");
    assert!(proxy.accept().is_err(), "the proxy was asked");
}

/// A report and the service use the same fallback, and obey `--rdap never`.
#[test]
fn reports_and_the_service_fall_back_too() {
    let (farm, room) = (fallback(), Room::new());
    let log = format!("Nov 27 10:00:00 mx postfix/smtpd[1]: connect from unknown[{ADDRESS}]\n");
    let report = |args: &[&str]| {
        let run = room.run(["report", "--json"]).args(args).farm(&farm).stdin(log.as_str());
        run.any_stderr().check().json()[0].clone()
    };
    assert_eq!(report(&[])["owner"], "Contoso GmbH");
    assert!(report(&["--rdap", "never"])["owner"].is_null());
    let request = format!("request=smtpd_access_policy\nclient_address={ADDRESS}\n\n");
    let serve = |args: &[&str]| {
        let run = room.run(["serve", "--stdio", "--timeout", "9", "-e", "@org contoso"]).args(args);
        run.farm(&farm).stdin(request.as_str()).any_stderr().check().stdout
    };
    assert!(serve(&[]).starts_with("action=REJECT "), "{}", serve(&[]));
    assert_eq!(serve(&["--rdap", "never"]), "action=DUNNO\n\n");
    assert_eq!(farm.asked(NAME).len(), 2);
}

#[test]
fn an_answer_is_kept_and_explained() {
    let (farm, room) = (fallback(), Room::new());
    let run = |args: &[&str]| room.run(args.iter().copied()).farm(&farm).cache("cache.db");
    let explained = run(&["--explain", "-e", "@org contoso", ADDRESS]).code(1).check().stdout;
    for said in [
        "https://rdap.db.ripe.net/ip/193.0.22.9 (",
        "from whois.ripe.net, rdap.db.ripe.net",
        "rdap.db.ripe.net: a record",
    ] {
        assert!(explained.contains(said), "{said}\n{explained}");
    }
    let kept = run(&["--json", "--offline", "-e", "@org contoso", ADDRESS]).code(1).check();
    assert_eq!((&kept.json()[0]["source"], &kept.json()[0]["servers"][1]), (&"cache".into(), &NAME.into()));
    assert_eq!(farm.asked(NAME).len(), 1);
}

#[test]
fn the_cache_holds_a_server_off_for_as_long_as_it_says() {
    let down = Plan { name: "whois.ripe.net".into(), refuse: true, ..Plan::default() };
    let refusing = Plan { asked: Some(1), ..plan(says(429, &[("Retry-After", "7200")])) };
    let farm = Farm::start(&Scenario { server: vec![down, refusing], ..Scenario::default() });
    let room = Room::new();
    let run = |args: &[&str]| room.run(args.iter().copied()).farm(&farm).cache("cache.db");
    run(&["-q", ADDRESS]).code(75).check();
    let stats = room.run(["cache", "stats", "--json"]).cache("cache.db").code(0).check().json()[0].clone();
    let until: jiff::Timestamp = stats["held_off"][NAME].as_str().unwrap().parse().unwrap();
    let minutes = until.duration_since(jiff::Timestamp::now()).as_mins();
    assert!((110..=120).contains(&minutes), "{minutes}");
    let error = run(&["--json", "193.0.23.9"]).code(75).check().json()[0]["error"].clone();
    assert_eq!(error["kind"], "network");
    assert!(error["message"].as_str().unwrap().contains("denied us before"), "{error}");
}

/// If the full whois text may matter, it is asked for as soon as whois answers again.
#[test]
fn a_miss_over_rdap_is_no_answer_from_the_cache_either() {
    let down = Rule { does: Does::Reset, times: Some(2), ..Rule::default() };
    let up = Rule { reply: Some("ripe".into()), ..Rule::default() };
    let whois =
        Plan { name: "whois.ripe.net".into(), rule: vec![down, up], asked: Some(3), ..Plan::default() };
    let farm = Farm::start(&Scenario {
        server: vec![whois, Plan { asked: Some(1), ..plan(answering()) }],
        ..Scenario::default()
    });
    let room = Room::new();
    let run = |args: &[&str]| room.run(args.iter().copied()).farm(&farm).cache("cache.db");
    assert_eq!(run(&["--json", ADDRESS]).code(0).check().json()[0]["source"], "rdap");
    let offline = run(&["--json", "--offline", "-e", "Announced by", ADDRESS]).code(75).check();
    assert_eq!(offline.json()[0]["error"]["kind"], "incomplete");
    let fields = run(&["--json", "-e", "@org fabrikam", ADDRESS]).code(0).check();
    assert_eq!(fields.json()[0]["source"], "cache");
    for (form, said) in [("--whois", "Announced by"), ("--json", "\"source\":\"cache\"")] {
        let stdout = run(&[form, "-e", "Announced by", ADDRESS]).code(1).check().stdout;
        assert!(stdout.contains(said), "{stdout}");
    }
}
