//! Customers who name servers in their records to put the service out of action: the clients of others are still
//! decided.

use super::*;

/// The customer has 8.30.0.0/16, and a server of his own that is slow, or is a registry's under another name. All other
/// networks are Contoso's.
const REGISTRIES: &str = r#"
[alias]
"whois.flood.example" = "whois.lacnic.net"

[[server]]
name = "whois.arin.net"
rule = [
  { within = "8.30.0.0/16", reply = "arin", network = "8.30.0.0/16", with = { org = "Fabrikam Cloud", referral = "ReferralServer: rwhois://rwhois.slow.example:4321" } },
  { within = "8.31.0.0/16", reply = "arin", network = "8.31.0.0/16", with = { org = "Fabrikam Cloud", referral = "ReferralServer: whois://whois.flood.example" } },
  { within = "8.32.0.0/16", reply = "arin", network = "8.32.0.0/16", with = { org = "Fabrikam Cloud", referral = "ReferralServer: rwhois://whois.ripe.net:4321" } },
  { within = "8.40.0.0/16", reply = "arin", size = 24, with = { org = "Contoso GmbH" } },
]

[[server]]
name = "rwhois.slow.example"
greeting = "%rwhois V-1.5:003fff:00 rwhois.slow.example\r\n"
optional = true
rule = [{ reply = "rwhois", size = 24, delay_ms = 2800, with = { org = "Fabrikam Customer" } }]

# A question every two seconds, and thirty at once before that counts.
[[server]]
name = "whois.lacnic.net"
optional = true
rule = [
  { within = "8.0.0.0/8", reply = "lacnic", size = 24, with = { org = "Fabrikam Customer" } },
  { reply = "lacnic", size = 24, with = { org = "Contoso GmbH" } },
]

[[server]]
name = "whois.ripe.net"
optional = true
rule = [
  { within = "8.0.0.0/8", reply = "ripe", size = 24, delay_ms = 300, with = { org = "Fabrikam Customer" } },
  { reply = "ripe", size = 24, with = { org = "Contoso GmbH" } },
]
"#;

fn world(more: &str) -> World {
    let world = World::of(REGISTRIES, more);
    world.write("blocked", "Contoso\n");
    world
}

/// Clients that nobody waits for.
fn come(serve: &Serve, clients: impl Iterator<Item = String>) -> Vec<Asking<TcpStream>> {
    clients
        .map(|client| {
            let mut connection = serve.connect();
            connection.send(&client);
            connection
        })
        .collect()
}

/// Each is decided within the deadline: the pattern file blocks it, and an unknown one would pass.
#[track_caller]
fn are_decided(serve: &Serve, clients: impl Iterator<Item = String>) {
    let mut connection = serve.connect();
    let passed: Vec<String> =
        clients.filter(|client| !connection.ask(client).starts_with("REJECT ")).take(3).collect();
    assert!(passed.is_empty(), "passed undecided: {passed:?}\n{}", serve.running.said());
}

fn sixty(prefix: &'static str) -> impl Iterator<Item = String> {
    (0..60).map(move |n| format!("{prefix}.{n}.9"))
}

#[test]
fn a_customers_slow_server_keeps_nobody_elses_client_waiting() {
    let world = world("rate = 0\n");
    let serve = Serve::start(&world, &[]);
    let slow = come(&serve, (0..60).map(|n| format!("8.30.{n}.9")));
    until("the customer's server is asked", || !world.farm.asked("rwhois.slow.example").is_empty());
    are_decided(&serve, sixty("8.40"));
    for mut connection in slow {
        assert_eq!(connection.answer(), "DUNNO");
    }
    assert!(world.farm.widest("rwhois.slow.example") <= 3);
    // A referral that was not followed is reported to the mail server, and its answer is not kept as complete.
    let kept = |address: &str| {
        let mut command = Command::new(PROGRAM);
        command.args(["--config", &world.text("config.toml"), "--offline", "-q", address]).env_clear();
        command.status().unwrap().code() == Some(0)
    };
    let known = (0..60).filter(|n| kept(&format!("8.30.{n}.9"))).count();
    assert!(known <= world.farm.asked("rwhois.slow.example").len(), "{known} are kept");
}

#[test]
fn neighbours_who_wait_for_one_answer_keep_nobody_else_waiting() {
    let world = world("rate = 0\n");
    let serve = Serve::start(&world, &[]);
    let _slow = come(&serve, (0..40).map(|n| format!("8.30.1.{n}")));
    until("the customer's server is asked", || !world.farm.asked("rwhois.slow.example").is_empty());
    are_decided(&serve, sixty("8.40"));
    assert_eq!(world.farm.asked("rwhois.slow.example").len(), 1);
}

#[test]
fn a_registry_by_another_name_keeps_its_time_for_its_own_clients() {
    // With each registry's own pace: forty of ARIN's sixty queries at once are the customer's.
    let world = world("");
    let serve = Serve::start(&world, &[]);
    let flood = come(&serve, (0..40).map(|n| format!("8.31.{n}.9")));
    until("LACNIC is asked", || !world.farm.asked("whois.lacnic.net").is_empty());
    are_decided(&serve, (0..20).map(|n| format!("8.40.{n}.9")));
    for mut connection in flood {
        assert_eq!(connection.answer(), "DUNNO");
    }
    are_decided(&serve, (0..12).map(|n| format!("200.{n}.1.9")));
}

#[test]
fn a_registry_on_another_port_is_there_for_its_own_clients() {
    let world = world("rate = 0\n");
    let serve = Serve::start(&world, &[]);
    let _flood = come(&serve, (0..60).map(|n| format!("8.32.{n}.9")));
    until("RIPE is asked", || !world.farm.asked("whois.ripe.net").is_empty());
    are_decided(&serve, sixty("8.40"));
    are_decided(&serve, sixty("193.0"));
}
