//! The merged values against `values/schema.json`.

use std::collections::{HashMap, HashSet};

use jsonschema::Validator;
use jsonschema::error::ValidationErrorKind;

use super::{Values, rules};
use crate::finding::{Finding, did_you_mean, nearest};
use crate::source::{FileId, Location, SourceMap, Span};
use crate::yaml::{Kind, Node, to_json};

/// A compiled `values/schema.json`.
#[derive(Debug)]
pub struct ValuesSchema {
    validator: Validator,
}

impl ValuesSchema {
    /// Compiles a schema; references to other files and to the network are not followed.
    pub fn compile(sources: &SourceMap, file: FileId) -> Result<Self, Box<Finding>> {
        let text = sources.file(file).text();
        let bad = |span: Span, message: String| {
            Box::new(Finding::new(&rules::BAD_SCHEMA, message, Location::new(file, span)).help(
                "the schema is JSON Schema 2020-12: https://json-schema.org/draft/2020-12/schema",
            ))
        };
        let schema: serde_json::Value = serde_json::from_str(text).map_err(|error| {
            let line = Span::at(error.line()).start;
            let span = sources.file(file).lines().line_span(text, line);
            bad(span, format!("this is not JSON: {error}"))
        })?;
        let options = jsonschema::draft202012::options().should_validate_formats(true);
        let validator = options.build(&schema).map_err(|error| {
            bad(
                Span::default(),
                format!(
                    "this is no usable JSON Schema: {}",
                    error.masked_with("the schema's value")
                ),
            )
        })?;
        Ok(Self { validator })
    }

    /// Checks the values of an environment.
    pub fn check(&self, values: &Values, environment: &str) -> Vec<Finding> {
        let instance = to_json(values.tree().root());
        let mut parts = Parts::default();
        let mut findings = Vec::new();
        for error in self.validator.iter_errors(&instance) {
            let path = error.instance_path();
            let Some(node) = parts.pointer(values.tree().root(), path.as_str()) else {
                continue;
            };
            match error.kind() {
                ValidationErrorKind::AdditionalProperties { unexpected }
                | ValidationErrorKind::UnevaluatedProperties { unexpected } => {
                    unknown(values, &mut parts, node, unexpected, &mut findings);
                }
                ValidationErrorKind::FalseSchema => {
                    findings.extend(finding(values, node, "the schema lets nothing stand here"));
                }
                // The value itself stays out of the message: it may be a secret.
                _ => findings.extend(finding(
                    values,
                    node,
                    &error.masked_with("this value").to_string(),
                )),
            }
        }
        findings
            .into_iter()
            .map(|finding| finding.environment(environment))
            .collect()
    }
}

/// The parts of large maps and lists, each looked at once however many findings there are.
#[derive(Default)]
struct Parts<'v> {
    maps: HashMap<usize, HashMap<&'v str, Node<'v>>>,
    lists: HashMap<usize, Vec<Node<'v>>>,
}

impl<'v> Parts<'v> {
    /// Follows a JSON Pointer (RFC 6901).
    fn pointer(&mut self, root: Node<'v>, pointer: &str) -> Option<Node<'v>> {
        let parts = pointer.split('/').skip(1);
        parts
            .map(|part| part.replace("~1", "/").replace("~0", "~"))
            .try_fold(root, |node, part| match node.kind() {
                Kind::Seq => {
                    let items = self.lists.entry(node.index());
                    let items = items.or_insert_with(|| node.items().collect());
                    items.get(part.parse::<usize>().ok()?).copied()
                }
                _ => self.map(node).get(part.as_str()).copied(),
            })
    }

    fn map(&mut self, node: Node<'v>) -> &HashMap<&'v str, Node<'v>> {
        let entries = || {
            node.entries()
                .filter_map(|(key, value)| Some((key.as_str()?, value)))
        };
        self.maps
            .entry(node.index())
            .or_insert_with(|| entries().collect())
    }
}

/// How many keys of a map a near one is looked for among, and for how many: maps may be as large as their file.
const GUESSED: usize = 200;

/// Says which keys of a map the schema does not have.
fn unknown<'v>(
    values: &Values,
    parts: &mut Parts<'v>,
    map: Node<'v>,
    unexpected: &[String],
    findings: &mut Vec<Finding>,
) {
    let among: HashSet<&str> = unexpected.iter().map(String::as_str).collect();
    // What stands beside it and is in the schema may be what was meant.
    let keys = map.entries().filter_map(|(key, _)| key.as_str());
    let known: Vec<&str> = keys
        .filter(|key| !among.contains(key))
        .take(GUESSED)
        .collect();
    let entries = parts.map(map);
    for (at, key) in unexpected.iter().enumerate() {
        let Some(value) = entries.get(key.as_str()) else {
            continue;
        };
        let Some(origin) = values.origin(*value) else {
            continue;
        };
        let near = (at < GUESSED)
            .then(|| nearest(key, known.iter().copied()))
            .flatten();
        let path = values.path(value.index());
        let message = format!("`{path}` is not in the schema{}", did_you_mean(near));
        let place = Location::new(origin.file, origin.key.unwrap_or(origin.value));
        findings.push(
            Finding::new(&rules::SCHEMA, message, place)
                .help("correct the key, or add it to `values/schema.json`"),
        );
    }
}

