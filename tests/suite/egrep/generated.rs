//! Thousands of patterns that nobody would write, from fixed seeds.

use super::compare;

/// A small random number generator (xorshift), so that every run tests the same.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from((self.0 >> 11) % sides as u64).unwrap_or(0)
    }

    fn pick<'a>(&mut self, from: &[&'a str]) -> &'a str {
        from.get(self.roll(from.len())).copied().unwrap_or_default()
    }
}

const CHARS: &[&str] = &["a", "b", "c", "A", "x", "_", "-", " ", "1", ":", "é", "foo", "ab"];
const SETS: &[&str] = &[
    "[ab]",
    "[^a]",
    "[a-c]",
    "[^b-x]",
    "[[:alpha:]]",
    "[^[:space:]]",
    "[]a]",
    "[a\\]",
    "[0-9]",
    "[[.-.]b]",
    "[[=a=]]",
    "[_[:digit:]]",
    "[aé]",
    "[^é-]",
    "[A-Z]",
];
const ESCAPES: &[&str] =
    &["\\w", "\\W", "\\s", "\\S", "\\.", "\\*", "\\(", "\\)", "\\{", "\\[", "\\\\", "\\|", "\\d", "\\-"];
const EDGES: &[&str] = &["^", "$", "\\<", "\\>", "\\b", "\\B", "\\`", "\\'"];
const REPEATS: &[&str] = &["*", "+", "?", "{1}", "{2}", "{0,1}", "{1,}", "{,2}", "{0}", "{1,3}", "**", "+?"];
const ODD: &[&str] = &[
    "{", "}", ")", "(", "|", "[", "]", "*", "+", "?", "{x", "{1", "{,", "\\", "()", "^", "$", "{}",
    "{1,2,3}", "(*", "|*", "^*", "[:", ":]", "[[", "]]", "-", ",", "{2,1}", "&&", "--", "~~", "(?i)",
    "\\p{L}", "\\x41", "#",
];

/// A pattern by the grammar.
fn regular(dice: &mut Dice, depth: usize) -> String {
    let mut pattern = String::new();
    for _ in 0..1 + dice.roll(4) {
        match dice.roll(10) {
            0..=3 => pattern += dice.pick(CHARS),
            4 | 5 => pattern += dice.pick(SETS),
            6 => pattern += dice.pick(ESCAPES),
            7 => pattern += ".",
            8 if depth > 0 => {
                let (one, other) = (regular(dice, depth - 1), regular(dice, depth - 1));
                pattern += &format!("({one}|{other})");
            }
            8 | 9 if depth > 0 => pattern += &format!("({})", regular(dice, depth - 1)),
            _ => {
                pattern += dice.pick(EDGES);
                continue;
            }
        }
        if dice.roll(3) == 0 {
            pattern += dice.pick(REPEATS);
        }
    }
    if depth == 2 && dice.roll(5) == 0 {
        pattern += &format!("|{}", regular(dice, 1));
    }
    pattern
}

/// A pattern without a grammar.
fn soup(dice: &mut Dice) -> String {
    let length = 1 + dice.roll(6);
    let lists = [CHARS, SETS, ESCAPES, EDGES, REPEATS, ODD, ODD, ODD];
    let mut one = |_| {
        let list = lists.get(dice.roll(lists.len())).copied().unwrap_or_default();
        dice.pick(list)
    };
    (0..length).map(&mut one).collect()
}

/// Lines from the same alphabet.
fn text(dice: &mut Dice) -> String {
    let stuff = [
        "a", "b", "c", "A", "B", "x", "_", "-", " ", "1", "2", ":", "é", "É", "foo", "ab", "aa", ".", "*",
        "(", ")", "{", "}", "[", "]", "\\", "^", "$", "|", "d", "1}", "{1}", "日", "\t", "\r",
    ];
    let lines = (0..160).map(|_| (0..dice.roll(6)).map(|_| dice.pick(&stuff)).collect::<String>());
    lines.map(|line| line + "\n").collect()
}

/// In the C library, and so in grep, an optional group with a word edge inside, as in `(\\<.)+?` or `((\\<.)?){2}`,
/// misses lines that even an empty match would find. That bug need not be copied.
fn meets_a_bug(pattern: &str) -> bool {
    let edge = ["\\<", "\\>", "\\b", "\\B"].iter().filter_map(|edge| pattern.find(edge)).min();
    let rest = edge.and_then(|at| pattern.get(at..)).unwrap_or_default();
    [")*", ")+", ")?", "){"].iter().any(|repeated| rest.contains(repeated))
}

/// One line of a pattern file. Lines without a pattern, and field lines, are not for egrep.
fn line(dice: &mut Dice) -> String {
    loop {
        let pattern = if dice.roll(3) == 0 { soup(dice) } else { regular(dice, 2) };
        if !pattern.trim().is_empty() && !pattern.starts_with(['#', '@']) && !meets_a_bug(&pattern) {
            return pattern;
        }
    }
}

fn check(seed: u64, count: usize, ignore_case: bool) {
    let mut dice = Dice(seed);
    let text = text(&mut dice);
    let patterns: Vec<Vec<u8>> = (0..count).map(|_| line(&mut dice).into_bytes()).collect();
    let outcome = compare(&patterns, &text, ignore_case);
    assert_eq!(outcome.different, Vec::<String>::new(), "of {}", outcome.accepted_by_grep);
    assert!(outcome.accepted_by_grep * 10 > count * 7, "grep accepts only {}", outcome.accepted_by_grep);
    let refused = outcome.refused_by_us.len();
    assert!(refused * 100 <= outcome.accepted_by_grep * 3, "refused: {:#?}", outcome.refused_by_us);
}

/// Files of two and three lines: one line may change how grep reads the others.
fn check_files(seed: u64, count: usize, ignore_case: bool) {
    let mut dice = Dice(seed);
    let text = text(&mut dice);
    let mut files = Vec::new();
    while files.len() < count {
        let mut lines: Vec<String> = (0..2 + dice.roll(2)).map(|_| line(&mut dice)).collect();
        // Few constructs are read in two ways; make sure that many files have one.
        let torn = [
            "{", "({1})", "^*a", "a|{1}b", "\\t", "\\d", "(^*)b", "{x", "\\<*a", "$*", "{1}", "x{0}", "{,1}a",
        ];
        if dice.roll(2) == 0 {
            lines.insert(dice.roll(2), dice.pick(&torn).to_owned());
        }
        files.push(lines.join("\n").into_bytes());
    }
    let outcome = compare(&files, &text, ignore_case);
    assert_eq!(outcome.different, Vec::<String>::new(), "of {}", outcome.accepted_by_grep);
    assert!(outcome.accepted_by_grep * 10 > count * 4, "grep accepts only {}", outcome.accepted_by_grep);
    let refused = outcome.refused_by_us.iter();
    let others: Vec<_> = refused.filter(|message| !message.contains("has nothing to repeat")).collect();
    assert!(others.len() * 100 <= outcome.accepted_by_grep * 5, "refused: {others:#?}");
}

#[test]
fn generated_patterns_count_as_grep_counts() {
    check(0x0DDB_1A5E_5BAD_5EED, 2000, false);
}

#[test]
fn generated_patterns_count_as_grep_counts_without_case() {
    check(0x5EED_0FCA_5E1E_5500, 800, true);
}

#[test]
fn generated_files_count_as_grep_counts() {
    check_files(0x0F11_E5BA_D5EE_D000, 700, false);
}

#[test]
fn generated_files_count_as_grep_counts_without_case() {
    check_files(0x5EED_F11E_5000_CA5E, 700, true);
}
