//! Abuse contacts and maintainers: their owners, and which of them belong to the same abuse desk.
//!
//! A registry's own address does not show who runs a network, and neither does its maintainer object. A mailbox at a
//! free mail provider belongs to one person, so two of them have nothing in common.

/// Mail domains of the registries, and of the national ones below APNIC and LACNIC. Their answers name them beside the
/// holder's own contact, or instead of it. CERT.br is in every answer of registro.br.
const REGISTRIES: [&str; 26] = [
    "afrinic.net",
    "apjii.or.id",
    "apnic.net",
    "arin.net",
    "cert.br",
    "cnnic.cn",
    "cnnic.net.cn",
    "iana.org",
    "icann.org",
    "idnic.id",
    "idnic.net",
    "irinn.in",
    "kisa.or.kr",
    "krcert.or.kr",
    "krnic.net",
    "krnic.or.kr",
    "lacnic.net",
    "nic.ad.jp",
    "nic.br",
    "nic.or.kr",
    "registro.br",
    "ripe.net",
    "twnic.net",
    "twnic.net.tw",
    "twnic.tw",
    "vnnic.vn",
];

/// Parts of maintainer names that are a registry's own: `RIPE-NCC-HM-MNT`, `APNIC-HM`, `MAINT-CNNIC-AP`.
const REGISTRY_MAINTAINERS: [&str; 13] = [
    "AFRINIC", "APJII", "APNIC", "CNNIC", "IANA", "IDNIC", "IRINN", "JPNIC", "KISA", "KRNIC", "NCC", "TWNIC",
    "VNNIC",
];

/// Mail domains at which anybody can have a mailbox.
const FREE_MAIL: [&str; 45] = [
    "126.com",
    "139.com",
    "163.com",
    "aliyun.com",
    "aol.com",
    "bk.ru",
    "bol.com.br",
    "daum.net",
    "fastmail.com",
    "foxmail.com",
    "free.fr",
    "gmail.com",
    "gmx.at",
    "gmx.ch",
    "gmx.com",
    "gmx.de",
    "gmx.net",
    "googlemail.com",
    "hanmail.net",
    "hotmail.com",
    "icloud.com",
    "inbox.ru",
    "libero.it",
    "list.ru",
    "live.com",
    "mail.com",
    "mail.ru",
    "me.com",
    "msn.com",
    "naver.com",
    "outlook.com",
    "proton.me",
    "protonmail.com",
    "qq.com",
    "rambler.ru",
    "rediffmail.com",
    "sina.com",
    "tutanota.com",
    "uol.com.br",
    "web.de",
    "yahoo.com",
    "yandex.com",
    "yandex.ru",
    "ymail.com",
    "zoho.com",
];

/// First labels of free mail domains that exist under many countries: `yahoo.co.jp`, `hotmail.fr`.
const FREE_MAIL_LABELS: [&str; 5] = ["hotmail", "live", "outlook", "yahoo", "ymail"];

/// The mail domain of an address, in lower case; None if it has none.
#[must_use]
pub fn mail_domain(address: &str) -> Option<String> {
    let (local, domain) = address.rsplit_once('@')?;
    (!local.is_empty() && domain.contains('.')).then(|| domain.to_ascii_lowercase())
}

/// Whether an address is a registry's own, or a national registry's.
#[must_use]
pub fn is_registrys(address: &str) -> bool {
    mail_domain(address).is_some_and(|domain| {
        REGISTRIES
            .iter()
            .any(|own| domain.strip_suffix(own).is_some_and(|rest| rest.is_empty() || rest.ends_with('.')))
    })
}

/// Whether a maintainer object is a registry's own.
#[must_use]
pub fn is_registrys_maintainer(name: &str) -> bool {
    name.split('-').any(|part| REGISTRY_MAINTAINERS.iter().any(|own| part.eq_ignore_ascii_case(own)))
}

/// Whether anybody can have a mailbox there.
fn is_free(domain: &str) -> bool {
    FREE_MAIL.contains(&domain)
        || domain.split_once('.').is_some_and(|(first, rest)| {
            FREE_MAIL_LABELS.contains(&first)
                && rest.len() <= 6
                && rest.split('.').all(|label| label.len() <= 3)
        })
}

/// The abuse desk of an address: its mail domain, or the whole address at a free mail provider. None for a registry's
/// own, and for text that is no mail address.
#[must_use]
pub fn desk(address: &str) -> Option<String> {
    let domain = mail_domain(address).filter(|_| !is_registrys(address))?;
    Some(if is_free(&domain) { address.to_lowercase() } else { domain })
}

/// The abuse desk of a record's contacts: the first with a mail domain of its own, else the first.
#[must_use]
pub fn first_desk(abuse: &[String]) -> Option<String> {
    let mut desks: Vec<String> = abuse.iter().filter_map(|address| desk(address)).collect();
    let own = desks.iter().position(|desk| !desk.contains('@')).unwrap_or_default();
    (own < desks.len()).then(|| desks.swap_remove(own))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_desk_is_a_mail_domain_but_for_free_mail_and_registries() {
        for (address, want) in [
            ("abuse@contoso.example", Some("contoso.example")),
            ("NOC@Contoso.Example", Some("contoso.example")),
            ("king.of.spam@gmail.com", Some("king.of.spam@gmail.com")),
            ("someone@yahoo.co.jp", Some("someone@yahoo.co.jp")),
            ("abuse@yahoo.example", Some("yahoo.example")),
            ("abuse@ripe.net", None),
            ("hostmaster@db.ripe.net", None),
            ("abuse@stripe.net", Some("stripe.net")),
            ("mail-abuse@cert.br", None),
            ("nobody", None),
            ("@contoso.example", None),
        ] {
            assert_eq!(desk(address).as_deref(), want, "{address}");
        }
    }

    #[test]
    fn a_desk_of_its_own_comes_before_free_mail() {
        let first = |all: &[&str]| first_desk(&all.iter().map(|a| (*a).to_owned()).collect::<Vec<_>>());
        assert_eq!(first(&["x@gmail.com", "abuse@contoso.example"]).as_deref(), Some("contoso.example"));
        assert_eq!(first(&["abuse@ripe.net", "x@gmail.com"]).as_deref(), Some("x@gmail.com"));
        assert_eq!(first(&["abuse@ripe.net"]), None);
        assert_eq!(first(&[]), None);
    }

    #[test]
    fn the_registries_own_maintainers_are_known() {
        for own in ["RIPE-NCC-HM-MNT", "ripe-ncc-end-mnt", "APNIC-HM", "MAINT-CNNIC-AP", "AFRINIC-HM-MNT"] {
            assert!(is_registrys_maintainer(own), "{own}");
        }
        for other in ["CONTOSO-MNT", "MNT-NCCONTOSO", "STRIPE-MNT"] {
            assert!(!is_registrys_maintainer(other), "{other}");
        }
    }
}
