//! A binding: where a policy applies, what it does there, and by which params.

use super::matching::Constraints;
use crate::cluster::Selector;
use crate::project::PolicyAction;
use crate::yaml::Node;

/// A `ValidatingAdmissionPolicyBinding`.
#[derive(Debug)]
pub struct Binding<'p> {
    pub(super) name: &'p str,
    pub(super) policy: &'p str,
    pub(super) constraints: Constraints<'p>,
    pub(super) actions: Vec<PolicyAction>,
    pub(super) param_ref: Option<ParamRef<'p>>,
}

/// Where a binding's params are.
#[derive(Debug)]
pub(super) struct ParamRef<'p> {
    pub(super) node: Node<'p>,
    pub(super) name: &'p str,
    /// The labels that params have, where they are not named.
    pub(super) selector: Option<Selector<'p>>,
    pub(super) namespace: &'p str,
    /// Whether it is an error that there are none.
    pub(super) needed: bool,
}

impl<'p> Binding<'p> {
    /// Reads a binding; nothing where a selector is not valid, which the rules of the API say.
    pub fn read(root: Node<'p>) -> Option<Self> {
        let text = |path: &[&str]| root.path(path).and_then(Node::as_str).unwrap_or_default();
        let constraints = match root.path(&["spec", "matchResources"]) {
            Some(node) => Constraints::read(node)?,
            None => Constraints::default(),
        };
        let actions = root.path(&["spec", "validationActions"]);
        let actions = actions
            .into_iter()
            .flat_map(Node::items)
            .filter_map(Node::as_str);
        let actions = actions.filter_map(|action| match action {
            "Deny" => Some(PolicyAction::Deny),
            "Warn" => Some(PolicyAction::Warn),
            "Audit" => Some(PolicyAction::Audit),
            _ => None,
        });
        let param_ref = match root
            .path(&["spec", "paramRef"])
            .filter(|node| !node.is_null())
        {
            Some(node) => Some(ParamRef::read(node)?),
            None => None,
        };
        Some(Self {
            name: text(&["metadata", "name"]),
            policy: text(&["spec", "policyName"]),
            constraints,
            actions: actions.collect(),
            param_ref,
        })
    }

    /// Returns the binding's name.
    pub fn name(&self) -> &'p str {
        self.name
    }

    /// Returns the name of its policy.
    pub fn policy(&self) -> &'p str {
        self.policy
    }

    /// Returns what it does with a request that the policy denies.
    pub fn actions(&self) -> &[PolicyAction] {
        &self.actions
    }
}

impl<'p> ParamRef<'p> {
    fn read(node: Node<'p>) -> Option<Self> {
        let text = |key: &str| node.get(key).and_then(Node::as_str).unwrap_or_default();
        let selector = match node.get("selector").filter(|node| !node.is_null()) {
            Some(node) => Some(Selector::read(node)?),
            None => None,
        };
        Some(Self {
            node,
            name: text("name"),
            selector,
            namespace: text("namespace"),
            needed: text("parameterNotFoundAction") == "Deny",
        })
    }
}
