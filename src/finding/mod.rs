//! What Tympan says about the user's input: findings, their rules and severities, and sets of them.
//!
//! A finding is data about the input; an error means Tympan could not do its work. They never mix.

mod bound;
mod rule;
mod set;
mod suggestion;

use std::borrow::Cow;
use std::fmt;

pub use self::bound::{Told, bound};
pub use self::rule::{Rule, RuleId};
pub use self::set::{Accepted, FindingSet};
pub use self::suggestion::{did_you_mean, nearest};
use crate::source::Location;

/// How much a finding matters; ordered from least to most.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// Worth knowing.
    Note,
    /// Likely a mistake.
    Warning,
    /// A fault: the input is refused, or would be by the API server.
    Error,
}

impl Severity {
    /// Returns the word used in reports and in `tympan.yaml`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Note => "note",
            Self::Warning => "warning",
            Self::Error => "error",
        }
    }
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The object a finding is about.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ResourceId {
    /// The `apiVersion`, for example `apps/v1`.
    pub api_version: String,
    /// The kind, for example `Deployment`.
    pub kind: String,
    /// The namespace, where the object has one.
    pub namespace: Option<String>,
    /// The name.
    pub name: String,
}

impl fmt::Display for ResourceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(namespace) = &self.namespace {
            write!(f, "{namespace}/")?;
        }
        write!(f, "{}/{}", self.kind, self.name)
    }
}

/// The place in the rendered file where a finding shows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RenderedLocation {
    /// The file's path in the project, for example `rendered/prod/openmrs/service-gateway.yaml`.
    pub file: String,
    /// The line, from 1.
    pub line: u32,
    /// The column in characters, from 1.
    pub column: u32,
    /// The text of that line.
    pub text: String,
}

/// One fact about the user's input, with the line to mend.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// The rule that was broken.
    pub rule: RuleId,
    /// How much it matters.
    pub severity: Severity,
    /// One fact, lower case, without a full stop at the end.
    pub message: String,
    /// Where to mend it.
    pub primary: Location,
    /// What has to do with it: the value's origin, the call site, the first of two duplicates.
    pub related: Vec<Location>,
    /// What to do.
    pub help: Option<String>,
    /// The object, where the finding is about one.
    pub resource: Option<ResourceId>,
    /// The field, as the API server names it, for example `spec.ports[0].port`.
    pub field: Option<String>,
    /// The environment in which it was seen.
    pub environment: Option<String>,
    /// Where the rendered manifest shows it.
    pub rendered: Option<RenderedLocation>,
}

/// The longest name of an object that is told, in bytes: four times what Kubernetes takes.
const LONGEST_NAME: usize = 1 << 10;

impl Finding {
    /// Makes a finding of a rule, at the rule's own severity.
    pub fn new(rule: &'static Rule, message: impl Into<String>, primary: Location) -> Self {
        Self::of(rule.id.clone(), rule.severity, message, primary)
    }

    /// Makes a finding of a rule that is known at run time only, such as a policy.
    pub fn of(
        rule: RuleId,
        severity: Severity,
        message: impl Into<String>,
        primary: Location,
    ) -> Self {
        Self {
            rule,
            severity,
            message: message.into(),
            primary,
            related: Vec::new(),
            help: None,
            resource: None,
            field: None,
            environment: None,
            rendered: None,
        }
    }

    /// Says what to do about it.
    #[must_use]
    pub fn help(mut self, help: impl Into<Cow<'static, str>>) -> Self {
        self.help = Some(help.into().into_owned());
        self
    }

    /// Adds a place that has to do with it.
    #[must_use]
    pub fn related(mut self, location: Location) -> Self {
        self.related.push(location);
        self
    }

    /// Names the environment.
    #[must_use]
    pub fn environment(mut self, environment: impl Into<String>) -> Self {
        self.environment = Some(environment.into());
        self
    }

    /// Names the object.
    #[must_use]
    pub fn resource(mut self, mut resource: ResourceId) -> Self {
        // Every finding names its object, whose name may be as long as its text.
        let ResourceId {
            api_version,
            kind,
            namespace,
            name,
        } = &mut resource;
        for part in [api_version, kind, name].into_iter().chain(namespace) {
            if part.len() > LONGEST_NAME {
                part.truncate(part.floor_char_boundary(LONGEST_NAME));
                part.push('…');
                part.shrink_to_fit();
            }
        }
        self.resource = Some(resource);
        self
    }

    /// Names the field.
    #[must_use]
    pub fn field(mut self, field: impl Into<String>) -> Self {
        self.field = Some(field.into());
        self
    }
}
