//! The merged values against `values/schema.json`.

use jsonschema::Validator;
use jsonschema::error::ValidationErrorKind;

use super::{Values, rules};
use crate::finding::{Finding, nearest};
use crate::source::{FileId, Location, SourceMap, Span};
use crate::yaml::{Node, to_json};

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
        let mut findings = Vec::new();
        for error in self.validator.iter_errors(&instance) {
            let Some(node) = values.tree().root().pointer(error.instance_path().as_str()) else {
                continue;
            };
            match error.kind() {
                ValidationErrorKind::AdditionalProperties { unexpected }
                | ValidationErrorKind::UnevaluatedProperties { unexpected } => {
                    findings.extend(
                        unexpected
                            .iter()
                            .filter_map(|key| unknown(values, node, key, unexpected)),
                    );
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

fn unknown(values: &Values, node: Node<'_>, key: &str, unexpected: &[String]) -> Option<Finding> {
    let (_, value) = node.entry(key)?;
    let origin = values.origin(value)?;
    // What stands beside it and is in the schema may be what was meant.
    let known = node.entries().filter_map(|(key, _)| key.as_str());
    let near = nearest(
        key,
        known.filter(|key| !unexpected.iter().any(|other| other == key)),
    );
    let message = match near {
        Some(near) => format!(
            "`{}` is not in the schema; did you mean `{near}`?",
            values.path(value.index())
        ),
        None => format!("`{}` is not in the schema", values.path(value.index())),
    };
    let place = Location::new(origin.file, origin.key.unwrap_or(origin.value));
    Some(
        Finding::new(&rules::SCHEMA, message, place)
            .help("correct the key, or add it to `values/schema.json`"),
    )
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
