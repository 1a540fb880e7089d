//! Any layers merge without a panic, and every value's origin is in its file.
#![no_main]

use libfuzzer_sys::fuzz_target;
use tympan::source::SourceMap;
use tympan::values::{LayerKind, load_layers};
use tympan::yaml::Limits;

fuzz_target!(|texts: (&str, &str, &str)| {
    let mut sources = SourceMap::new();
    let layers = [
        (sources.add("values/common.yaml", texts.0), LayerKind::Plain),
        (sources.add("values/dev.yaml", texts.1), LayerKind::Plain),
        (sources.add("values/dev.terraform.json", texts.2), LayerKind::Terraform),
    ];
    let limits = Limits { nodes: 10_000, aliased: 1_000, ..Limits::default() };
    let loaded = load_layers(&sources, &layers, &limits);
    let tree = loaded.values.tree();
    for index in 0..tree.len().min(500) {
        let node = tree.node(index).unwrap();
        if let Some(origin) = loaded.values.origin(node) {
            assert!(sources.file(origin.file).text().get(origin.value.range()).is_some());
        }
        // Paths are for people; any tree has them.
        let _path = loaded.values.path(index);
    }
});
