//! `--abuse-mail`: a mail program, and the abuse desk's own program, can read a message.

use super::{farm, log, room};
use crate::{
    farm::{Farm, Plan, Rule, Scenario},
    jig::{Room, skip},
};
use serde_json::Value;
use std::{collections::BTreeMap, process::Command};

/// Prints as JSON what Python's email package reads in a message, and its complaints.
const READER: &str = r#"
import base64, email, email.policy, json, sys
message = email.message_from_binary_file(open(sys.argv[1], "rb"), policy=email.policy.strict)
parts = list(message.walk())
headers = [str(value) for part in parts for value in part.values()]
defects = [str(d) for part in parts for d in part.defects]
defects += [str(d) for part in parts for value in part.values() for d in value.defects]
attached = {p.get_filename(): p.get_content() for p in message.iter_attachments()}
text = lambda content: content if isinstance(content, str) else content.decode()
attached = {name: text(content) for name, content in attached.items()}
xarf = [json.loads(content) for name, content in attached.items() if name.startswith("xarf-")]
for report in xarf:
    for item in report["evidence"]:
        item["decoded"] = base64.b64decode(item["payload"], validate=True).decode()
print(json.dumps({"defects": defects, "to": str(message["to"]), "date": message["date"].datetime.isoformat(),
                  "body": message.get_body().get_content(), "evidence": attached["evidence.txt"], "xarf": xarf}))
"#;

/// The faults in a report by the rules of xarf-core.json and messaging-spam.json (github.com/xarf/xarf-spec, 4.0.0).
fn faults(report: &Value) -> Vec<String> {
    let mut faults = Vec::new();
    let mut rule = |holds: bool, rule: &str| {
        if !holds {
            faults.push(rule.to_owned());
        }
    };
    let text = |name: &str| report[name].as_str().unwrap_or_default();
    let names = |value: &Value| value.as_object().map(|o| o.keys().cloned().collect::<Vec<_>>());
    let matches = |expression: &str, text: &str| regex::Regex::new(expression).unwrap().is_match(text);
    rule(matches(r"^4\.[0-9]+\.[0-9]+$", text("xarf_version")), "xarf_version");
    let uuid = "^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$";
    rule(matches(uuid, text("report_id")), "report_id: a UUID of version 4");
    let time = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z$";
    rule(matches(time, text("timestamp")), "timestamp: date-time, in UTC");
    for contact in [&report["reporter"], &report["sender"]] {
        rule(names(contact) == Some(vec!["contact".into(), "domain".into(), "org".into()]), "contact_info");
        let of = |name: &str| contact[name].as_str().unwrap_or_default();
        rule((1..=200).contains(&of("org").len()), "contact_info.org");
        rule(matches(r"^[^@\s]+@[A-Za-z0-9.-]+$", of("contact")), "contact_info.contact: email");
        rule(matches(r"^[A-Za-z0-9.-]{1,253}$", of("domain")), "contact_info.domain: hostname");
    }
    rule(text("source_identifier").parse::<std::net::IpAddr>().is_ok(), "source_identifier");
    rule(text("category") == "messaging" && text("type") == "spam", "category and type");
    let protocols = [
        "smtp",
        "sms",
        "whatsapp",
        "telegram",
        "signal",
        "chat",
        "social_media",
        "push_notification",
        "other",
    ];
    rule(protocols.contains(&text("protocol")), "protocol");
    let smtp = text("protocol") == "smtp";
    let port = report["source_port"].as_u64().is_some_and(|port| (1..=65535).contains(&port));
    rule(!smtp || port && report["smtp_from"].is_string(), "smtp asks for smtp_from and source_port");
    rule(report["source_port"].is_null() || port, "source_port");
    rule(text("description").len() <= 1000, "description");
    rule(report["_internal"].is_null(), "_internal is never sent");
    let evidence = report["evidence"].as_array().cloned().unwrap_or_default();
    rule((1..=50).contains(&evidence.len()), "evidence");
    for item in &evidence {
        // `decoded` is the reader's own.
        let known = ["content_type", "decoded", "description", "hash", "payload", "size"];
        rule(
            names(item).is_some_and(|names| names.iter().all(|n| known.contains(&n.as_str()))),
            "evidence_item",
        );
        rule(item["content_type"] == "text/plain" && item["payload"].is_string(), "evidence_item: required");
        rule(item["description"].as_str().unwrap_or_default().len() <= 500, "evidence_item.description");
        rule(
            item["size"].as_u64() == item["decoded"].as_str().map(|text| text.len() as u64),
            "evidence_item.size",
        );
    }
    faults
}

