//! Every form that is written differently for grep and for the regex crate, one by one.

use super::compare;

/// Lines that distinguish the forms.
const TEXT: &str = "\
a\nb\nab\nba\nxab\naab\naaab\naaaa\n\nA\nAB\n*a\n**\na*b\n+a\n?a\na+b\na?\n{1}a\n1}a\n{1\n{}\n{\n}\na{\na{x\na{,3}\na{1\na{1}\n\
xa\n{xa\n(a\na)\n)\n(\n()\n[\n]\n[a]\na]\n]a\n^\n$\na^b\na$b\n^a\na$\n\\\na\\b\n\\d\nd\n5\n42\n-\na-b\n_\na_b\na b\n a\na \n\
foo bar\nfoo_bar\nfoo-bar\nfoobar\n.\n..\na.b\n|\na|b\nn\nt\nw\n:\n:a:\nalpha\n=\n[=a=]\né\naé\néa\nÉ\nß\nſ\nS\ns\nk\nK\n\u{212A}\nı\nI\ni\n\
日本\n日本 foo\nфу\nΣ\nς\nσ\nµ\n\u{a0}\n\u{2003}\n\u{85}\n\u{200b}\n٣\nＡ\ncr\r\n\r\n\t\nfoo\tbar\n~\n!\n\"\n#\n/\n,\n\x01\n\x7f\nzz\nZ\ny";

