//! Any template ends within its fuel, without a panic, and every finding points into the text.
#![no_main]

use std::sync::Arc;

use libfuzzer_sys::fuzz_target;
use minijinja::Value;
use tympan::render::{Engine, Limits, Reads, Scope, Target, TemplateFile};
use tympan::source::SourceMap;
use tympan::values::{LayerKind, load_layers};
use tympan::yaml;

const VALUES: &str = "a: yes\nb: [1, x, {c: 'on'}]\nm: {k: 'a: b', n: null}\ns: \"line\\nline: 2\"\n";

fuzz_target!(|text: &str| {
    let mut sources = SourceMap::new();
    let values = sources.add("values/dev.yaml", VALUES);
    let loaded = load_layers(&sources, &[(values, LayerKind::Plain)], &yaml::Limits::default());
    let file = sources.add("templates/demo/x.yaml", text);
    let files = [TemplateFile { path: "demo/x.yaml".to_owned(), file, template: true }];
    let limits = Limits { fuel: 20_000, output: 1 << 20, yaml: yaml::Limits { nodes: 100_000, ..yaml::Limits::default() } };
    let (engine, mut findings) = Engine::new(&sources, &files, limits);
    let target = Target { environment: "dev".to_owned(), namespace: "demo".to_owned(), project: Value::from(()) };
    let scope = Arc::new(Scope::new(loaded.values));
    match engine.render(&sources, "demo/x.yaml", &target, &scope, &Arc::new(Reads::default())) {
        Ok(rendered) => {
            for document in &rendered.documents {
                for index in 0..document.len() {
                    let traced = rendered.trace.node(document.node(index).unwrap(), scope.values());
                    assert!(sources.file(traced.template.file).text().get(traced.template.span.range()).is_some());
                }
            }
            findings.extend(rendered.warnings);
        }
        Err(found) => findings.extend(found),
    }
    for finding in &findings {
        let text = sources.file(finding.primary.file).text();
        assert!(text.get(finding.primary.span.range()).is_some(), "{finding:?}");
    }
});
