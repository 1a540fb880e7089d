//! What policies judge: requests to create, change or remove an object.

use std::borrow::Cow;
use std::cell::OnceCell;

use super::seen::{self, Definitions};
use crate::cel::{Schema, Value};
use crate::cluster::{DEFAULT_NAMESPACE, Labels};
use crate::manifest::{Scope, Scopes, group};
use crate::schema::{Kubernetes, KubernetesVersion};
use crate::yaml::Node;

/// The label that every namespace has: its name.
const NAMESPACE_NAME: &str = "kubernetes.io/metadata.name";

/// What a request does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operation {
    /// Makes an object.
    Create,
    /// Changes an object.
    Update,
    /// Removes an object.
    Delete,
    /// Opens a connection to one.
    Connect,
}

impl Operation {
    /// Returns the word that rules and expressions have for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Create => "CREATE",
            Self::Update => "UPDATE",
            Self::Delete => "DELETE",
            Self::Connect => "CONNECT",
        }
    }
}

/// Who asks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct User {
    /// The user's name.
    pub name: String,
    /// The user's groups.
    pub groups: Vec<String>,
}

impl Default for User {
    /// Makes somebody who has logged in, and of whom nothing more is known.
    fn default() -> Self {
        Self {
            name: "somebody".to_owned(),
            groups: vec!["system:authenticated".to_owned()],
        }
    }
}

/// What is known about kinds: those of a Kubernetes version, and custom ones.
#[derive(Clone, Copy, Debug)]
pub struct Kinds<'a> {
    scopes: &'a Scopes,
    kubernetes: Option<&'static Kubernetes>,
    definitions: Option<&'a Definitions>,
}

impl<'a> Kinds<'a> {
    /// Takes the kinds of a Kubernetes version, and custom ones.
    pub fn new(version: KubernetesVersion, scopes: &'a Scopes) -> Self {
        Self {
            scopes,
            kubernetes: Kubernetes::of(version),
            definitions: None,
        }
    }

    /// Takes what the definitions of custom resources say about defaults.
    #[must_use]
    pub fn definitions(mut self, definitions: &'a Definitions) -> Self {
        self.definitions = Some(definitions);
        self
    }

    /// Returns how policies see an object.
    pub(super) fn seen(self, object: Node<'_>) -> Option<&'a Schema> {
        let text = |key: &str| object.get(key).and_then(Node::as_str).unwrap_or_default();
        let (api_version, kind) = (text("apiVersion"), text("kind"));
        let custom = self
            .definitions
            .and_then(|definitions| definitions.get(api_version, kind));
        let scope = || self.scopes.of(api_version, kind);
        custom.or_else(|| seen::built_in(group(api_version), kind, scope()))
    }

    /// Tells where objects of a kind live; nothing where no kind is known by that name.
    pub(super) fn scope_of(self, api_version: &str, kind: &str) -> Option<Scope> {
        let group = group(api_version);
        let built_in = || {
            self.kubernetes
                .is_some_and(|all| all.kind(api_version, kind).is_some())
        };
        let known = built_in() || !self.scopes.versions(group, kind).is_empty();
        known.then(|| self.scopes.of(api_version, kind))
    }

    /// Tells whether a kind is served in a version of its group.
    fn has_version(self, group: &str, kind: &str, version: &str) -> bool {
        let custom = self.scopes.versions(group, kind);
        if !custom.is_empty() {
            return custom.iter().any(|served| served == version);
        }
        let api_version = match group {
            "" => Cow::Borrowed(version),
            group => Cow::Owned(format!("{group}/{version}")),
        };
        self.kubernetes
            .is_some_and(|all| all.kind(&api_version, kind).is_some())
    }

    /// Tells whether the versions of a kind differ in more than their name, so that an object of one is converted into
    /// another by the API server only.
    fn differs(self, group: &str, kind: &str) -> bool {
        let own = group.is_empty() || group == "autoscaling" || group == "resource.k8s.io";
        own || self.scopes.needs_webhook(group, kind)
    }
}

/// What a request is about, as rules name it.
#[derive(Clone, Debug)]
pub(super) struct Resource<'a> {
    /// The API group; empty for the core group.
    pub(super) group: &'a str,
    /// The version.
    pub(super) version: &'a str,
    /// The kind.
    pub(super) kind: &'a str,
    /// The plural name.
    pub(super) plural: Cow<'a, str>,
    /// The part of it that is meant, such as `exec` of a pod; mostly empty.
    pub(super) part: &'a str,
    /// Where it lives.
    pub(super) scope: Scope,
}

