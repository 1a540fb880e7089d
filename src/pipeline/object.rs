//! Rendered objects and what is said about them.

use std::sync::{Arc, OnceLock};

use crate::finding::{Finding, RenderedLocation, Rule};
use crate::manifest::{FieldPaths, Resource};
use crate::render::Trace;
use crate::source::{LineIndex, Location};
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
    /// Where nodes stand in the file, once somebody has asked.
    written: OnceLock<Written>,
    /// The way to every node, once somebody has asked.
    paths: OnceLock<FieldPaths>,
}

/// An object as it is written.
#[derive(Debug)]
struct Written {
    text: String,
    places: Vec<u32>,
    lines: LineIndex,
}

impl Object {
    /// Makes an object that has no file yet.
    pub fn new(resource: Resource, folder: String, trace: Arc<Trace>) -> Self {
        Self {
            resource,
            folder,
            path: String::new(),
            text: String::new(),
            trace,
            written: OnceLock::new(),
            paths: OnceLock::new(),
        }
    }

    /// Makes a finding about a node of the object.
    pub fn finding(
        &self,
        environment: &Environment,
        rule: &'static Rule,
        message: impl Into<String>,
        node: Node<'_>,
    ) -> Finding {
        let template = self.template(environment, node);
        self.told(environment, Finding::new(rule, message, template), node)
    }

    /// Returns the line of the template that a node comes from.
    pub fn template(&self, environment: &Environment, node: Node<'_>) -> Location {
        self.trace.node(node, &environment.values).template
    }

    /// Returns the lines of the templates that a node comes from: where it is written, then the macros' callers outwards.
    pub fn templates(&self, environment: &Environment, node: Node<'_>) -> Vec<Location> {
        let traced = self.trace.node(node, &environment.values);
        [traced.template].into_iter().chain(traced.calls).collect()
    }

    /// Tells a finding which object and field it is about, and where the rendered file shows it.
    pub(super) fn told(
        &self,
        environment: &Environment,
        finding: Finding,
        node: Node<'_>,
    ) -> Finding {
        let paths = self
            .paths
            .get_or_init(|| FieldPaths::new(&self.resource.document));
        let mut finding = finding
            .environment(&environment.name)
            .resource(self.resource.id.clone())
            .field(paths.path(self.resource.root(), node));
        finding.related = self.trace.node(node, &environment.values).related();
        finding.rendered = self.shown(&environment.name, node);
        finding
    }

    /// Returns where a node stands in the rendered file, where the object has one.
    pub(super) fn shown(&self, environment: &str, node: Node<'_>) -> Option<RenderedLocation> {
        let has_file = !self.path.is_empty();
        has_file.then(|| self.rendered(environment, node))
    }

    /// Returns the path of the rendered file in the project.
    pub fn file(&self, environment: &str) -> String {
        format!("rendered/{environment}/{}", self.path)
    }

    /// Returns a line of the rendered file, from 1, where it has so many.
    pub fn line(&self, line: u32) -> Option<&str> {
        let Written { text, lines, .. } = self.written();
        let is_there = (1..=lines.count()).contains(&line);
        is_there.then(|| lines.line_span(text, line).of(text))
    }

    /// Returns the object as it is written: once, however many findings there are.
    fn written(&self) -> &Written {
        self.written.get_or_init(|| {
            let (text, places) = write_with_places(self.resource.root());
            let lines = LineIndex::new(&text);
            Written {
                text,
                places,
                lines,
            }
        })
    }

    /// Returns where a node stands in the rendered file.
    pub fn rendered(&self, environment: &str, node: Node<'_>) -> RenderedLocation {
        let Written {
            text,
            places,
            lines,
        } = self.written();
        let offset = places.get(node.index()).copied().unwrap_or_default();
        let position = lines.position(text, offset);
        RenderedLocation {
            file: self.file(environment),
            line: position.line,
            column: position.column,
            text: lines.line_span(text, position.line).of(text).to_owned(),
        }
    }
}
