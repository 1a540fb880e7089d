//! A pod as the checks see it: its spec, its containers, and the standard it is judged by.

use std::fmt;

use super::standard::Standard;
use crate::cluster::PodTemplate;
use crate::finding::Rule;
use crate::manifest::Fault;
use crate::yaml::{Kind, Node};

/// A pod, and the standard that judges it.
#[derive(Debug)]
pub(super) struct Pod<'a> {
    /// The pod's own part: what holds for containers that say nothing.
    pub(super) own: Part<'a>,
    /// The containers of every kind.
    pub(super) containers: Vec<Part<'a>>,
    /// The standard.
    pub(super) standard: Standard,
    metadata: Option<Node<'a>>,
}

/// What may have a security context: a pod's spec, or a container.
#[derive(Clone, Copy, Debug)]
pub(super) struct Part<'a> {
    /// The spec, or the container.
    pub(super) node: Node<'a>,
    name: Name<'a>,
}

#[derive(Clone, Copy, Debug)]
enum Name<'a> {
    Pod,
    Container(&'a str),
}

impl fmt::Display for Part<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.name {
            Name::Pod => f.write_str("this pod"),
            Name::Container("") => f.write_str("this container"),
            Name::Container(name) => write!(f, "container `{name}`"),
        }
    }
}

/// Returns what stands under a key, unless it is null, which is as good as nothing.
pub(super) fn given<'a>(map: Node<'a>, key: &str) -> Option<Node<'a>> {
    map.get(key).filter(|value| !value.is_null())
}

/// Returns the text under a key; nothing for another kind of value, which the schema minds.
pub(super) fn text<'a>(map: Node<'a>, key: &str) -> Option<(Node<'a>, &'a str)> {
    let value = map.get(key)?;
    Some((value, value.as_str()?))
}

/// Returns the value under a key where it is `true`.
pub(super) fn truth<'a>(map: Node<'a>, key: &str) -> Option<Node<'a>> {
    map.get(key).filter(|value| value.as_bool() == Some(true))
}

impl<'a> Part<'a> {
    /// Returns a field of the security context.
    pub(super) fn security(&self, field: &str) -> Option<Node<'a>> {
        given(self.node.get("securityContext")?, field)
    }

    /// Tells whether this is the container of a name.
    pub(super) fn is_called(&self, name: &str) -> bool {
        matches!(self.name, Name::Container(own) if own == name)
    }

    /// Returns the word for where to set what is missing.
    pub(super) fn kind(&self) -> &'static str {
        match self.name {
            Name::Pod => "pod's spec",
            Name::Container(_) => "container",
        }
    }

    /// Makes the fault of a field that the security context lacks, at the nearest thing there is: the field itself where it
    /// says too little, or what it should stand in.
    fn lacks(&self, rule: &'static Rule, path: &[&str], message: String) -> Fault<'a> {
        let (mut place, mut map) = (self.node, self.node);
        let mut missing = [&["securityContext"], path].concat();
        while let (Some(field), rest) = (missing.first(), missing.len()) {
            match map.entry(field) {
                Some((_, value)) if rest == 1 => return Fault::new(rule, value, message),
                Some((key, value)) if value.kind() == Kind::Map => (place, map) = (key, value),
                _ => break,
            }
            missing.remove(0);
        }
        Fault::new(rule, place, message).below(missing.join("."))
    }
}

impl<'a> Pod<'a> {
    pub(super) fn new(pod: &PodTemplate<'a>, standard: Standard) -> Self {
        let containers = pod.containers().map(|node| {
            let name = text(node, "name").map_or("", |(_, name)| name);
            let name = Name::Container(name);
            Part { node, name }
        });
        Self {
            own: Part {
                node: pod.spec,
                name: Name::Pod,
            },
            containers: containers.collect(),
            standard,
            metadata: pod.metadata(),
        }
    }

    /// Returns the pod's own part, then the containers.
    pub(super) fn parts(&self) -> impl Iterator<Item = Part<'a>> + '_ {
        std::iter::once(self.own).chain(self.containers.iter().copied())
    }

    /// Returns where a field of the security context must be set so that every container has it, of its own or of the
    /// pod: nowhere where the pod has it, in the pod where no container does, else in those that do not.
    pub(super) fn without(&self, field: &str) -> Vec<Part<'a>> {
        if self.own.security(field).is_some() {
            return Vec::new();
        }
        let lacks = |part: &&Part<'a>| part.security(field).is_none();
        let lacking: Vec<Part<'a>> = self.containers.iter().filter(lacks).copied().collect();
        if lacking.len() == self.containers.len() && !lacking.is_empty() {
            return vec![self.own];
        }
        lacking
    }

    /// Returns the pod's annotations.
    pub(super) fn annotations(&self) -> impl Iterator<Item = (&'a str, Node<'a>)> + use<'a> {
        let annotations = self.metadata.and_then(|node| node.get("annotations"));
        let entries = annotations.into_iter().flat_map(Node::entries);
        entries.filter_map(|(key, value)| Some((key.as_str()?, value)))
    }

    /// Tells whether the standard is that of 1.`minor` or later.
    pub(super) fn since(&self, minor: u8) -> bool {
        self.standard.since(minor)
    }

    /// Tells whether checks that mean nothing on Windows pass the pod over: since 1.25.
    pub(super) fn is_exempt_as_windows(&self) -> bool {
        let system = self.own.node.path(&["os", "name"]);
        self.since(25) && system.and_then(Node::as_str) == Some("windows")
    }

    /// Tells whether checks that mean little in a user namespace pass the pod over: since 1.35.
    pub(super) fn is_exempt_in_user_namespace(&self) -> bool {
        let users = self.own.node.get("hostUsers");
        self.since(35) && users.and_then(Node::as_bool) == Some(false)
    }

    /// Makes the fault of something that the standard forbids.
    pub(super) fn forbids(
        &self,
        rule: &'static Rule,
        node: Node<'a>,
        what: impl fmt::Display,
    ) -> Fault<'a> {
        Fault::new(
            rule,
            node,
            format!("{what}, which {} forbids", self.standard),
        )
    }

    /// Makes the fault of something that the standard wants and the security context of a part lacks.
    pub(super) fn wants(
        &self,
        rule: &'static Rule,
        part: &Part<'a>,
        path: &[&str],
        what: impl fmt::Display,
    ) -> Fault<'a> {
        let message = format!("{what}, which {} wants", self.standard);
        part.lacks(rule, path, message)
    }
}
