//! Gathers the lines of a reply into blocks of fields.

use std::borrow::Cow;

/// One line `key: value`, or a line that continues the value above it.
#[derive(Clone, Copy, Debug)]
pub(super) struct BlockField<'a> {
    pub(super) key: &'a str,
    pub(super) value: &'a str,
    /// Whether this is a further line of the field above.
    pub(super) continues: bool,
}

impl<'a> BlockField<'a> {
    pub(super) fn new(key: &'a str, value: &'a str) -> Self {
        Self { key, value: value.trim(), continues: false }
    }
}

/// Fields that belong together.
#[derive(Clone, Debug, Default)]
pub(super) struct RecordBlock<'a> {
    pub(super) fields: Vec<BlockField<'a>>,
}

impl<'a> RecordBlock<'a> {
    /// The values of `key`, in any case, without empty ones.
    pub(super) fn all<'b>(&'b self, key: &'b str) -> impl Iterator<Item = &'a str> + 'b {
        let fields = self.fields.iter().filter(move |field| field.key.eq_ignore_ascii_case(key));
        fields.map(|field| field.value).filter(|value| !value.is_empty())
    }

    /// The first value of `key`.
    pub(super) fn get(&self, key: &str) -> Option<&'a str> {
        self.all(key).next()
    }

    /// The first value of the first of `keys` that has one.
    pub(super) fn first(&self, keys: &[&str]) -> Option<&'a str> {
        keys.iter().find_map(|key| self.get(key))
    }

    pub(super) fn has(&self, key: &str) -> bool {
        self.fields.iter().any(|field| field.key.eq_ignore_ascii_case(key))
    }

    /// The values of `key`, each joined with its continuation lines. A value of one line is unchanged. If it continues,
    /// each line loses its comment.
    pub(super) fn values<'b>(&'b self, key: &'b str) -> impl Iterator<Item = Cow<'a, str>> + 'b {
        let begins = move |(_, field): &(usize, &BlockField<'_>)| {
            !field.continues && field.key.eq_ignore_ascii_case(key)
        };
        self.fields.iter().enumerate().filter(begins).map(|(at, field)| {
            let more: Vec<&str> =
                self.fields.iter().skip(at + 1).take_while(|f| f.continues).map(|f| f.value).collect();
            if more.is_empty() {
                return Cow::Borrowed(field.value);
            }
            let lines = std::iter::once(field.value).chain(more).map(without_comment);
            Cow::Owned(lines.filter(|line| !line.is_empty()).collect::<Vec<_>>().join(" "))
        })
    }

    /// The first value of `key` that is not empty, joined over its lines.
    pub(super) fn value(&self, key: &str) -> Option<Cow<'a, str>> {
        self.values(key).find(|value| !value.is_empty())
    }

    /// The first value of `key` with its continuation lines, as one line.
    pub(super) fn whole(&self, key: &str) -> Option<String> {
        let mut fields = self.fields.iter().skip_while(|field| !field.key.eq_ignore_ascii_case(key));
        let mut value = fields.next()?.value.to_owned();
        for field in fields.take_while(|field| field.continues) {
            value.push(' ');
            value.push_str(field.value);
        }
        let value = value.trim();
        (!value.is_empty()).then(|| value.to_owned())
    }
}

/// The line without a comment (RFC 2622, section 2: `#` to the end of the line).
pub(super) fn without_comment(line: &str) -> &str {
    line.split('#').next().unwrap_or_default().trim()
}

/// Lines without their ends; LACNIC ends them with two carriage returns.
pub(crate) fn lines(text: &str) -> impl Iterator<Item = &str> {
    text.split('\n').map(|line| line.trim_end_matches('\r').trim_start_matches('\u{feff}'))
}

/// Whether only the server itself writes such a line: a customer's text always follows a key or an indent.
pub(crate) fn is_comment(line: &str) -> bool {
    line.starts_with(['%', '#'])
}

/// A line's key and value, if the key begins the line and looks like one.
pub(crate) fn field(line: &str) -> Option<(&str, &str)> {
    let (key, value) = line.split_once(':')?;
    let key = key.trim_end();
    let word = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'*');
    let begins = key.bytes().next().is_some_and(|b| b.is_ascii_alphanumeric() || b == b'*');
    (begins && key.len() <= 40 && key.bytes().all(word)).then(|| (key, value.trim()))
}

