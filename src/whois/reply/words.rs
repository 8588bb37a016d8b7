//! Messages of servers and clients in the position of an answer.

use super::*;
use Provenance::{Network, Saved};

/// A reply in a few words.
fn short(reply: &WhoisReply) -> String {
    match reply {
        WhoisReply::Failure { kind, .. } => format!("failure {}", kind.as_str()),
        WhoisReply::Empty { kind, .. } => format!("empty {}", kind.as_str()),
        WhoisReply::Placeholder { .. } => "placeholder".to_owned(),
        WhoisReply::Record(record, _) => format!("record {}", record.network),
    }
}

#[test]
fn servers_own_words() {
    for (text, registry, expected) in [
        ("%ERROR:101: no entries found\n%\n", Registry::Ripe, "empty not-found"),
        ("%  No entries found for the selected source(s).\n", Registry::Other, "empty not-found"),
        ("%ERROR:100: internal software error\n", Registry::Ripe, "failure network"),
        ("%ERROR:305: connection has been closed\n", Registry::Ripe, "failure network"),
        ("%ERROR:306: connections exceeded\n", Registry::Ripe, "failure denied"),
        ("%ERROR:202: access control limit reached\n", Registry::Apnic, "failure denied"),
        ("%ERROR:402: not for you\n", Registry::Apnic, "empty incomplete"),
        ("%ERROR:503: access denied\n", Registry::Ripe, "failure denied"),
        ("%ERROR:404: no entries found\n", Registry::Ripe, "empty not-found"),
        (
            "inetnum: 192.0.2.0/24\nsource: RIPE\n\n%ERROR:402: not for you\n",
            Registry::Ripe,
            "failure incomplete",
        ),
        ("% Your host is not registered for this service.\n", Registry::Ripe, "empty incomplete"),
        ("Client not found in the list of members.\n", Registry::Twnic, "empty incomplete"),
        ("[ 本日の問い合わせ回数の制限を超えました ]\n", Registry::Jpnic, "failure denied"),
        ("%201 access control limit reached for 192.0.2.1\n", Registry::Apnic, "failure denied"),
        ("% Your host 192.0.2.1 has been blocked.\n", Registry::Ripe, "failure denied"),
        ("% Query rate limit exceeded\n", Registry::Lacnic, "failure denied"),
        ("% Maximum concurrent connections limit exceeded\n", Registry::RegistroBr, "failure denied"),
        ("% Permissão negada.\n", Registry::RegistroBr, "failure denied"),
        ("% Not assigned.\n", Registry::RegistroBr, "empty not-found"),
        ("% Not assigned to LACNIC\n", Registry::Lacnic, "empty not-found"),
        ("% Unallocated and unassigned in LACNIC block: 198.18/15\n", Registry::Lacnic, "empty not-found"),
        ("No match found for n + 192.0.2.1.\n", Registry::Arin, "empty not-found"),
        ("The IP address not belong to TWNIC\n", Registry::Twnic, "empty not-found"),
        ("% This query returned 0 objects.\n", Registry::Iana, "empty not-found"),
        (
            "% The WHOIS is temporary unable to query ARIN for the requested resource.\n",
            Registry::Afrinic,
            "placeholder",
        ),
        ("%rwhois V-1.5\n%error 230 No Objects Found\n", Registry::Rwhois, "empty not-found"),
        ("%rwhois V-1.5\n%error 350 Invalid Query Syntax\n", Registry::Rwhois, "failure network"),
        (
            "%error 501 Service Not Available: exceeded max client sessions\n",
            Registry::Rwhois,
            "failure denied",
        ),
        (
            "%rwhois V-1.5\n%referral rwhois://root.rwhois.net:4321/auth-area=.\n%ok\n",
            Registry::Rwhois,
            "empty not-found",
        ),
        ("Timeout.\n", Registry::Other, "failure timeout"),
        ("Query rate limit exceeded\n", Registry::Other, "failure denied"),
    ] {
        assert_eq!(short(&classify(text, registry, None, Network)), expected, "{text}");
        assert_eq!(short(&classify(text, detect(text), None, Saved)), expected, "saved: {text}");
    }
}

