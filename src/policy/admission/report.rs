//! What policies say, as faults of objects.

use std::collections::BTreeMap;

use super::check::{Guard, Use};
use super::judge::{Decision, Denial};
use super::policy::{Policy, Problem};
use super::run::UNKNOWN_PARAMS;
use super::tally::{Objects, Tally};
use crate::api::rules::EXPRESSION;
use crate::cluster::{Cluster, Found, Index};
use crate::finding::{RuleId, Severity};
use crate::manifest::{Fault, path_of_keys};
use crate::schema::KubernetesVersion;
use crate::yaml::Node;

/// The longest expression that is told, in bytes.
const LONGEST: usize = 300;
/// How much a policy tells about one object.
pub(super) const MOST_TOLD: usize = 100;
/// The longest name of a policy that is told, in bytes: as long as Kubernetes takes.
const LONGEST_NAME: usize = 253;

fn cut(text: &str, most: usize) -> String {
    match text.get(..text.floor_char_boundary(most)) {
        Some(head) if head.len() < text.len() => format!("{head}…"),
        _ => text.to_owned(),
    }
}

/// Returns the rule that a policy is.
fn rule(policy: &Policy<'_>) -> RuleId {
    RuleId::new(format!("policy/{}", cut(policy.name, LONGEST_NAME)))
}

/// What is judged.
#[derive(Clone, Copy, Debug)]
pub(super) enum Subject<'a> {
    /// An object.
    Object(Index),
    /// The pods that an object makes of its template.
    PodsOf(Index),
    /// An object of the version before that is there no more, by its place after those that are there.
    Gone(Index, Node<'a>),
}

impl<'a> Subject<'a> {
    /// Returns its place among all objects.
    pub(super) fn at(self) -> Index {
        match self {
            Self::Object(index) | Self::PodsOf(index) | Self::Gone(index, _) => index,
        }
    }

    /// Names the object: `ns/Deployment/web`.
    pub(super) fn words(self, cluster: &Cluster<'a>) -> String {
        let (namespace, object) = match self {
            Self::Object(index) | Self::PodsOf(index) => (
                cluster.namespace(index),
                cluster.get(index).map(|object| object.root()),
            ),
            Self::Gone(_, node) => ("", Some(node)),
        };
        let text = |path: &[&str]| {
            let node = object.and_then(|object| object.path(path));
            cut(
                node.and_then(Node::as_str).unwrap_or_default(),
                LONGEST_NAME,
            )
        };
        let namespace = match namespace {
            "" => text(&["metadata", "namespace"]),
            namespace => cut(namespace, LONGEST_NAME),
        };
        let slash = if namespace.is_empty() { "" } else { "/" };
        format!(
            "{namespace}{slash}{}/{}",
            text(&["kind"]),
            text(&["metadata", "name"])
        )
    }
}

/// What a policy says about an object, each fact once, whatever the number of bindings and params.
pub(super) struct Answer<'s, 'a> {
    guard: &'s Guard<'a>,
    subject: Subject<'a>,
    cluster: &'s Cluster<'a>,
    found: Vec<Found<'a>>,
}

impl<'s, 'a> Answer<'s, 'a> {
    pub(super) fn new(
        guard: &'s Guard<'a>,
        subject: Subject<'a>,
        cluster: &'s Cluster<'a>,
    ) -> Self {
        Self {
            guard,
            subject,
            cluster,
            found: Vec::new(),
        }
    }

