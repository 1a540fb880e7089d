//! What a policy or a binding is about: rules of resources, and selectors
//! (`apiserver/pkg/admission/plugin/policy/matching`, `webhook/predicates/rules`).

use super::request::{Operation, Request};
use crate::cluster::{Labels, Selector};
use crate::manifest::Scope;
use crate::yaml::Node;

/// `matchConstraints` of a policy, or `matchResources` of a binding.
#[derive(Debug, Default)]
pub(super) struct Constraints<'p> {
    rules: Vec<Rule<'p>>,
    excluded: Vec<Rule<'p>>,
    /// Whether other versions of the same kind are not meant.
    exact: bool,
    namespaces: Selector<'p>,
    objects: Selector<'p>,
}

/// A rule; everything it says must hold.
#[derive(Debug)]
struct Rule<'p> {
    operations: Vec<&'p str>,
    groups: Vec<&'p str>,
    versions: Vec<&'p str>,
    resources: Vec<&'p str>,
    names: Vec<&'p str>,
    scope: Option<Scope>,
}

/// Whether a request is meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Match<'p> {
    /// It is not.
    No,
    /// It is; as an object of this version, where another is meant than that it is written in.
    Yes(Option<&'p str>),
    /// That depends on labels of the namespace, which are not known.
    Unknown,
}

fn texts<'p>(owner: Node<'p>, key: &str) -> Vec<&'p str> {
    let items = owner.get(key).into_iter().flat_map(Node::items);
    items.filter_map(Node::as_str).collect()
}

/// Tells whether a list has a text, or `*`.
fn has(items: &[&str], wanted: &str) -> bool {
    items.iter().any(|item| *item == "*" || *item == wanted)
}

impl<'p> Rule<'p> {
    fn read(node: Node<'p>) -> Self {
        let scope = node.get("scope").and_then(Node::as_str);
        Self {
            operations: texts(node, "operations"),
            groups: texts(node, "apiGroups"),
            versions: texts(node, "apiVersions"),
            resources: texts(node, "resources"),
            names: texts(node, "resourceNames"),
            scope: match scope {
                Some("Cluster") => Some(Scope::Cluster),
                Some("Namespaced") => Some(Scope::Namespaced),
                _ => None,
            },
        }
    }

    /// Tells whether the rule is about a kind, whatever its version, name and operation.
    fn is_about(&self, request: &Request<'_>) -> bool {
        self.is_about_as(request, "*")
    }

    /// Tells whether the rule is about a kind by its name or by another, mostly `*`.
    fn is_about_as(&self, request: &Request<'_>, any: &str) -> bool {
        let resource = &request.resource;
        let named = |item: &&str| {
            let (plural, part) = item.split_once('/').unwrap_or((item, ""));
            (plural == any || plural == resource.plural) && (part == "*" || part == resource.part)
        };
        has(&self.groups, resource.group)
            && self.resources.iter().any(named)
            && self.scope.is_none_or(|scope| scope == resource.scope)
    }

    /// Tells whether the rule leaves no object of a kind out.
    fn is_about_all(&self, request: &Request<'_>) -> bool {
        self.names.is_empty() && has(&self.operations, "CREATE") && self.is_about(request)
    }

    fn has_operation(&self, operation: Operation) -> bool {
        has(&self.operations, operation.as_str())
    }

    fn takes(&self, request: &Request<'_>) -> bool {
        self.has_operation(request.operation)
            && (self.names.is_empty() || self.names.contains(&request.name))
            && self.is_about(request)
    }
}

impl<'p> Constraints<'p> {
    /// Reads them; nothing where a selector is not valid, which the rules of the API say.
    pub(super) fn read(node: Node<'p>) -> Option<Self> {
        let rules = |key: &str| {
            let items = node.get(key).into_iter().flat_map(Node::items);
            items.map(Rule::read).collect()
        };
        let selector = |key: &str| {
            node.get(key)
                .map_or_else(|| Some(Selector::default()), Selector::read)
        };
        Some(Self {
            rules: rules("resourceRules"),
            excluded: rules("excludeResourceRules"),
            exact: node.get("matchPolicy").and_then(Node::as_str) == Some("Exact"),
            namespaces: selector("namespaceSelector")?,
            objects: selector("objectSelector")?,
        })
    }

    /// Tells whether a rule is about a kind, whatever the request.
    pub(super) fn is_about(&self, request: &Request<'_>) -> bool {
        let excluded = |rule: &Rule<'p>| rule.is_about_all(request);
        self.rules.iter().any(|rule| rule.is_about(request)) && !self.excluded.iter().any(excluded)
    }

    /// Tells whether a rule names the kind, instead of meaning every one.
    pub(super) fn names(&self, request: &Request<'_>) -> bool {
        let names = |rule: &Rule<'p>| rule.is_about_as(request, &request.resource.plural);
        self.rules.iter().any(names)
    }

    /// Returns the operations that its rules name.
    pub(super) fn operations(&self) -> impl Iterator<Item = &'p str> + '_ {
        self.rules
            .iter()
            .flat_map(|rule| rule.operations.iter().copied())
    }

    /// Tells whether a request is meant.
    pub(super) fn matches(&self, request: &Request<'_>) -> Match<'p> {
        let found = if self.rules.is_empty() {
            Match::Yes(None)
        } else {
            self.find(&self.rules, request)
        };
        let excluded = || self.find(&self.excluded, request) != Match::No;
        if found == Match::No || excluded() || !self.has_object(request) {
            return Match::No;
        }
        match self.has_namespace(request) {
            Some(true) => found,
            Some(false) => Match::No,
            None => Match::Unknown,
        }
    }

    /// Finds a rule that means the request, and the version it names where that is another than the object's.
    fn find(&self, rules: &[Rule<'p>], request: &Request<'_>) -> Match<'p> {
        let taking = || rules.iter().filter(|rule| rule.takes(request));
        let own = request.resource.version;
        if taking().any(|rule| has(&rule.versions, own)) {
            return Match::Yes(None);
        }
        if self.exact {
            return Match::No;
        }
        let mut others = taking().flat_map(|rule| rule.versions.iter());
        let found = others.find(|version| request.has_version(version));
        found.map_or(Match::No, |version| Match::Yes(Some(version)))
    }

    fn has_object(&self, request: &Request<'_>) -> bool {
        if self.objects.is_empty() {
            return true;
        }
        let labels = |object: Node<'_>| {
            let labels = Labels::of(object.path(&["metadata", "labels"]));
            self.objects.matches(&labels)
        };
        request.object.is_some_and(labels) || request.old.is_some_and(labels)
    }

    fn has_namespace(&self, request: &Request<'_>) -> Option<bool> {
        // What lives in no namespace is never left out.
        if self.namespaces.is_empty() || request.namespace.is_empty() {
            return Some(true);
        }
        let (labels, known) = request.namespace_labels();
        self.namespaces
            .matches_known(&labels, |key| known || Request::is_known_label(key))
    }
}
