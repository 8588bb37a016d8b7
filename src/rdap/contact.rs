//! Entities of an answer, with their roles and vCards (RFC 9083 section 5.1, RFC 7095): the holder of the network, the
//! maintainers of its object, the contacts for complaints. Persons are left out.

use super::{
    country,
    values::{line, list},
};
use serde_json::Value;

/// The greatest depth of nested entities: ARIN's abuse contacts are inside the organisation, and no real answer goes
/// deeper than this.
const DEEPEST: usize = 4;
/// The most entities that are read for complaints; the largest real answers have a dozen.
const MOST: usize = 64;
/// The most holders and maintainers that are kept.
const KEPT: usize = 64;

/// The contacts found in the entities of an answer.
#[derive(Debug, Default, Eq, PartialEq)]
pub(super) struct Contacts {
    /// The holders of the network. The first is shown, and patterns match all: their order is not the registry's word.
    pub(super) holders: Vec<String>,
    /// The country of the first holder's address, if given.
    pub(super) country: Option<String>,
    /// Addresses for complaints.
    pub(super) abuse: Vec<String>,
    /// The maintainers of the network's object.
    pub(super) maintainers: Vec<String>,
}

impl Contacts {
    /// The contacts of a network.
    pub(super) fn of(network: &Value) -> Self {
        let mut contacts = Self::default();
        // A registrant inside another entity holds that contact's object, not the network. All entities are looked at:
        // a customer may name very many contacts before himself.
        let entities = network.get("entities").and_then(Value::as_array).into_iter().flatten();
        for entity in entities.filter(|entity| has_role(entity, "registrant")) {
            contacts.registrant(entity, &Card::of(entity));
        }
        contacts.visit(network, 0, &mut 0);
        contacts
    }

    /// The entities of an object, each before those inside it.
    fn visit(&mut self, object: &Value, depth: usize, seen: &mut usize) {
        if depth == DEEPEST {
            return;
        }
        for entity in list(object, "entities") {
            *seen += 1;
            if *seen > MOST {
                return;
            }
            let card = Card::of(entity);
            if has_role(entity, "abuse") {
                for mailbox in card.mailboxes() {
                    if !self.abuse.contains(&mailbox) {
                        self.abuse.push(mailbox);
                    }
                }
            }
            self.visit(entity, depth + 1, seen);
        }
    }

    fn registrant(&mut self, entity: &Value, card: &Card<'_>) {
        let name = card.text("fn").or_else(|| card.text("org"));
        if let Some(handle) = maintainer(entity, name.as_deref()) {
            push(&mut self.maintainers, handle);
        } else if let Some(name) = name.filter(|_| !card.is_individual()) {
            if self.holders.is_empty() {
                self.country = card.country();
            }
            push(&mut self.holders, name);
        }
    }
}

fn push(list: &mut Vec<String>, name: String) {
    if list.len() < KEPT && !list.contains(&name) {
        list.push(name);
    }
}

/// RIPE, APNIC and AFRINIC show the maintainer of an object as a registrant whose name is its own handle. RIPE even
/// shows it as a person.
fn maintainer(entity: &Value, name: Option<&str>) -> Option<String> {
    let handle = line(entity.get("handle")?.as_str()?)?;
    let upper = handle.to_ascii_uppercase();
    let named = upper.ends_with("-MNT") || ["MNT-", "MAINT-"].iter().any(|prefix| upper.starts_with(prefix));
    (named && name.is_none_or(|name| name == handle)).then_some(handle)
}

fn has_role(entity: &Value, role: &str) -> bool {
    list(entity, "roles").any(|named| named.as_str().is_some_and(|named| named.eq_ignore_ascii_case(role)))
}

/// A vCard: properties of the form `[name, parameters, type, value, ...]`.
struct Card<'a>(Vec<(&'a str, &'a Value, &'a Value)>);

impl<'a> Card<'a> {
    fn of(entity: &'a Value) -> Self {
        let properties = entity.get("vcardArray").and_then(|card| card.get(1)).and_then(Value::as_array);
        let read =
            |property: &'a Value| Some((property.get(0)?.as_str()?, property.get(1)?, property.get(3)?));
        Self(properties.into_iter().flatten().take(256).filter_map(read).collect())
    }

    fn all<'b>(&'b self, name: &'b str) -> impl Iterator<Item = (&'a Value, &'a Value)> + 'b {
        let named = self.0.iter().filter(move |(of, ..)| of.eq_ignore_ascii_case(name));
        named.map(|(_, parameters, value)| (*parameters, *value))
    }

    /// The first value of a property; for a structured one its first part, which is an organisation's name.
    fn text(&self, name: &str) -> Option<String> {
        self.all(name).find_map(|(_, value)| line(value.as_str().or_else(|| value.get(0)?.as_str())?))
    }

    /// RFC 6350 takes a card without a kind for a person. The registries give the kind of every person. LACNIC's older
    /// holders have no kind, and they are organisations.
    fn is_individual(&self) -> bool {
        self.text("kind").is_some_and(|kind| kind.eq_ignore_ascii_case("individual"))
    }

    fn mailboxes(&self) -> impl Iterator<Item = String> {
        let written = self.all("email").filter_map(|(_, value)| line(value.as_str()?));
        written.filter(|mailbox| mailbox.contains('@') && !mailbox.contains(' ')).take(16)
    }

    /// The country code: from RFC 8605's parameter, from the address's last part, or from the name in the last line of
    /// a label, which is ARIN's form.
    fn country(&self) -> Option<String> {
        let (parameters, value) = self.all("adr").next()?;
        let code = parameters.get("cc").and_then(Value::as_str);
        let part = || value.get(6)?.as_str();
        let last = || {
            let label = parameters.get("label")?.as_str()?;
            label.split('\n').map(str::trim).rfind(|line| !line.is_empty())
        };
        code.and_then(country::code)
            .or_else(|| part().and_then(country::code))
            .or_else(|| last().and_then(country::code))
            .map(str::to_owned)
    }
}