    pub(super) fn found(self) -> Vec<Found<'a>> {
        self.found
    }

    /// Takes what the policy says as a binding uses it.
    pub(super) fn add(&mut self, decision: &Decision<'_>, of: &Use<'a>) {
        for denial in &decision.denials {
            if self.found.len() >= MOST_TOLD {
                return;
            }
            let found = self.denied(denial, of.severity);
            let same = |other: &&mut Found<'a>| {
                let (other, own) = (&other.fault, &found.fault);
                other.node.index() == own.node.index()
                    && other.below == own.below
                    && other.message == own.message
            };
            match self.found.iter_mut().find(same) {
                Some(known) => known.fault.severity = known.fault.severity.max(of.severity),
                None => self.found.push(found),
            }
        }
    }

    fn denied(&self, denial: &Denial<'_>, severity: Severity) -> Found<'a> {
        let policy = &self.guard.policy;
        let name = cut(policy.name, LONGEST_NAME);
        let expression = denial
            .expression
            .and_then(|node| policy.root.document().node(node.index()));
        let (object, node) = self.place(denial, expression);
        let message = self.message(denial, &name);
        let mut fault = Fault::of(rule(policy), severity, node, message);
        if denial.is_below() && !matches!(self.subject, Subject::Gone(..)) {
            let keys = denial.place.iter().flat_map(|place| &place.below);
            let below = path_of_keys(keys.map(String::as_str));
            fault = fault.below(cut(&below, LONGEST_NAME));
        }
        if let Some(text) = expression.and_then(Node::as_str) {
            let text = cut(
                &text.split_whitespace().collect::<Vec<_>>().join(" "),
                LONGEST,
            );
            let has = if denial.message.starts_with("no such key") {
                "; `has()` asks for what may be missing"
            } else {
                ""
            };
            // A project's own policies have a page.
            let own = self.cluster.settings().whole && self.cluster.is_strict(self.guard.index);
            let page = if own {
                format!("; `tympan explain policy/{name}` says why")
            } else {
                String::new()
            };
            fault = fault.help(format!("the policy `{name}` asks that `{text}`{has}{page}"));
        }
        let found = Found::new(object, fault);
        match (self.subject, expression) {
            (Subject::Gone(..), _) | (_, None) => found,
            (_, Some(expression)) => found.related(self.guard.index, expression),
        }
    }

    fn message(&self, denial: &Denial<'_>, name: &str) -> String {
        let kind = |index| {
            let object = self.cluster.get(index);
            object
                .map(|object| cut(&object.id.kind, LONGEST_NAME))
                .unwrap_or_default()
        };
        let told = &denial.message;
        match (self.subject, denial.error) {
            (Subject::Object(_), false) => told.clone(),
            (Subject::Object(_), true) => {
                format!("the policy `{name}` cannot be evaluated on this object: {told}")
            }
            (Subject::PodsOf(index), false) => {
                format!("{told} (in the pods of this {})", kind(index))
            }
            (Subject::PodsOf(index), true) => {
                let kind = kind(index);
                format!(
                    "the policy `{name}` cannot be evaluated on the pods of this {kind}: {told}"
                )
            }
            (subject @ Subject::Gone(..), _) => {
                let object = subject.words(self.cluster);
                format!("`{object}` was removed, and may not be: {told}")
            }
        }
    }

    /// Returns the line to mend: the node that decided, or else the object's name; the policy where the object is gone.
    fn place(&self, denial: &Denial<'_>, expression: Option<Node<'a>>) -> (Index, Node<'a>) {
        let (Subject::Object(index) | Subject::PodsOf(index)) = self.subject else {
            return (
                self.guard.index,
                expression.unwrap_or_else(|| self.guard.name()),
            );
        };
        let Some(object) = self.cluster.get(index) else {
            return (self.guard.index, self.guard.name());
        };
        let root = object.root();
        let decided = denial.place.as_ref();
        let decided = decided.and_then(|place| root.document().node(place.node.index()));
        // The object as a whole is told by its name.
        let decided = decided.filter(|node| node.index() != root.index() || denial.is_below());
        let name = || root.path(&["metadata", "name"]).unwrap_or(root);
        (index, decided.unwrap_or_else(name))
    }
}

impl Denial<'_> {
    fn is_below(&self) -> bool {
        self.place
            .as_ref()
            .is_some_and(|place| !place.below.is_empty())
    }
}