/// There is no complete list of the ways to say it.
#[test]
fn a_denial_in_other_words() {
    for line in [
        "You have exceeded your query limit. Please try again later.",
        "Number of allowed queries exceeded.",
        "Your IP has been blacklisted.",
        "Maximum query rate reached",
        "Requests of this client are not permitted.",
        "You have been banned for abuse.",
        "Access to whois service at whois.example.net from 192.0.2.7 has been *DENIED*.",
        "#  Query rate exceeded",
        "Error: rate limit exceeded",
        "% This query was refused: you have been rate limited.",
        "Server too busy, try again later",
        "Still in grace period, wait 120 seconds",
        "Connection refused: query quota reached",
        "You don't have permission to use this service",
        "% You don\u{2019}t have permission to use this service",
        "You do not have permission to query this server.",
        "Your access is too fast,please try again later.",
        "Too many connection attempts, please try again later.",
        "# Too many lookups from 192.0.2.7",
        "You are querying too frequently; slow down.",
        "% You are not authorized to access this service.",
        "You have been throttled.",
    ] {
        let text = format!("{line}\n");
        for provenance in [Network, Saved] {
            assert_eq!(
                short(&classify(&text, Registry::Other, None, provenance)),
                "failure denied",
                "{line}"
            );
        }
    }
    let object = "inetnum:  192.0.2.0 - 192.0.2.255\ndescr:  Your Quota Reached Ltd\nsource:  RIPE\n\n";
    for line in [
        "% If you exceed the limit, your IP address will be blocked.",
        "% Whoever has exceeded the rate limit may be banned.",
        "% You do not have permission to reproduce the data below.",
        "% You are not permitted to use the information for advertising.",
        "% being prohibited its distribution, commercialization or reproduction",
        "% Too many objects are related to it; only the first is shown.",
        "% Please do not query too often.",
        "error-code: none; access denied",
        "Organization Name  : Query Limit Reached",
        "Limits Reached Ltd. LR (NET-198-51-100-0-1) 198.51.100.0 - 198.51.100.255",
    ] {
        let text = format!("{object}{line}\n\n");
        assert_eq!(short(&classify(&text, detect(&text), None, Saved)), "record 192.0.2.0/24", "{line}");
    }
}

/// The same in more words and languages, in an answer without a network: there no customer can have said it.
#[test]
fn a_denial_alone_in_other_tongues() {
    for line in include_str!("refusals.txt").lines() {
        for text in [format!("{line}\n"), format!("% {line}\n\n")] {
            let judged = short(&classify(&text, Registry::Krnic, None, Network));
            assert_eq!(judged, "failure denied", "{line}");
        }
        let object = "inetnum:  192.0.2.0 - 192.0.2.255\nsource:  AFRINIC\n\n";
        for said in
            [format!("descr: {line}\n"), format!("   {line}\n"), format!("Address            : {line}\n")]
        {
            assert_eq!(short(&classify(&said, Registry::Krnic, None, Network)), "empty incomplete", "{said}");
            let text = format!("{object}{said}source:  AFRINIC\n");
            assert_eq!(
                short(&classify(&text, Registry::Afrinic, None, Network)),
                "record 192.0.2.0/24",
                "{text}"
            );
        }
    }
}

/// Below objects it counts if it is short, or speaks to whoever asks, or in a language that describes no service.
#[test]
fn a_refusal_of_the_rest() {
    let ripe = "inetnum:  192.0.2.0 - 192.0.2.255\ndescr:  Denied\nsource:  RIPE\n\n";
    let afrinic =
        "inetnum:  192.0.2.0 - 192.0.2.255\nremarks:  denied\n          Denied.\nsource:  AFRINIC\n\n";
    let twnic = "\n   Denied Ltd.\n\n   Netname: EXAMPLE\n   Netblock: 192.0.2.0/24\n\n   Administrator contact:\n      a@example.net\n\n   Technical contact:\n      denied@example.net\n\n";
    let judged =
        |text: &str, registry| short(&classify(text, registry, Some([192, 0, 2, 1].into()), Network));
    for (object, registry) in [(ripe, Registry::Ripe), (afrinic, Registry::Afrinic), (twnic, Registry::Twnic)]
    {
        for line in [
            "Query refused.",
            "Denied.",
            "Your credit is used up for today.",
            "拒绝访问",
            "Whois for 192.0.2.7 is blocked until noon.",
        ] {
            for line in [format!("% {line}\n"), format!("{line}\n\n")] {
                assert_eq!(
                    judged(&format!("{object}{line}"), registry),
                    "failure denied",
                    "{registry} {line}"
                );
            }
        }
        let whole = if registry == Registry::Ripe { "failure incomplete" } else { "record 192.0.2.0/24" };
        for line in [
            "",
            "% Excessive queries are blocked by this service.\n",
            "% Your queries are limited to a thousand in a day.\n",
            "% Your address may be blocked.\n",
            "% Unauthorized use is prohibited.\n",
        ] {
            assert_eq!(judged(&format!("{object}{line}"), registry), whole, "{registry} {line}");
        }
    }
    let closed = format!("{ripe}% This query was served by the RIPE Database\n% Query refused.\n");
    assert_eq!(judged(&closed, Registry::Ripe), "record 192.0.2.0/24");
}