fn finding(values: &Values, node: Node<'_>, message: &str) -> Option<Finding> {
    let path = values.path(node.index());
    let origin = values.origin(node).or_else(|| first_origin(values, node))?;
    let at = if path.is_empty() {
        "the values".to_owned()
    } else {
        format!("`{path}`")
    };
    let lower = message.chars().next().map(|first| {
        first
            .to_lowercase()
            .chain(message.chars().skip(1))
            .collect::<String>()
    });
    let message = format!("{at}: {}", lower.unwrap_or_default());
    let span = if node.is_collection() {
        origin.key.unwrap_or(origin.value)
    } else {
        origin.value
    };
    Some(
        Finding::new(&rules::SCHEMA, message, Location::new(origin.file, span))
            .help("see `values/schema.json` for what it may be"),
    )
}

/// The root is of no file; what it lacks is told at its first entry.
fn first_origin<'v>(values: &'v Values, node: Node<'_>) -> Option<&'v super::ValueOrigin> {
    node.entries().find_map(|(_, value)| values.origin(value))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::values::{Layer, merge};
    use crate::yaml::{Limits, read};

    /// Checks values, and returns each message with the text it points at.
    fn check(schema: &str, text: &str) -> Vec<(String, String)> {
        let mut sources = SourceMap::new();
        let schema = sources.add("values/schema.json", schema);
        let schema = ValuesSchema::compile(&sources, schema).unwrap();
        let file = sources.add("values/common.yaml", text);
        let document = read(sources.file(file).text(), &Limits::default())
            .documents
            .remove(0);
        let findings = schema.check(&merge(&[Layer { file, document }]), "dev");
        let told = |finding: &Finding| {
            let text = sources
                .file(finding.primary.file)
                .slice(finding.primary.span);
            (finding.message.clone(), text.to_owned())
        };
        findings.iter().map(told).collect()
    }

    #[test]
    fn what_the_schema_refuses_is_told_at_its_line() {
        let schema = r#"{"properties": {
            "a/b~c": {"items": {"properties": {"num": {"type": "integer"}}}},
            "port": {}
        }, "additionalProperties": false}"#;
        let found = check(schema, "a/b~c: [{num: 1}, {num: [x]}]\nprot: 1\nzzz: 1\n");
        let owned = |a: &str, b: &str| (a.to_owned(), b.to_owned());
        let expected = [
            owned(
                "`a/b~c[1].num`: this value is not of type \"integer\"",
                "num",
            ),
            owned("`prot` is not in the schema", "prot"),
            owned("`zzz` is not in the schema", "zzz"),
        ];
        let mut sorted = found.clone();
        sorted.sort_unstable();
        assert_eq!(sorted, expected);
        let found = check(r#"{"properties": {"old": false}}"#, "old: 1\n");
        assert_eq!(
            found,
            [owned("`old`: the schema lets nothing stand here", "1")]
        );
        let found = check(schema, "port: 1\nprot: 1\n");
        assert_eq!(
            found[0].0,
            "`prot` is not in the schema; did you mean `port`?"
        );
    }

    #[test]
    fn thousands_of_refused_values_are_told_one_by_one() {
        let keys: Vec<String> = (0..5_000).map(|at| format!("k{at}: x\n")).collect();
        let text = keys.concat();
        for schema in [
            r#"{"additionalProperties": {"type": "integer"}}"#,
            r#"{"properties": {"a": {}}, "additionalProperties": false}"#,
        ] {
            let found = check(schema, &text);
            assert_eq!(found.len(), 5_000, "{schema}");
            assert!(
                found
                    .iter()
                    .any(|(message, _)| message.starts_with("`k4999`"))
            );
        }
    }
}
