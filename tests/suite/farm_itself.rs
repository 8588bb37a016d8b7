//! Tests of the farm itself: a check that cannot fail checks nothing.

use crate::farm::{Does, Farm, Plan, Rule, Scenario};
use std::{
    io::{ErrorKind, Read, Write},
    net::TcpStream,
};

const NAME: &str = "whois.ripe.net";

fn ask(farm: &Farm, line: &str) -> std::io::Result<Vec<u8>> {
    let mut stream = TcpStream::connect(("127.0.0.1", farm.port(NAME)))?;
    stream.write_all(format!("{line}\r\n").as_bytes())?;
    let mut reply = vec![];
    stream.read_to_end(&mut reply)?;
    Ok(reply)
}

fn answering(text: &str) -> Rule {
    Rule { text: Some(text.into()), ..Rule::default() }
}

#[test]
fn complains_when_nobody_asked() {
    let mut farm = Farm::of_one(NAME, answering("yes\n"));
    assert_eq!(farm.complaints(), ["whois.ripe.net: never asked"]);
}

#[test]
fn complains_of_too_many_questions_and_of_the_wrong_ones() {
    let plan = Plan {
        name: NAME.into(),
        rule: vec![answering("yes\n")],
        at_most: Some(1),
        lines: Some(vec!["-r 193.0.0.1".into()]),
        ..Plan::default()
    };
    let mut farm = Farm::start(&Scenario { server: vec![plan], ..Scenario::default() });
    ask(&farm, "-r 193.0.0.1").unwrap();
    ask(&farm, "193.0.0.2").unwrap();
    assert_eq!(farm.complaints().len(), 2, "{:?}", farm.complaints());
    assert_eq!((farm.questions(), farm.asked(NAME).len(), farm.widest(NAME)), (2, 2, 1));
    assert!(farm.asked(NAME)[0].at <= farm.asked(NAME)[1].at);
}

#[test]
fn complains_of_a_question_that_no_rule_answers() {
    let rule = Rule { within: Some("193.0.0.0/24".into()), times: Some(1), ..answering("yes\n") };
    let mut farm = Farm::of_one(NAME, rule);
    assert_eq!(ask(&farm, "193.0.0.1/e").unwrap(), b"yes\n");
    assert!(ask(&farm, "193.0.0.1/e").is_err());
    assert_eq!(farm.complaints(), ["whois.ripe.net: no rule answers `193.0.0.1/e`"]);
}

#[test]
fn fills_in_the_network_around_the_address() {
    let rule = Rule {
        size: Some(22),
        ..answering("{address} {first} {last} {cidr} {short} {port:whois.ripe.net} {x")
    };
    let farm = Farm::of_one(NAME, rule);
    let reply = String::from_utf8(ask(&farm, "n + 200.57.130.9").unwrap()).unwrap();
    let port = farm.port(NAME);
    let wanted = format!("200.57.130.9 200.57.128.0 200.57.131.255 200.57.128.0/22 200.57.128/22 {port} {{x");
    assert_eq!(reply, wanted);
}

#[test]
fn resets_cuts_and_holds() {
    let reset = Rule { does: Does::Reset, times: Some(1), ..Rule::default() };
    let cut = Rule { cut: Some(3), ..answering("1234567") };
    let plan = Plan { name: NAME.into(), rule: vec![reset, cut], ..Plan::default() };
    let farm = Farm::start(&Scenario { server: vec![plan], ..Scenario::default() });
    assert_eq!(ask(&farm, "193.0.0.1").unwrap_err().kind(), ErrorKind::ConnectionReset);
    assert_eq!(ask(&farm, "193.0.0.1").unwrap(), b"123");
}
