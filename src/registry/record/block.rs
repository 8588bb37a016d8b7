//! Lines of a reply, gathered into blocks of fields.

/// One line `key: value`, or a line that goes on with the value above it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Field<'a> {
    pub(super) key: &'a str,
    pub(super) value: &'a str,
    /// Whether this is a further line of the field above.
    pub(super) continues: bool,
}

impl<'a> Field<'a> {
    pub(super) fn new(key: &'a str, value: &'a str) -> Self {
        Self { key, value: value.trim(), continues: false }
    }
}

/// Fields that stand together.
#[derive(Clone, Debug, Default)]
pub(super) struct Block<'a> {
    pub(super) fields: Vec<Field<'a>>,
}

impl<'a> Block<'a> {
    /// The values of `key`, in any case of letters, without empty ones.
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

    /// The first value of `key` with the lines that go on with it, as one line.
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

/// Lines without their ends; LACNIC ends them with two carriage returns.
pub(crate) fn lines(text: &str) -> impl Iterator<Item = &str> {
    text.split('\n').map(|line| line.trim_end_matches('\r').trim_start_matches('\u{feff}'))
}

/// Whether only the server itself writes such a line: whatever a customer gave it stands behind a key or an indent.
pub(crate) fn is_comment(line: &str) -> bool {
    line.starts_with(['%', '#'])
}

/// A line's key and value, where the key begins the line and looks like one.
pub(crate) fn field(line: &str) -> Option<(&str, &str)> {
    let (key, value) = line.split_once(':')?;
    let key = key.trim_end();
    let word = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'*');
    let begins = key.bytes().next().is_some_and(|b| b.is_ascii_alphanumeric() || b == b'*');
    (begins && key.len() <= 40 && key.bytes().all(word)).then(|| (key, value.trim()))
}

/// Blocks as the regional registries write them: fields at the line's start, blank lines and comments between the
/// blocks, further lines of a value indented. A block that `starts` names begins even without a blank line before it,
/// because captures lose those.
pub(super) fn blocks<'a>(text: &'a str, starts: &[&str]) -> Vec<Block<'a>> {
    let mut blocks = Vec::new();
    let mut block = Block::default();
    for line in lines(text) {
        let indented = line.starts_with([' ', '\t', '+']);
        if line.trim().is_empty() || is_comment(line) {
            push(&mut blocks, &mut block);
        } else if indented {
            if let Some(above) = block.fields.last() {
                let value = line.trim_start_matches('+').trim();
                block.fields.push(Field { key: above.key, value, continues: true });
            }
        } else if let Some((key, value)) = field(line) {
            let begins = |start: &&str| start.eq_ignore_ascii_case(key);
            let started = |f: &Field<'_>| starts.iter().any(|s| f.key.eq_ignore_ascii_case(s));
            if (starts.iter().any(begins) && block.fields.iter().any(started))
                || (is_handle(key) && leads_with_handles(&block))
            {
                push(&mut blocks, &mut block);
            }
            block.fields.push(Field::new(key, value));
        }
    }
    push(&mut blocks, &mut block);
    blocks
}

fn is_handle(key: &str) -> bool {
    matches!(key, "nic-hdl" | "nic-hdl-br")
}

/// Whether the block is LACNIC's or registro.br's, whose contacts begin with their handles; elsewhere those stand
/// within.
fn leads_with_handles(block: &Block<'_>) -> bool {
    block.has("owner") || block.fields.first().is_some_and(|field| is_handle(field.key))
}

pub(super) fn push<'a>(blocks: &mut Vec<Block<'a>>, block: &mut Block<'a>) {
    if !block.fields.is_empty() {
        blocks.push(std::mem::take(block));
    }
}
