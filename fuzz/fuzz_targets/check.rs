//! Any manifests are checked without a panic, definitions of custom resources among them, and every finding points into
//! the text and can be told.
#![no_main]

use libfuzzer_sys::fuzz_target;
use tympan::cluster::Settings;
use tympan::pipeline::{Checks, inspect, read_manifests};
use tympan::progress::Progress;
use tympan::report::{FORMATS, Looked, Report, Style, Summary, write};
use tympan::schema::KubernetesVersion;
use tympan::source::SourceMap;
use tympan::yaml::Limits;

fuzz_target!(|text: &str| {
    let mut sources = SourceMap::new();
    sources.add("input.yaml", text);
    let limits = Limits { nodes: 10_000, aliased: 1_000, ..Limits::default() };
    let mut outcome = read_manifests(sources, &limits, &Progress::default());
    let settings = Settings { versions: vec![KubernetesVersion::NEWEST], ..Settings::default() };
    let checks = Checks {
        settings: [(String::new(), settings)].into(),
        ..Checks::default()
    };
    let coverage = inspect(&mut outcome, &checks).coverage;
    for finding in outcome.findings.iter() {
        let file = outcome.sources.file(finding.primary.file);
        assert!(file.text().get(finding.primary.span.range()).is_some(), "{finding:?}");
    }
    let summary = Summary {
        documents: outcome.objects(),
        checked: coverage.checked(),
        coverage,
        versions: checks.version_words(),
        compared: false,
        environments: Vec::new(),
        looked: Looked::default(),
        shard: None,
    };
    let report = Report::new(&outcome.findings, &outcome.sources, summary);
    for (_, format, _) in FORMATS {
        let mut bytes = Vec::new();
        write(&mut bytes, &report, *format, Style::Plain).unwrap();
        assert!(std::str::from_utf8(&bytes).is_ok());
    }
});