#[test]
fn a_mail_program_reads_the_messages_and_a_machine_their_reports() {
    let (room, farm) = (room(), farm());
    let evil = "Nov 20 10:00:00 mx postfix/smtpd[41]: NOQUEUE: reject: RCPT from unknown[193.0.22.9]: 554 5.7.1; \
                from=<boss@spam.example> to=<Jürgen@here.example> helo=<abuse@helo.example>\n";
    room.write("mail.log", evil.to_owned() + &log());
    let run = room.run(["report", "--rate", "0", "--abuse-mail", "out", "mail.log"]).farm(&farm);
    // A machine whose name has no domain gets a warning.
    run.env("TZ", "America/New_York").any_stderr().code(0).check();
    let path = room.path("out/abuse@contoso.example.eml");
    let Ok(python) = Command::new("python3").args(["-c", READER]).arg(&path).output() else {
        return skip("python3");
    };
    let said = String::from_utf8_lossy(&python.stderr);
    let read: Value = serde_json::from_slice(&python.stdout).unwrap_or_else(|_| panic!("{said}"));
    assert_eq!(read["defects"], serde_json::json!([]), "{read}");
    assert_eq!(read["to"], "abuse@contoso.example");
    let reports = read["xarf"].as_array().unwrap();
    let sources: Vec<&str> = reports.iter().map(|r| r["source_identifier"].as_str().unwrap()).collect();
    assert_eq!(sources, ["193.0.22.9", "193.0.40.7", "193.0.22.10"], "most hits first");
    for report in reports {
        assert_eq!(faults(report), Vec::<String>::new(), "{report}");
    }
    // The log's times are in New York's zone, the evidence's in UTC.
    let evidence = read["evidence"].as_str().unwrap();
    assert!(evidence.contains("-11-20T15:00:00Z  Nov 20 10:00:00 mx"), "{evidence}");
    assert!(evidence.contains("to=<***@here.example>") && !evidence.contains("boss@"), "{evidence}");
    let decoded = reports[0]["evidence"][0]["decoded"].as_str().unwrap();
    assert!(decoded.contains("***@spam.example") && !decoded.contains("rgen@"), "{decoded}");
    assert!(!room.path("out/abuse@helo.example.eml").exists(), "whom a client names is not written to");
}

#[test]
fn a_report_against_the_rules_is_found_out() {
    let wrong = serde_json::json!({"xarf_version": "3", "category": "messaging", "protocol": "smtp"});
    let found = faults(&wrong);
    for rule in
        ["xarf_version", "report_id: a UUID of version 4", "contact_info", "source_identifier", "evidence"]
    {
        assert!(found.iter().any(|fault| fault == rule), "{rule}: {found:?}");
    }
    assert!(found.iter().any(|fault| fault.starts_with("smtp asks")));
}

/// A report about one client whose record names these contacts.
fn of_contacts(contacts: &[&str]) -> (Room, Farm) {
    let rules = contacts.iter().enumerate().map(|(n, contact)| Rule {
        within: Some(format!("193.0.{n}.0/24")),
        network: Some(format!("193.0.{n}.0/24")),
        reply: Some("ripe".into()),
        with: BTreeMap::from([("org".into(), format!("Owner {n}")), ("abuse".into(), (*contact).into())]),
        ..Rule::default()
    });
    let ripe = Plan { name: "whois.ripe.net".into(), rule: rules.collect(), ..Plan::default() };
    let line = |n| format!("Nov 20 10:00:00 mx postfix/smtpd[41]: connect from unknown[193.0.{n}.1]\n");
    let log: String = (0..contacts.len()).map(line).collect();
    (Room::with(&[("mail.log", &log)]), Farm::start(&Scenario { server: vec![ripe], ..Scenario::default() }))
}

fn written(room: &Room) -> Vec<String> {
    let folder = std::fs::read_dir(room.path("out")).unwrap();
    let mut names: Vec<String> =
        folder.map(|file| file.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

#[test]
fn a_contact_gets_one_message_however_it_is_written_and_a_bad_one_none() {
    let long = format!("abuse@{}.example", "very-long-label.".repeat(15));
    let (room, farm) = of_contacts(&[
        "Abuse@Contoso.example",
        "abuse@contoso.example",
        &long,
        "../.x@y.example",
        "abuse@ripe.net",
    ]);
    let run = room.run(["report", "--rate", "0", "--abuse-mail", "out", "mail.log"]).farm(&farm);
    run.stderr_has("no abuse contact is known, and no message written, for Owner 2, Owner 4").code(0).check();
    assert_eq!(written(&room), ["abuse@contoso.example.eml", "x@y.example.eml"]);
    let mail = std::fs::read_to_string(room.path("out/abuse@contoso.example.eml")).unwrap();
    let mail = mail.replace("\r\n ", " ").replace("  ", " ");
    assert!(mail.contains(": 2 log lines of 2 addresses\r\n") && mail.contains(".1: 1 log line, "), "{mail}");
}

#[test]
fn a_message_that_cannot_be_written_whole_is_not_left_there() {
    let (room, farm) = of_contacts(&["abuse@contoso.example"]);
    let run = room.run(["report", "--rate", "0", "--abuse-mail", "out", "mail.log"]).farm(&farm);
    room.write("file", "a file");
    let asked = farm.questions();
    let run_to = |folder: &str| room.run(["report", "--abuse-mail", folder, "mail.log"]).farm(&farm);
    run_to("file/out")
        .stderr_has("cannot write file/out: ")
        .stderr_has("name another folder with --abuse-mail")
        .code(74)
        .check();
    assert_eq!(farm.questions(), asked, "the folder was looked at first");
    // The file size limit is one block of 512 bytes.
    let run = run.through(r#"trap '' XFSZ; ulimit -f 1; exec "$@""#);
    run.stderr_has("abuse@contoso.example.eml: ").code(74).check();
    assert_eq!(written(&room), [] as [&str; 0]);
}

#[test]
fn a_folder_that_stays_empty_is_explained() {
    let room = Room::with(&[("log", "10.0.0.1\n")]);
    let run = room.run(["report", "--abuse-mail", "mail", "log"]).code(0);
    let said = run.stderr_has("no message was written into mail: nobody in the report").check().stderr;
    assert!(!said.contains("receives no replies"), "{said}");
}
