//! The straight way leads where the parser does, or is not taken.

use proptest::prelude::*;

use super::super::read::read_by_parser;
use super::*;

/// Everything a tree says, in order.
fn told(documents: &[Document]) -> Vec<String> {
    let nodes = documents
        .iter()
        .flat_map(|document| (0..document.len()).filter_map(|index| document.node(index)));
    nodes
        .map(|node| {
            format!(
                "{:?} {:?} {:?} {:?} {:?} {:?} {}",
                node.kind(),
                node.as_str(),
                node.as_int(),
                node.as_float(),
                node.as_bool(),
                node.span(),
                node.end_index()
            )
        })
        .collect()
}

/// Returns whether the straight way was taken; if so, it gave what the parser gives.
fn agrees(text: &str) -> bool {
    let text: Arc<str> = text.into();
    let limits = Limits::default();
    let Some(documents) = read(&text, &limits, None) else {
        return false;
    };
    let parsed = read_by_parser(&text, &limits);
    assert!(
        parsed.problems.is_empty(),
        "{text:?}: {:?}",
        parsed.problems
    );
    assert_eq!(told(&documents), told(&parsed.documents), "{text:?}");
    true
}

#[test]
fn what_people_write_is_read_the_straight_way() {
    for text in [
        "a: b\n",
        "a: 1\nb: true\nc: ~\nd: 1.5\ne: -3\n",
        "a:\n  b: c\n  d:\n    e: f\ng: h\n",
        "a:\n- b\n- c: d\n  e: f\n-   g: h\n    i: j\nk: l\n",
        "a:\n  - b\n  - - c\n    - d\n",
        "- a\n-\n  b: c\n",
        "# comment\na: b # comment\n\n  # comment\nc: d\n",
        "a: |\n  one\n\n    two\n  three\nb: c\n",
        "a: |-\n  one\nb: |+\n  two\nc: |\n      three\n\n\nd: e\n",
        "- |\n one\n- two\n",
        "a: [b, \"c\", {d: e, 'f': 1}, []]\nb: {}\nc: []\n",
        "a: \"b: c # d\"\n'k': \"\"\n",
        "a: b\n---\nc: d\n---\n---\ne: f\n",
        "---\na: b\n",
        "a: http://b:80/c#d\nb: c:d\n",
        "a: \u{e9}t\u{e9}\nb: \u{1f600}\n",
        "args: [\"--listen=:8080\", \"--level=info\"]\n",
        "a: [b, -c,\n    d\n  ]\ne: {f: g,\n  h: i}\n",
    ] {
        assert!(agrees(text), "{text:?} was left to the parser");
    }
}

#[test]
fn what_is_unusual_is_left_to_the_parser() {
    for text in [
        "a: &b c\n",
        "a: *b\n",
        "a: !!str b\n",
        "a: yes\n",
        "a: 0777\n",
        "a: b\na: c\n",
        "a: b\n c\n",
        "a: \"b\n c\"\n",
        "a: 'b''c'\n",
        "a: \"b\\n\"\n",
        "a: >\n b\n",
        "a:\tb\n",
        "a: b\r\n",
        "? a\n: b\n",
        "%YAML 1.1\n---\na: b\n",
        "a: b: c\n",
        "{\"a\": 1}",
        "a: {b: 1, b: 2}\n",
        "<<: {}\n",
        "a: {b}\n",
        "a:\n",
        "1: a\n",
        "true: a\n",
        "- a\nb: c\n",
        "a:\n   b: c\n  d: e\n",
        "a: |2\n   b\n",
        "--- a\n",
        "...\n",
        "a: @b\n",
        "a: [b\n c]\n",
        "a: \u{85}\n",
    ] {
        assert!(!agrees(text), "{text:?}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(20_000))]

    /// Lines out of the pieces that manifests are made of, put together at random.
    #[test]
    fn where_the_straight_way_is_taken_it_leads_where_the_parser_does(
        lines in prop::collection::vec(
            (0_usize..8, prop::sample::select(vec![
                "a:", "b: c", "c: 1", "- a", "- b: c", "-", "- - x", "d: |", "e: |-", "f: |+", "g: [a, b]", "h: {i: j}", "text here",
                "# note", "", "---", "k: \"v\"", "'l': 'v'", "m: v # note", "n: -1", "- {}", "o: []", "aa: [b,", "c]", "dd: {e: f,", "g: h}", "]", "i, -j", "p: a:b", "q: a #b", "r: 'it''s'", "s: ~",
                "- |", "t: {u: [v, {w: x}]}", "long.key/with-name: value of words", "y: z", "x: \"a \\n\"", "u: - a", "v: a - b", "w: ?", "z: a,b]",
            ])),
            0..12,
        ),
        newline in any::<bool>(),
    ) {
        let mut text = lines.iter().map(|(indent, line)| format!("{}{line}", " ".repeat(*indent))).collect::<Vec<_>>().join("\n");
        if newline {
            text.push('\n');
        }
        agrees(&text);
    }

    #[test]
    fn any_text_is_read_as_the_parser_reads_it(text in "[-a-c:#|>{}\\[\\],&*!%@'\"~0-9. \n]{0,40}") {
        agrees(&text);
    }
}