/// The kinds that are sent to a part of another resource: `(group, kind, resource, part)`.
const PARTS: &[(&str, &str, &str, &str)] = &[
    ("", "Binding", "pods", "binding"),
    ("", "NodeProxyOptions", "nodes", "proxy"),
    ("", "PodAttachOptions", "pods", "attach"),
    ("", "PodExecOptions", "pods", "exec"),
    ("", "PodPortForwardOptions", "pods", "portforward"),
    ("", "PodProxyOptions", "pods", "proxy"),
    ("", "ServiceProxyOptions", "services", "proxy"),
    (
        "authentication.k8s.io",
        "TokenRequest",
        "serviceaccounts",
        "token",
    ),
    ("policy", "Eviction", "pods", "eviction"),
];

impl<'a> Resource<'a> {
    /// Names what an object is.
    pub(super) fn of(object: Node<'a>, kinds: Kinds<'a>) -> Self {
        let text = |key: &str| object.get(key).and_then(Node::as_str).unwrap_or_default();
        let (api_version, kind) = (text("apiVersion"), text("kind"));
        let (group, version) = api_version.split_once('/').unwrap_or(("", api_version));
        let part = PARTS.iter().find(|part| (part.0, part.1) == (group, kind));
        let scope = match part {
            Some((_, _, "nodes", _)) => Scope::Cluster,
            _ => kinds.scopes.of(api_version, kind),
        };
        Self {
            group,
            version,
            kind,
            plural: part.map_or_else(|| kinds.scopes.plural(group, kind), |part| part.2.into()),
            part: part.map_or("", |part| part.3),
            scope,
        }
    }
}

/// What a policy judges.
#[derive(Clone, Debug)]
pub struct Request<'a> {
    pub(super) operation: Operation,
    pub(super) object: Option<Node<'a>>,
    pub(super) old: Option<Node<'a>>,
    /// How policies see the object.
    pub(super) seen: Option<&'a Schema>,
    pub(super) resource: Resource<'a>,
    /// Where the object lives: empty for what lives in no namespace, its own name for a namespace.
    pub(super) namespace: &'a str,
    pub(super) name: &'a str,
    pub(super) namespace_object: Option<Node<'a>>,
    pub(super) user: Option<&'a User>,
    pub(super) dry_run: bool,
    pub(super) kinds: Kinds<'a>,
    /// What expressions see of the request, once one has asked: most policies that read it read the same.
    pub(super) value: OnceCell<Value<'a>>,
}

impl<'a> Request<'a> {
    /// Asks to make an object.
    pub fn create(object: Node<'a>, kinds: Kinds<'a>) -> Self {
        Self::new(Operation::Create, Some(object), None, object, kinds)
    }

    /// Asks to change an object.
    pub fn update(object: Node<'a>, old: Node<'a>, kinds: Kinds<'a>) -> Self {
        Self::new(Operation::Update, Some(object), Some(old), object, kinds)
    }

    /// Asks to remove an object.
    pub fn delete(old: Node<'a>, kinds: Kinds<'a>) -> Self {
        Self::new(Operation::Delete, None, Some(old), old, kinds)
    }

    /// Asks for a connection; the object says to what, such as `PodExecOptions`.
    pub fn connect(object: Node<'a>, kinds: Kinds<'a>) -> Self {
        Self::new(Operation::Connect, Some(object), None, object, kinds)
    }