impl<'a> Guard<'a> {
    /// Returns the node of the policy's name.
    fn name(&self) -> Node<'a> {
        let root = self.policy.root;
        root.path(&["metadata", "name"]).unwrap_or(root)
    }

    /// Makes something that is told about the policy as a whole.
    fn told(&self, severity: Severity, message: String, help: &'static str) -> Found<'a> {
        let fault = Fault::of(rule(&self.policy), severity, self.name(), message);
        Found::new(self.index, fault.help(help))
    }
}

/// Compiles a policy for the newest of some versions, and tells what is wrong with its expressions for any of them.
pub(super) fn compile<'a>(
    index: Index,
    root: Node<'a>,
    versions: &[KubernetesVersion],
    found: &mut Vec<Found<'a>>,
) -> Option<Policy<'a>> {
    let mut newest = None;
    let mut problems: Vec<(Problem<'a>, Vec<KubernetesVersion>)> = Vec::new();
    for version in versions {
        let errors = match Policy::compile(root, *version) {
            Ok(policy) => {
                if newest.as_ref().is_none_or(|(known, _)| known < version) {
                    newest = Some((*version, policy));
                }
                continue;
            }
            Err(errors) => errors,
        };
        for problem in errors {
            let same = |(known, _): &&mut (Problem<'a>, _)| {
                known.node.index() == problem.node.index() && known.message == problem.message
            };
            match problems.iter_mut().find(same) {
                Some((_, known)) => known.push(*version),
                None => problems.push((problem, vec![*version])),
            }
        }
    }
    for (problem, of) in problems {
        let mut message = problem.message;
        if of.len() < versions.len() {
            let list: Vec<String> = of.iter().map(ToString::to_string).collect();
            message = format!("{message} (Kubernetes {})", list.join(", "));
        }
        let fault = Fault::new(&EXPRESSION, problem.node, message);
        found.push(Found::new(
            index,
            fault.help("correct the expression; what it may name is in docs/policies.md"),
        ));
    }
    newest.map(|(_, policy)| policy)
}

/// The namespaces whose objects lack params, each with its objects; none for objects that live in no namespace.
type Lacks<'t> = Vec<(Option<&'t str>, &'t Objects)>;

/// Tells what could not be asked, or not be decided, for all objects together.
pub(super) fn together<'a>(
    cluster: &Cluster<'a>,
    guards: &[Guard<'a>],
    tally: &Tally,
    found: &mut Vec<Found<'a>>,
) {
    let mut lacks: BTreeMap<(usize, usize, bool), Lacks<'_>> = BTreeMap::new();
    for ((place, of, namespace), objects) in &tally.lacks {
        let key = (*place, *of, namespace.is_some());
        let lacking = lacks.entry(key).or_default();
        lacking.push((namespace.as_deref(), objects));
    }
    for guard in guards {
        found.extend(not_checked(guard, cluster));
        found.extend(guard.uses.iter().filter_map(|of| missing(guard, of)));
    }
    for ((place, of, here), lacks) in lacks {
        let guard = guards.get(place);
        let both = guard.and_then(|guard| Some((guard, guard.uses.get(of)?)));
        found.extend(both.and_then(|(guard, of)| lacking(guard, of, here, &lacks)));
    }
    for ((place, what), objects) in &tally.undecided {
        let guard = guards.get(*place);
        found.extend(guard.map(|guard| not_decided(guard, what, objects)));
    }
    for (place, count) in &tally.stopped {
        found.extend(guards.get(*place).map(|guard| {
            let name = cut(guard.policy.name, LONGEST_NAME);
            let all = cluster.len();
            let message = format!(
                "the policy `{name}` costs too much: it was asked about {count} of {all} objects"
            );
            guard.told(
                Severity::Error,
                message,
                "make its expressions simpler, or its rules narrower",
            )
        }));
    }
}

