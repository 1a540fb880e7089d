//! The objects that are checked, rendered or plain, and how faults of them become findings.

use std::borrow::Cow;
use std::sync::OnceLock;

use super::policies::FOLDER;
use super::{Environment, Object};
use crate::finding::{Finding, RenderedLocation};
use crate::manifest::{Fault, FieldPaths, Resource};
use crate::policy::is_policy;
use crate::source::{FileId, Location};
use crate::yaml::Node;

/// An object that is checked.
#[derive(Debug)]
pub(super) struct Subject<'o> {
    pub(super) resource: &'o Resource,
    origin: Origin<'o>,
}

/// Where an object comes from.
#[derive(Debug)]
enum Origin<'o> {
    /// A template, and so its values.
    Rendered(&'o Environment, &'o Object),
    /// A file, in which it stands as it is; the way to every node, once somebody has asked.
    Plain(FileId, OnceLock<FieldPaths>),
}

/// Where the text of a node stands.
#[derive(Debug, Default)]
pub(super) struct Standing {
    /// Places that are the text.
    pub(super) whole: Vec<Location>,
    /// Places of expressions that gave it, and may hold it.
    pub(super) expressions: Vec<Location>,
    /// The line of the rendered file.
    pub(super) rendered: Option<RenderedLocation>,
}

impl<'o> Subject<'o> {
    pub(super) fn rendered(environment: &'o Environment, object: &'o Object) -> Self {
        Self {
            resource: &object.resource,
            origin: Origin::Rendered(environment, object),
        }
    }

    pub(super) fn plain(file: FileId, resource: &'o Resource) -> Self {
        Self {
            resource,
            origin: Origin::Plain(file, OnceLock::new()),
        }
    }

    /// Tells whether it is one of the project's own policies: those of its folder `policies/`.
    pub(super) fn is_own_policy(&self) -> bool {
        match &self.origin {
            Origin::Rendered(_, object) => object.folder == FOLDER && is_policy(self.resource),
            Origin::Plain(..) => false,
        }
    }

    /// Returns the line where a node can be mended.
    pub(super) fn place(&self, node: Node<'_>) -> Location {
        match &self.origin {
            Origin::Rendered(environment, object) => object.template(environment, node),
            Origin::Plain(file, _) => Location::new(*file, node.span()),
        }
    }

    /// Returns everywhere the text of a node stands.
    pub(super) fn standing(&self, node: Node<'_>) -> Standing {
        match &self.origin {
            Origin::Rendered(environment, object) => {
                let traced = object.trace.node(node, &environment.values);
                let mut standing = Standing {
                    whole: traced.values,
                    expressions: traced.calls,
                    rendered: object.shown(&environment.name, node),
                };
                let filled = node.origin().is_some();
                let template = if filled {
                    &mut standing.expressions
                } else {
                    &mut standing.whole
                };
                template.push(traced.template);
                standing
            }
            Origin::Plain(file, _) => Standing {
                whole: vec![Location::new(*file, node.span())],
                ..Standing::default()
            },
        }
    }

    /// Makes a finding of a fault.
    pub(super) fn finding(&self, fault: Fault<'_>) -> Finding {
        let Fault {
            rule,
            severity,
            node,
            below,
            message,
            help,
        } = fault;
        let finding = Finding::of(rule, severity, message, self.place(node));
        let mut finding = match &self.origin {
            Origin::Rendered(environment, object) => object.told(environment, finding, node),
            Origin::Plain(_, paths) => {
                let paths = paths.get_or_init(|| FieldPaths::new(&self.resource.document));
                finding
                    .resource(self.resource.id.clone())
                    .field(paths.path(self.resource.root(), node))
            }
        };
        if let Some(below) = below.filter(|below| !below.is_empty()) {
            let above = finding.field.take().unwrap_or_default();
            finding.field = Some(match above.as_str() {
                "" => below.into_owned(),
                above if below.starts_with('[') => format!("{above}{below}"),
                above => format!("{above}.{below}"),
            });
        }
        finding.help = help.map(Cow::into_owned);
        finding
    }
}