/// The value of the attribute at the start of an RPSL text, line by line, without comments.
pub(crate) fn attribute(text: &str) -> impl Iterator<Item = &str> {
    let first = lines(text).next().and_then(|line| line.split_once(':')).map(|(_, value)| value);
    let more = lines(text).skip(1).map(|line| (line, line.strip_prefix([' ', '\t', '+'])));
    let more = more.take_while(|(line, more)| more.is_some() || is_comment(line));
    first.into_iter().chain(more.filter_map(|(_, more)| more)).map(without_comment)
}

/// Blocks as ARIN writes them: fields at the start of the line, blank lines and comments between blocks, continuation
/// lines indented. A key in `starts` begins a block even without a blank line before it, because captures lose those.
pub(super) fn blocks<'a>(text: &'a str, starts: &[&str]) -> Vec<RecordBlock<'a>> {
    gather(
        text,
        starts,
        |line| if line.trim().is_empty() || is_comment(line) { Gap::Wide } else { Gap::None },
    )
}

/// Objects of RPSL (RFC 2622, section 2), separated by empty lines. A line of only blanks, or a comment, may be inside
/// an object or between two. It ends the object if the next line begins with the name of a class.
pub(super) fn objects<'a>(text: &'a str) -> Vec<RecordBlock<'a>> {
    gather(text, &["inetnum", "inet6num", "route", "route6", "irt", "role"], |line| {
        if line.is_empty() {
            Gap::Wide
        } else if line.trim().is_empty() || is_comment(line) {
            Gap::Narrow
        } else {
            Gap::None
        }
    })
}

/// The effect of a line on the block above it.
#[derive(Clone, Copy, Eq, PartialEq)]
enum Gap {
    /// It is a line of a block.
    None,
    /// It may be inside a block.
    Narrow,
    /// It ends a block.
    Wide,
}

fn gather<'a>(text: &'a str, starts: &[&str], gap: impl Fn(&str) -> Gap) -> Vec<RecordBlock<'a>> {
    let mut blocks = Vec::new();
    let mut block = RecordBlock::default();
    let mut apart = false;
    for line in lines(text) {
        match gap(line) {
            Gap::None => {}
            Gap::Narrow => {
                apart = true;
                continue;
            }
            Gap::Wide => {
                push(&mut blocks, &mut block);
                continue;
            }
        }
        if line.starts_with([' ', '\t', '+']) {
            if let Some(above) = block.fields.last() {
                let value = line.trim_start_matches('+').trim();
                block.fields.push(BlockField { key: above.key, value, continues: true });
            }
        } else if let Some((key, value)) = field(line) {
            let begins = |start: &&str| start.eq_ignore_ascii_case(key);
            let started = |f: &BlockField<'_>| starts.iter().any(|s| f.key.eq_ignore_ascii_case(s));
            if (starts.iter().any(begins) && block.fields.iter().any(started))
                || (is_handle(key) && leads_with_handles(&block))
                || (apart && is_class(key))
            {
                push(&mut blocks, &mut block);
            }
            block.fields.push(BlockField::new(key, value));
        }
        apart = false;
    }
    push(&mut blocks, &mut block);
    blocks
}

/// Whether an attribute of this name is the first of its object. These are the classes of RFC 2622, of the databases of
/// RIPE, APNIC and AFRINIC and, with `nic-hdl-br`, of registro.br. `aut-num` is not one of them: LACNIC has it inside
/// an inetnum.
pub(crate) fn is_class(name: &str) -> bool {
    const CLASSES: [&str; 24] = [
        "inetnum",
        "inet6num",
        "route",
        "route6",
        "organisation",
        "person",
        "role",
        "irt",
        "mntner",
        "domain",
        "as-block",
        "as-set",
        "route-set",
        "rtr-set",
        "filter-set",
        "peering-set",
        "inet-rtr",
        "key-cert",
        "poem",
        "poetic-form",
        "limerick",
        "dictionary",
        "repository",
        "nic-hdl-br",
    ];
    CLASSES.iter().any(|class| class.eq_ignore_ascii_case(name))
}

fn is_handle(key: &str) -> bool {
    matches!(key, "nic-hdl" | "nic-hdl-br")
}

/// Whether the block is LACNIC's or registro.br's, whose contacts begin with their handles; elsewhere handles come
/// later.
fn leads_with_handles(block: &RecordBlock<'_>) -> bool {
    block.has("owner") || block.fields.first().is_some_and(|field| is_handle(field.key))
}

pub(super) fn push<'a>(blocks: &mut Vec<RecordBlock<'a>>, block: &mut RecordBlock<'a>) {
    if !block.fields.is_empty() {
        blocks.push(std::mem::take(block));
    }
}