/// Tells that a policy is about changes or connections, which are not seen.
fn not_checked<'a>(guard: &Guard<'a>, cluster: &Cluster<'a>) -> Option<Found<'a>> {
    let constraints = &guard.policy.constraints;
    let has = |wanted: &[&str]| {
        constraints
            .operations()
            .any(|operation| wanted.contains(&operation))
    };
    let name = cut(guard.policy.name, LONGEST_NAME);
    if has(&["CREATE", "*"]) {
        return None;
    }
    if has(&["UPDATE", "DELETE"]) {
        if cluster.compares() {
            return None;
        }
        let message = format!(
            "the policy `{name}` is not checked: it is about changes, and there is no version to compare with"
        );
        return Some(guard.told(
            Severity::Note,
            message,
            "name a version before with `--base`",
        ));
    }
    let message = format!(
        "the policy `{name}` is not checked: it is about connections, which only a cluster sees"
    );
    Some(guard.told(Severity::Note, message, "test it with `tympan policy test`"))
}

/// Tells that the params of a binding cannot be found.
fn missing<'a>(guard: &Guard<'a>, of: &Use<'a>) -> Option<Found<'a>> {
    let super::params::Params::Missing(missing) = &of.params else {
        return None;
    };
    let name = cut(guard.policy.name, LONGEST_NAME);
    let what = &missing.what;
    let (severity, message) = if missing.maybe {
        let message = format!("the policy `{name}` is not checked: {what}");
        (Severity::Note, message)
    } else if missing.needed && guard.policy.fails {
        let message = format!(
            "{what}: without params the policy `{name}` refuses every object that it is about"
        );
        (Severity::Error, message)
    } else {
        let message = format!("{what}: without params the policy `{name}` does nothing");
        (Severity::Warning, message)
    };
    let fault = Fault::of(rule(&guard.policy), severity, missing.node, message);
    Some(Found::new(of.index, fault.help(missing.help)))
}

/// Tells that a binding takes params from the namespaces of objects, and some have none.
fn lacking<'a>(
    guard: &Guard<'a>,
    of: &Use<'a>,
    here: bool,
    lacks: &Lacks<'_>,
) -> Option<Found<'a>> {
    let reference = of.binding.param_ref.as_ref()?;
    let kind = guard.policy.param_kind.map_or("", |kind| kind.kind);
    let (namespace, Objects { first: object, .. }) =
        lacks.iter().min_by_key(|(_, objects)| objects.at)?;
    let message = if here {
        let more = match lacks.len() {
            0 | 1 => String::new(),
            all => format!(", nor in {} more", all - 1),
        };
        let namespace = namespace.unwrap_or_default();
        let named = match reference.name {
            "" => format!("`{kind}` that the selector finds"),
            name => format!("`{kind}` `{name}`"),
        };
        format!(
            "there is no {named} in the namespace `{namespace}`{more}: without params the policy refuses `{object}`"
        )
    } else {
        format!("the binding takes params from an object's namespace, and `{object}` lives in none")
    };
    let fault = Fault::of(
        rule(&guard.policy),
        Severity::Error,
        reference.node,
        message,
    );
    let help = if here {
        "add the params to each namespace, or set `parameterNotFoundAction: Allow`"
    } else {
        "set `paramRef.namespace`, or leave objects that live in no namespace out with `scope: Namespaced`"
    };
    Some(Found::new(of.index, fault.help(help)))
}

fn not_decided<'a>(guard: &Guard<'a>, what: &str, objects: &Objects) -> Found<'a> {
    let Objects {
        first: object,
        count,
        ..
    } = objects;
    let name = cut(guard.policy.name, LONGEST_NAME);
    let more = match count {
        0 | 1 => String::new(),
        all => format!(" and {} more", all - 1),
    };
    let message = format!(
        "the policy `{name}` is not decided for `{object}`{more}: {what} is known in a cluster only"
    );
    let help = if what == UNKNOWN_PARAMS {
        "add the object that the policy takes its params from to the objects"
    } else if what.contains("namespace") {
        "add the Namespace to the objects"
    } else {
        "ask the cluster, with `kubectl apply --dry-run=server`"
    };
    guard.told(Severity::Note, message, help)
}
