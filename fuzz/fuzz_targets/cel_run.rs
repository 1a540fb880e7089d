//! Any expression ends within its budget, without a panic, and every error points into the text.
#![no_main]

use std::sync::Arc;

use libfuzzer_sys::fuzz_target;
use tympan::cel::{Activation, Budget, Environment, Type, Value, compile};
use tympan::yaml::{Limits, read};

const OBJECT: &str = "a: 1\nb: [1, x, {c: 'on'}]\nm: {k: 'a: b', n: null, f: 1.5}\ns: text\n";

fuzz_target!(|text: &str| {
    let document = read(&Arc::from(OBJECT), &Limits::default()).documents.remove(0);
    let environment = Environment::new(37).variable("object", Type::Dyn);
    match compile(text, &environment) {
        Ok(program) => {
            let mut activation = Activation::new();
            activation.set("object", Value::node(document.root()));
            let _ = program.eval(&activation, &mut Budget { left: 100_000, each: 100_000, ..Budget::new() });
            let _ = program.cost_estimate(&|_| None);
        }
        Err(errors) => {
            for error in errors {
                assert!(text.get(error.span.range()).is_some(), "{error:?}");
            }
        }
    }
});
