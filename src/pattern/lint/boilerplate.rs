//! Text that registries send for every owner: a pattern that matches it matches every answer of theirs.

/// The registry, and its words. Parts that differ from answer to answer are left out.
const SAID: &[(&str, &str)] = &[
    ("RIPE", "% This is the RIPE Database query service."),
    ("RIPE", "% The objects are in RPSL format."),
    ("RIPE", "% The RIPE Database is subject to Terms and Conditions."),
    ("RIPE", "% See https://docs.db.ripe.net/terms-conditions.html"),
    ("RIPE", "% Note: this output has been filtered."),
    ("RIPE", "%       To receive output for a database update, use the \"-B\" flag."),
    ("RIPE", "% Note: --no-personal means ALL personal data has been filtered from this output."),
    ("RIPE", "% Information related to ''"),
    ("RIPE", "% Abuse contact for '' is ''"),
    ("RIPE", "% This query was served by the RIPE Database Query Service version 1 ()"),
    ("RIPE", "source:         RIPE # Filtered"),
    ("RIPE", "mnt-by:         RIPE-NCC-HM-MNT"),
    ("APNIC", "% [whois.apnic.net]"),
    ("APNIC", "% Whois data copyright terms    http://www.apnic.net/db/dbcopyright.html"),
    ("APNIC", "% This query was served by the APNIC Whois Service version 1 (WHOIS-)"),
    ("APNIC", "source:         APNIC"),
    ("APNIC", "mnt-by:         APNIC-HM"),
    ("AFRINIC", "% This is the AfriNIC Whois server."),
    (
        "AFRINIC",
        "% The AFRINIC whois database is subject to  the following terms of Use. See https://afrinic.net/whois/terms",
    ),
    ("AFRINIC", "source:         AFRINIC # Filtered"),
    ("AFRINIC", "mnt-by:         AFRINIC-HM-MNT"),
    ("LACNIC", "% Joint Whois - whois.lacnic.net"),
    ("LACNIC", "%  This server accepts single ASN, IPv4 or IPv6 queries"),
    ("LACNIC", "% LACNIC resource: whois.lacnic.net"),
    ("LACNIC", "% Copyright LACNIC lacnic.net"),
    ("LACNIC", "%  The data below is provided for information purposes"),
    ("LACNIC", "%  and to assist persons in obtaining information about or"),
    ("LACNIC", "%  related to AS and IP numbers registrations"),
    ("LACNIC", "%  By submitting a whois query, you agree to use this data"),
    ("LACNIC", "%  only for lawful purposes."),
    ("LACNIC", "% whois.lacnic.net accepts only direct match queries."),
    ("LACNIC", "% Types of queries are: POCs, ownerid, CIDR blocks, IP"),
    ("LACNIC", "% and AS numbers."),
    ("ARIN", "#"),
    ("ARIN", "# ARIN WHOIS data and services are subject to the Terms of Use"),
    ("ARIN", "# available at: https://www.arin.net/resources/registry/whois/tou/"),
    ("ARIN", "# If you see inaccuracies in the results, please report at"),
    ("ARIN", "# https://www.arin.net/resources/registry/whois/inaccuracy_reporting/"),
    ("ARIN", "# Copyright 1997-, American Registry for Internet Numbers, Ltd."),
    ("ARIN", "Ref:            https://rdap.arin.net/registry/ip/"),
    ("ARIN", "Ref:            https://rdap.arin.net/registry/entity/"),
];

/// The names of fields that nearly every answer has, with their registries. Their values are the owner's own.
const NAMED: &[(&str, &str)] = &[
    (
        "RIPE",
        "inetnum: inet6num: netname: descr: country: org: admin-c: tech-c: abuse-c: status: mnt-by: mnt-lower: mnt-routes:",
    ),
    (
        "RIPE",
        "created: last-modified: source: organisation: org-name: org-type: address: phone: e-mail: mnt-ref: route: route6:",
    ),
    ("RIPE", "origin: role: person: nic-hdl: remarks: fax-no: abuse-mailbox:"),
    ("APNIC", "mnt-irt: irt: auth:"),
    ("AFRINIC", "parent:"),
    ("LACNIC", "aut-num: owner: ownerid: responsible: owner-c: inetrev: nserver: nsstat: nslastaa: changed:"),
    (
        "ARIN",
        "NetRange: CIDR: NetName: NetHandle: Parent: NetType: OriginAS: Organization: RegDate: Updated: Ref: OrgName: OrgId:",
    ),
    (
        "ARIN",
        "Address: City: StateProv: PostalCode: Country: OrgAbuseHandle: OrgAbuseName: OrgAbusePhone: OrgAbuseEmail:",
    ),
    ("ARIN", "OrgAbuseRef: OrgTechHandle: OrgTechName: OrgTechPhone: OrgTechEmail: OrgTechRef:"),
];

/// Maintainers in networks of many owners, set by the registry.
pub(super) const MAINTAINERS: [&str; 7] = [
    "RIPE-NCC-HM-MNT",
    "RIPE-NCC-END-MNT",
    "RIPE-NCC-LEGACY-MNT",
    "APNIC-HM",
    "APNIC-ABUSE",
    "AFRINIC-HM-MNT",
    "LACNIC-HM",
];

fn names() -> impl Iterator<Item = (&'static str, &'static str)> {
    NAMED.iter().flat_map(|(whose, names)| names.split(' ').map(move |name| (*whose, name)))
}

/// All lines; for a field its name and the colon.
pub(super) fn texts() -> Vec<&'static str> {
    SAID.iter().map(|(_, text)| *text).chain(names().map(|(_, name)| name)).collect()
}

/// The message for a pattern that matches the line with this index.
pub(super) fn says(number: usize) -> Option<String> {
    if let Some((whose, text)) = SAID.get(number) {
        let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
        return Some(format!("matches what {whose} says in its answers, for any owner: \"{text}\""));
    }
    let (whose, name) = names().nth(number - SAID.len())?;
    Some(format!("matches the name of a field in {whose}'s answers, for any owner: \"{name}\""))
}
