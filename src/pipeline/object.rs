//! Rendered objects and what is said about them.

use std::sync::Arc;

use crate::finding::{Finding, RenderedLocation, Rule};
use crate::manifest::{Resource, field_path};
use crate::render::Trace;
use crate::source::LineIndex;
use crate::values::Values;
use crate::yaml::{Node, write_with_places};

/// The objects of an environment.
#[derive(Debug)]
pub struct Environment {
    /// Its name.
    pub name: String,
    /// Its values.
    pub values: Arc<Values>,
    /// Its objects, in order of their files.
    pub objects: Vec<Object>,
}

/// A rendered object.
#[derive(Debug)]
pub struct Object {
    /// The object.
    pub resource: Resource,
    /// The folder below `templates/` that made it.
    pub folder: String,
    /// Its file below `rendered/<environment>/`.
    pub path: String,
    /// The file's text.
    pub text: String,
    /// The way back.
    pub trace: Arc<Trace>,
}

impl Object {
    /// Makes a finding about a node of the object.
    pub fn finding(
        &self,
        environment: &Environment,
        rule: &'static Rule,
        message: impl Into<String>,
        node: Node<'_>,
    ) -> Finding {
        let traced = self.trace.node(node, &environment.values);
        let mut finding = Finding::new(rule, message, traced.template.clone())
            .environment(&environment.name)
            .resource(self.resource.id.clone())
            .field(field_path(self.resource.root(), node));
        finding.related = traced.related();
        // An object that cannot have a file has no line there.
        let has_file = !self.path.is_empty();
        finding.rendered = has_file.then(|| self.rendered(&environment.name, node));
        finding
    }

    /// Returns where a node stands in the rendered file.
    pub fn rendered(&self, environment: &str, node: Node<'_>) -> RenderedLocation {
        let (text, places) = write_with_places(self.resource.root());
        let offset = places.get(node.index()).copied().unwrap_or_default();
        let lines = LineIndex::new(&text);
        let position = lines.position(&text, offset);
        RenderedLocation {
            file: format!("rendered/{environment}/{}", self.path),
            line: position.line,
            column: position.column,
            text: lines.line_span(&text, position.line).of(&text).to_owned(),
        }
    }
}