    /// Asks to make the pod that a controller makes of its template, which stands in the controller's document.
    pub fn pod_of(template: Node<'a>, kinds: Kinds<'a>) -> Self {
        let owner = template.document().root();
        let namespace = owner
            .path(&["metadata", "namespace"])
            .and_then(Node::as_str);
        let namespace = namespace.filter(|namespace| !namespace.is_empty());
        Self {
            seen: seen::pod_of_template(),
            resource: Resource {
                group: "",
                version: "v1",
                kind: "Pod",
                plural: "pods".into(),
                part: "",
                scope: Scope::Namespaced,
            },
            namespace: namespace.unwrap_or(DEFAULT_NAMESPACE),
            // The API server gives it a name after rules have been asked.
            name: "",
            ..Self::create(template, kinds)
        }
    }

    fn new(
        operation: Operation,
        object: Option<Node<'a>>,
        old: Option<Node<'a>>,
        of: Node<'a>,
        kinds: Kinds<'a>,
    ) -> Self {
        let resource = Resource::of(of, kinds);
        let text = |path: &[&str]| of.path(path).and_then(Node::as_str).unwrap_or_default();
        let name = text(&["metadata", "name"]);
        let namespace = match (resource.scope, text(&["metadata", "namespace"])) {
            (Scope::Cluster, _) if is_namespace(&resource) => name,
            (Scope::Cluster, _) => "",
            (Scope::Namespaced, "") => DEFAULT_NAMESPACE,
            (Scope::Namespaced, namespace) => namespace,
        };
        Self {
            operation,
            object,
            old,
            seen: kinds.seen(of),
            resource,
            namespace,
            name,
            namespace_object: None,
            user: None,
            dry_run: false,
            kinds,
            value: OnceCell::new(),
        }
    }

    /// Gives the `Namespace` that the object lives in; without it only its name is known.
    #[must_use]
    pub fn namespace_object(mut self, namespace: Option<Node<'a>>) -> Self {
        self.namespace_object = namespace;
        self
    }

    /// Says who asks.
    #[must_use]
    pub fn user(mut self, user: &'a User) -> Self {
        self.user = Some(user);
        self.value = OnceCell::new();
        self
    }

    /// Tells whether it is about what no policy judges: policies, their bindings, and webhooks.
    pub(super) fn is_exempt(&self) -> bool {
        const KINDS: [&str; 6] = [
            "MutatingAdmissionPolicy",
            "MutatingAdmissionPolicyBinding",
            "MutatingWebhookConfiguration",
            "ValidatingAdmissionPolicy",
            "ValidatingAdmissionPolicyBinding",
            "ValidatingWebhookConfiguration",
        ];
        let resource = &self.resource;
        resource.group == "admissionregistration.k8s.io" && KINDS.contains(&resource.kind)
    }

    /// Tells whether it is about a namespace itself.
    pub(super) fn is_namespace(&self) -> bool {
        is_namespace(&self.resource)
    }

    /// Tells whether a kind is served in another version that a rule names.
    pub(super) fn has_version(&self, version: &str) -> bool {
        let Resource { group, kind, .. } = self.resource;
        self.kinds.has_version(group, kind, version)
    }

    /// Tells whether the object looks different in another version.
    pub(super) fn differs_by_version(&self) -> bool {
        self.kinds.differs(self.resource.group, self.resource.kind)
    }

    /// Returns the labels of the namespace that selectors choose by, and whether all of them are known.
    pub(super) fn namespace_labels(&self) -> (Labels<'a>, bool) {
        // A namespace is judged by the labels that it will have; one that goes by those that it has.
        let own = self.object.or(self.old).filter(|_| self.is_namespace());
        let object = own.or(self.namespace_object);
        let labels = Labels::of(object.and_then(|object| object.path(&["metadata", "labels"])));
        (
            labels.with(NAMESPACE_NAME, self.namespace),
            object.is_some(),
        )
    }

    /// Tells whether a label of a namespace is known though its object is not.
    pub(super) fn is_known_label(key: &str) -> bool {
        key == NAMESPACE_NAME
    }
}

fn is_namespace(resource: &Resource<'_>) -> bool {
    (resource.group, resource.kind) == ("", "Namespace")
}