/// The same after each registry's opening lines, which mention terms and limits too.
#[test]
fn a_denial_behind_a_registrys_head() {
    let ripe = "% This is the RIPE Database query service.\n% The objects are in RPSL format.\n%\n\
                % The RIPE Database is subject to Terms and Conditions.\n\n";
    let lacnic = "\n% Joint Whois - whois.lacnic.net\n%  This server accepts single ASN, IPv4 or IPv6 queries\n\n\
                  % Brazilian resource: whois.registro.br\n\n\n% Copyright (c) Nic.br\n%  The use of the data below is \
                  only permitted as described in\n%  full by the terms of use at https://registro.br/termo/en.html ,\n\
                  %  being prohibited its distribution, commercialization or\n%  reproduction\n\n";
    let arin = "\n#\n# ARIN WHOIS data and services are subject to the Terms of Use\n#\n\n\n";
    let krnic = "query : 192.0.2.1\n\n\n# KOREAN(UTF8)\n\n";
    let jpnic = "[ JPNIC database provides information regarding IP address and ASN. Its use   ]\n\n";
    for (registry, head) in [
        (Registry::Ripe, ripe),
        (
            Registry::Apnic,
            "% [whois.apnic.net]\n% Whois data copyright terms    http://www.apnic.net/db/dbcopyright.html\n\n",
        ),
        (Registry::Lacnic, lacnic),
        (Registry::Arin, arin),
        (Registry::Krnic, krnic),
        (Registry::Jpnic, jpnic),
        (Registry::Afrinic, "% This is the AfriNIC Whois server.\n\n"),
        (Registry::Twnic, ""),
        (
            Registry::Iana,
            "% IANA WHOIS server\n% for more information on IANA, visit http://www.iana.org\n\n",
        ),
        (Registry::Rwhois, "%rwhois V-1.5:003fff:00 rwhois.example.net\n"),
    ] {
        for line in [
            "You don't have permission to use this service",
            "You do not have permission to use this service.",
            "Your access is too fast,please try again later.",
            "Too many connection attempts, please try again later.",
            "% Query rate limit exceeded. Reduced information.",
            "%ERROR:201: access denied for 192.0.2.7",
            "#201 access denied",
            "% Permission denied.",
        ] {
            let text = format!("{head}{line}\n\n");
            for provenance in [Network, Saved] {
                let judged = classify(&text, registry, Some([192, 0, 2, 1].into()), provenance);
                assert_eq!(short(&judged), "failure denied", "{registry} {line}: {}", judged.explain());
            }
        }
    }
}