/// The forms; most are in POSIX's and GNU's manuals, the others are cases that these leave open.
const FORMS: &str = r#"a|ab|a|b|abc|.|..|^|$|^$|^a|a$|^ab$|^.$|^..$|a.b|a\.b|\.|\\|a\\b|\||a\|b|\(|\)|\(a|a\)|\[|\]|\{|\}|\^|\$|\*|\+|\?|a\*b
[a]|[ab]|[^a]|[^ab]|[a-c]|[^a-c]|[0-9]|[^0-9]|[0-9a]|[]a]|[^]a]|[]]|[^]]|[[]|[]-a]|[a\]|[\]|[\n]|[\w]|[a\-z]|[a-]|[-a]|[^-a]|[a^]|[\^]|[$]|[.]|[*]|[(]|[)]|[{]|[|]
[[:alpha:]]|[[:digit:]]|[[:alnum:]]|[[:upper:]]|[[:lower:]]|[[:space:]]|[[:blank:]]|[[:punct:]]|[[:print:]]|[[:graph:]]|[[:cntrl:]]|[[:xdigit:]]
[^[:alpha:]]|[^[:digit:]]|[^[:alnum:]]|[^[:upper:]]|[^[:lower:]]|[^[:space:]]|[^[:blank:]]|[^[:punct:]]|[^[:print:]]|[^[:graph:]]|[^[:cntrl:]]|[^[:xdigit:]]
^[[:alpha:]]$|^[[:punct:]]$|^[[:print:]]$|^[[:space:]]$|^[[:graph:]]$|^[[:upper:]]$|^[[:lower:]]$|[[:alpha:]-]|[[:alpha:]_]|[a[:digit:]]|[[:digit:][:space:]]|[[:foo:]]|[:alpha:]|[:a]|[a:]|[::]|[:a-b:]
[[=a=]]|[[=a=]b]|[^[=a=]]|[[.-.]]|[[.a.]]|[[.].]]|[[.-.]a]|[a[.-.]]|[a-[.b.]]|[[.a.]-c]|[[.space.]]|[[=é=]]|[é]|[éa]|[^é]|[à-ü]|[a-é]|[[=a=]-c]|[b-a]|[5-3]|[a-a]|[a-c-e]|[0-9-a]|[--a]|[+--]|[,--]|[---]|[---a]|[a---]
a*|a+|a?|aa*|aa+|ba?|a**|a*+|a+?|a?*|a+*|a??|(a*)*|(a+)?|(a?)+|^a*$|^a+$|^a?$|^(ab)*$|^(ab)+$|^(ab)?$|[ab]*|^[ab]+$|.*|.+|^.*$|a.*b
a{1}|a{2}|^a{2}$|^a{2,}$|^a{1,2}$|^a{,2}$|^a{,}$|^a{0}$|^a{0,1}$|a{01}|a{1}{2}|a{2}*|(ab){2}|^(a|b){2}$|[ab]{2}|^.{3}$|a{1,2}b|a{255}|a{1,255}
a{|a{x|a{1|a{1x}|a{x}|a{,x}|a{,3|a{-1}|a{1,2|{|}|{}|{x|{1}|{1}a|{a}|a{}|a{2,1}|a{1,2,3}|a{32768}|a{1,32768}|a{32768,}|{1|a}|a{1\}|\{1}|a\{1}|a\{x
*|+|?|**|*a|+a|?a|**a|*+a|(*a)|(+a)|(?a)|(*)|(+)|a|*b|b|+a|(a|*b)|({1}a)|(a|{1}b)|^*|^*a|^+a|^?a|^*ab|^*[a-b]b|a^*b|$*|a$*|(^*)|(^*)a|(^*a)|^**a|^{1}a|\<*a|\b*a|\B+a|a\>*|x*
()|(a)|((a))|()a|a()|(a|)|(|a)|(|)|||a||b|a|||^(|a)$|^(a|)b$|(a)(b)|(a|b)(a|b)|((a|b)b|c)|(a|(b|c))|(ab|a)b
a)|)|)a|a)b|(a))|())|(a|(|((a)|(a|b|a(b
a^b|a$b|(^a)|(a$)|a|^b|^a|^b|(^|a)b|b($|a)|a(^)|($)a|^^a|a$$|^$^|$^|x^|$x|a^|$a|(^a|b$)|a\^b|a\$b|[a^]b
\<a|a\>|\<a\>|\<|\>|\ba|a\b|\ba\b|\b|\B|\Ba|a\B|\Bb\B|\<foo|foo\>|\<foo\>|foo\b|foo\B|\<\>|\>\<|\b\b|^\b|^\B|\B$|\b$|\<日本|日本\>|\bé|é\b|^\<|\>$
\w|\W|\s|\S|\w+|^\w+$|^\W$|^\s$|^\S$|\w\W|\s\S|a\w|a\W|a\sb|a\Sb|^\S+$|\W\w
\`a|a\'|\`|\'|\`a\'|a\`b|a\'b|\`\'|^\`a|a\'$|(\`a)
\d|\D|\n|\t|\r|\e|\0|\a|\z|\-|\/|\"|\,|\:|\_|\ |\é|\@|\#|\~|\%|\&|\=|\!|\;|a\|\]a|\}a
\1|(a)\1|(a)(b)\2|\9|a\1
[|[a|[^|[]|[^]|[]a|[^]a|[[:alpha:]|[[:alpha|[[.a]|[[.]|[[=a]|[[a]|[[:]|[[..]]|[[==]]|[[::]]|[a|b]|[(a])
é|^é$|É|aé|é*|^.$|日|^..$|日本.foo|ß|Σ|ς|µ|K|ſ|s|S|i|I|ı|k|K|^k$|[k]|[s]|[[:upper:]]|[[:lower:]]|[a-z]|[A-Z]|[^a-z]|[é]|[É]|[Z-a]|\w|ab|AB|aB
cr$|cr.$|^cr|r[[:space:]]$|\r|netname:[[:space:]]*foo|foo	bar|foo[[:blank:]]bar|a b|  *|[ 	]"#;

/// The rows of forms, separated by a bar. A bar with nothing on one side is a form itself.
fn forms() -> Vec<Vec<u8>> {
    let mut forms: Vec<Vec<u8>> = Vec::new();
    for row in FORMS.lines() {
        forms.push(row.as_bytes().to_vec());
        forms.extend(row.split('|').filter(|form| !form.is_empty()).map(|form| form.as_bytes().to_vec()));
    }
    let with_bars = [
        "a|b",
        "a|*b",
        "(a|*b)",
        "(a|b)",
        "|",
        "||",
        "a|",
        "|a",
        "(|a)",
        "(a|)",
        "a|^b",
        "(^|a)b",
        "b($|a)",
        "(a|(b|c))",
        "\\|",
        "a\\|b",
        "[|]",
        "[a|b]",
        "a||b",
        "(ab|a)b",
        "foo|bar",
        "^(a|b)$",
        "a|(",
        "(a|{1}b)",
        // A group is repeated as a whole, even if it holds only an edge.
        "(^)?b[^x]",
        "a($)?\\W",
        "(\\<)*/",
        "(foo($)?)",
        "(a|(^)*)b",
        "(^){1}b\\w",
        ".\\b(^)?",
        "(^|\\b)?a",
        // Braces with nothing before them to repeat.
        "^{}",
        "^{1,0}",
        "{{}",
        "(^{}a|b)",
        "{{1}a",
    ];
    forms.extend(with_bars.map(|form| form.as_bytes().to_vec()));
    forms.sort();
    forms.dedup();
    forms.retain(|form| !form.is_empty() && !form.iter().all(u8::is_ascii_whitespace));
    forms
}

/// Neither is accepted: a pattern that grep calls wrong is no pattern.
#[test]
fn what_grep_refuses_is_refused() {
    for form in
        ["({)", "({*)", "({{)", "(^{)", "a{,,", "a{1,,}", "[\u{e0}-\u{fc}]", "[a-\u{e9}]", "[\u{e9}-\u{e9}]"]
    {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("list");
        std::fs::write(&file, form).unwrap();
        let theirs = super::grep("-c", std::slice::from_ref(&file), &file, false);
        assert_eq!(theirs, [None], "grep takes {form}");
        assert!(super::Reader::new(&file, false).is_err(), "{form}");
    }
}

#[test]
fn every_form_counts_as_grep_counts() {
    let outcome = compare(&forms(), TEXT, false);
    assert_eq!(outcome.different, Vec::<String>::new());
    assert!(outcome.accepted_by_grep > 380, "{}", outcome.accepted_by_grep);
    let refused = outcome.refused_by_us.len();
    assert!(refused * 100 <= outcome.accepted_by_grep * 3, "refused: {:#?}", outcome.refused_by_us);
    // A refused pattern is refused for a named reason: a back-reference, or its size.
    let named = |message: &&String| !message.contains("back-reference") && !message.contains("states");
    assert_eq!(outcome.refused_by_us.iter().filter(named).collect::<Vec<_>>(), Vec::<&String>::new());
}

#[test]
fn every_form_counts_as_grep_counts_without_case() {
    let outcome = compare(&forms(), TEXT, true);
    assert_eq!(outcome.different, Vec::<String>::new());
    assert!(outcome.accepted_by_grep > 380, "{}", outcome.accepted_by_grep);
}

/// One line of a file may make grep read the others with its second matcher.
#[test]
fn a_line_that_changes_how_another_is_read() {
    let files: [(&str, bool); 12] = [
        ("{\n\\s", false),
        ("{\n\\W", false),
        ("{\na\\b", false),
        ("{\na\\>", false),
        ("{\n[[:upper:]]", false),
        ("({1})\n[^a]", false),
        ("^*ab\n\\sz", false),
        ("a\n^*b\nx\n\\w9", false),
        ("}[[:alpha:]]\n\\t", true),
        ("\\d\n[[:upper:]]", true),
        ("\\d\n[ab]", true),
        ("{x\n[0-9]", false),
    ];
    for (file, ignore_case) in files {
        let outcome = compare(&[file.as_bytes().to_vec()], TEXT, ignore_case);
        assert_eq!(outcome.different, Vec::<String>::new());
        // The machine's grep itself may give up on a group that repeats nothing.
        assert!(outcome.accepted_by_grep == 1 || file.starts_with('('), "{file}");
        let refused = outcome.refused_by_us.first();
        assert!(
            refused.is_none_or(|message| message.contains("grep reads this otherwise beside line")),
            "{refused:?}"
        );
        let braced = file.starts_with(['{', '(']) && !file.contains("[0-9]");
        assert_eq!(refused.is_some(), braced && outcome.accepted_by_grep == 1, "{file}");
    }
}
