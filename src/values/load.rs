//! Reading the layers of values.

use std::sync::Arc;

use super::rules;
use super::{Layer, Values, merge};
use crate::finding::Finding;
use crate::source::{FileId, Location, SourceMap, Span};
use crate::yaml::{Builder, Document, Kind, Limits, Node, Place, read};

/// What a values file holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LayerKind {
    /// Values as they are.
    Plain,
    /// The output of `terraform output -json`: each output's `value` becomes `terraform.<name>`.
    Terraform,
}

/// The values of an environment and what is wrong with their files.
#[derive(Debug)]
pub struct Loaded {
    /// The merged values; files that could not be read count as empty.
    pub values: Arc<Values>,
    /// What is wrong.
    pub findings: Vec<Finding>,
}

/// Reads and merges the layers of an environment, the lowest first.
pub fn load_layers(sources: &SourceMap, files: &[(FileId, LayerKind)], limits: &Limits) -> Loaded {
    let mut findings = Vec::new();
    let mut layers = Vec::new();
    for (file, kind) in files {
        if let Some(document) = read_layer(sources, *file, *kind, limits, &mut findings) {
            layers.push(Layer {
                file: *file,
                document,
            });
        }
    }
    Loaded {
        values: Arc::new(merge(&layers)),
        findings,
    }
}

fn read_layer(
    sources: &SourceMap,
    file: FileId,
    kind: LayerKind,
    limits: &Limits,
    findings: &mut Vec<Finding>,
) -> Option<Document> {
    let stream = read(sources.file(file).text(), limits);
    findings.extend(
        stream
            .problems
            .into_iter()
            .map(|problem| problem.in_file(file)),
    );
    let mut documents = stream.documents.into_iter();
    let document = documents.next()?;
    if let Some(second) = documents.next() {
        let place = Location::new(file, first_line(second.root()));
        let finding = Finding::new(&rules::SHAPE, "a values file holds one document", place);
        findings.push(finding.help(
            "move the values of the second document into the first, or to a file of their own",
        ));
    }
    if document.root().kind() != Kind::Map {
        let message = format!(
            "a values file holds a map, not a {}",
            document.root().kind().as_str()
        );
        findings.push(Finding::new(
            &rules::SHAPE,
            message,
            Location::new(file, first_line(document.root())),
        ));
        return None;
    }
    Some(match kind {
        LayerKind::Plain => document,
        LayerKind::Terraform => terraform(file, &document, findings),
    })
}

/// Returns the first byte of a node: a whole document is too much to underline.
fn first_line(node: Node<'_>) -> Span {
    Span {
        start: node.span().start,
        end: (node.span().start + 1).min(node.span().end),
    }
}

/// Puts the outputs' values under `terraform`.
fn terraform(file: FileId, document: &Document, findings: &mut Vec<Finding>) -> Document {
    let root = document.root();
    let mut builder = Builder::new(document.text().clone());
    builder.begin_map(root.place());
    builder.str("terraform", Place::new(first_line(root)));
    builder.begin_map(root.place());
    for (name, output) in root.entries() {
        let sensitive = output.get("sensitive").and_then(Node::as_bool) == Some(true);
        let Some(value) = output.get("value") else {
            let message = "this is no Terraform output: it has no `value`";
            let finding = Finding::new(&rules::SHAPE, message, Location::new(file, name.span()));
            findings.push(finding.help("write the file with `terraform output -json`"));
            continue;
        };
        if sensitive {
            let message = format!(
                "the Terraform output `{}` is marked sensitive",
                name.as_str().unwrap_or_default()
            );
            let finding = Finding::new(
                &rules::SENSITIVE_OUTPUT,
                message,
                Location::new(file, name.span()),
            );
            findings.push(finding.help(
                "secrets do not belong in git: keep it in the vault and refer to it with an ExternalSecret, \
                 and leave the output out of the file",
            ));
            continue;
        }
        builder.copy(name, None);
        builder.copy(value, None);
    }
    builder.finish()
}
