//! Any text is read without a panic; spans are in the text; what is written again is read as the same tree.
#![no_main]

use std::sync::Arc;

use libfuzzer_sys::fuzz_target;
use tympan::finding::Severity;
use tympan::yaml::{Limits, read, write};

fuzz_target!(|text: &str| {
    let text: Arc<str> = text.into();
    let limits = Limits { nodes: 10_000, aliased: 1_000, ..Limits::default() };
    let stream = read(&text, &limits);
    for problem in &stream.problems {
        assert!(text.get(problem.span.range()).is_some(), "{problem:?}");
    }
    for document in &stream.documents {
        for index in 0..document.len() {
            let node = document.node(index).unwrap();
            assert!(text.get(node.span().range()).is_some(), "{:?} of {text:?}", node.span());
        }
        let written: Arc<str> = write(document.root()).into();
        let again = read(&written, &Limits::default());
        let errors = again.problems.iter().filter(|problem| problem.rule.severity == Severity::Error);
        assert_eq!(errors.count(), 0, "{written}\n{:?}", again.problems);
        assert!(document.root().same_value(again.documents[0].root()), "{text:?} is written as {written}");
    }
});