/// Whoever is named is asked, but not whoever answers.
#[test]
fn a_registry_that_cannot_ask_another_names_it() {
    for (line, registry, next) in [
        (
            "The WHOIS is temporary unable to query ARIN for the requested resource.",
            Registry::Afrinic,
            "whois.arin.net",
        ),
        ("RIPE could not contact APNIC", Registry::Ripe, "whois.apnic.net"),
        ("Timeout while contacting whois.arin.net", Registry::Lacnic, "whois.arin.net"),
        ("Connection to whois.apnic.net failed", Registry::Lacnic, "whois.apnic.net"),
        ("whois.registro.br is not responding", Registry::Lacnic, "whois.registro.br"),
        ("The KRNIC whois server is unavailable at the moment", Registry::Apnic, "whois.kisa.or.kr"),
        ("ERROR: no response from the AfriNIC server", Registry::Arin, "whois.afrinic.net"),
        ("ARIN did not answer us in time", Registry::Afrinic, "whois.arin.net"),
        ("Sorry, ARIN is down", Registry::Afrinic, "whois.arin.net"),
        ("We asked ARIN about it, without success", Registry::Afrinic, "whois.arin.net"),
        ("whois.arin.net: connection timed out", Registry::Afrinic, "whois.arin.net"),
        ("ARIN refused our connection", Registry::Afrinic, "whois.arin.net"),
        ("No se pudo consultar ARIN", Registry::Lacnic, "whois.arin.net"),
        ("This resource is managed by the RIPE NCC. Query its server.", Registry::Apnic, "whois.ripe.net"),
        ("Please query whois.apnic.net about this network", Registry::Ripe, "whois.apnic.net"),
    ] {
        for head in ["", "% Some words about the service.\n\n", "%"] {
            let text = format!("{}{line}\n\n", if head == "%" { "" } else { "% " });
            let text = if head == "%" { text } else { format!("{head}{text}") };
            let judged = classify(&text, registry, Some([192, 0, 2, 1].into()), Network);
            let WhoisReply::Placeholder { next: found, .. } = &judged else {
                panic!("{line}: {}", judged.explain())
            };
            assert_eq!(found.iter().map(|next| next.host.as_str()).collect::<Vec<_>>(), [next], "{line}");
        }
    }
    for (line, registry) in [
        ("% The RIPE Database query service is unavailable at the moment", Registry::Ripe),
        ("% This network is not managed by ARIN", Registry::Ripe),
        ("KRNIC is not an ISP but a National Internet Registry similar to APNIC.", Registry::Krnic),
        ("% ARIN has denied access: query limit exceeded", Registry::Afrinic),
        // An operator cannot have a registry asked so.
        ("% unable to contact RIPE", Registry::Other),
        ("% unable to contact RIPE", Registry::Rwhois),
    ] {
        let judged = classify(line, registry, None, Network);
        assert!(!matches!(judged, WhoisReply::Placeholder { .. }), "{line}: {}", judged.explain());
    }
}

#[test]
fn an_absence_in_other_words() {
    for line in [
        "No Found",
        "% nothing found",
        "No whois information found.",
        "NO MATCH",
        "% No such entry",
        "no matching objects found",
        "Nothing found for 192.0.2.7",
    ] {
        let text = format!("{line}\n");
        assert_eq!(short(&classify(&text, detect(&text), None, Saved)), "empty not-found", "{line}");
    }
}

#[test]
fn a_clients_failure_is_told_by_the_systems_reason() {
    for (line, kind) in [
        ("connect: Connection refused", "network"),
        ("connect: Operation timed out", "timeout"),
        ("fgets: Connection reset by peer", "network"),
        ("read: Connection reset by peer", "network"),
        ("whois: connect(): Connection refused", "network"),
        ("whois: whois.example.net: nodename nor servname provided, or not known", "network"),
        ("getaddrinfo(whois.example.net): Name or service not known", "network"),
        ("Error: connection timed out", "timeout"),
        ("error: connection to whois.example.net failed", "network"),
    ] {
        for before in
            ["", "inetnum:  192.0.2.0/24\nsource:  LACNIC\n", "NetRange:  192.0.2.0 - 192.0.2.255\n\n"]
        {
            let text = format!("{before}{line}\n");
            let judged = short(&classify(&text, detect(&text), None, Saved));
            assert_eq!(judged, format!("failure {kind}"), "{text}");
        }
        // After a closed answer it is another server's failure.
        let text =
            format!("inetnum:  192.0.2.0/24\nsource:  RIPE\n\n% This query was served by the X\n\n{line}\n");
        assert_eq!(short(&classify(&text, detect(&text), None, Saved)), "record 192.0.2.0/24", "{text}");
        let judged = short(&classify(&text, Registry::Ripe, None, Network));
        assert_eq!(judged, format!("failure {kind}"), "{text}");
    }
    let iana =
        "refer:  whois.example.net\n\ninetnum:  192.0.2.0/24\nwhois:  whois.example.net\nsource: IANA\n";
    assert_eq!(short(&classify(iana, Registry::Iana, None, Network)), "placeholder");
}
