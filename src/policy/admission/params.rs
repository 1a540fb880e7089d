//! What a policy takes for params: the objects that a binding names or selects
//! (`apiserver/pkg/admission/plugin/policy/generic`, `CollectParams`).

use std::collections::BTreeMap;

use super::binding::{Binding, ParamRef};
use super::policy::{ParamKind, Policy};
use super::request::{Kinds, Request};
use crate::cluster::{Cluster, Index, Labels};
use crate::manifest::{Scope, group};
use crate::yaml::Node;

const ADD: &str =
    "add the object that the policy takes its params from, or name the right one in `paramRef`";
const CHOOSE: &str = "keep one of them beside the policy: name the policy's file and the folder of the params that are meant with `--policies` each; or write a binding whose `paramRef` names them";

/// The params of a policy as a binding has them.
#[derive(Debug)]
pub(super) enum Params<'a> {
    /// The policy takes none, or the binding names none: `params` is null.
    Null,
    /// Those for every object.
    Fixed(Vec<Node<'a>>),
    /// Those for objects of each namespace, from the namespace itself.
    Own {
        by_namespace: BTreeMap<&'a str, Vec<Node<'a>>>,
        /// Whether it is an error that there are none.
        needed: bool,
    },
    /// They cannot be found.
    Missing(Missing<'a>),
}

/// Why params cannot be found.
#[derive(Clone, Debug)]
pub(super) struct Missing<'a> {
    /// Where the binding says where they are.
    pub(super) node: Node<'a>,
    /// What is missing, as messages tell it.
    pub(super) what: String,
    /// What to do about it.
    pub(super) help: &'static str,
    /// Whether they may be there all the same, but are not among the objects.
    pub(super) maybe: bool,
    /// Whether the binding refuses everything without them; or else the policy does nothing.
    pub(super) needed: bool,
}

/// What the params for a request are.
#[derive(Debug)]
pub(super) enum For<'s, 'a> {
    /// `params` is null.
    Null,
    /// Each of these, all of which must let the request pass.
    Each(&'s [Node<'a>]),
    /// There are none, and none are needed.
    Nothing,
    /// There are none in the object's namespace, and the binding refuses that.
    NoneHere,
    /// They are in the object's namespace, and the object lives in none.
    NoNamespace,
}

impl<'a> Params<'a> {
    /// Looks for the params of a policy where a binding says that they are.
    pub(super) fn find(
        policy: &Policy<'a>,
        binding: &Binding<'a>,
        cluster: &Cluster<'a>,
        kinds: Kinds<'_>,
    ) -> Self {
        let (Some(kind), Some(of)) = (policy.param_kind, &binding.param_ref) else {
            return Self::Null;
        };
        let found = Candidates::of(kind, cluster, kinds);
        if found.scope == Scope::Cluster && !of.namespace.is_empty() {
            let what = format!(
                "the binding names a namespace for params of the kind `{}`, which lives in none",
                kind.kind
            );
            return Self::Missing(Missing {
                node: of.node.get("namespace").unwrap_or(of.node),
                what,
                help: ADD,
                maybe: false,
                needed: true,
            });
        }
        let open = found.cannot_choose(kind, of, policy);
        let own = found.scope == Scope::Namespaced && of.namespace.is_empty();
        if own && found.any && open.is_none() {
            return Self::Own {
                by_namespace: found.by_namespace(of),
                needed: of.needed,
            };
        }
        let namespace = if found.scope == Scope::Cluster {
            ""
        } else {
            of.namespace
        };
        let params = found.in_namespace(of, namespace);
        if !params.is_empty() {
            return Self::Fixed(params);
        }
        let settings = cluster.settings();
        let external = cluster.is_external(kind.kind, namespace, of.name);
        let maybe = external || !settings.whole;
        let (what, help) = match open.filter(|_| !external) {
            Some(what) => (what, CHOOSE),
            None if maybe => {
                let what = missing(kind, of, own, namespace);
                (format!("{what} among the objects"), ADD)
            }
            None => (missing(kind, of, own, namespace), ADD),
        };
        Self::Missing(Missing {
            node: of.node.get("name").unwrap_or(of.node),
            what,
            help,
            maybe,
            needed: of.needed,
        })
    }

    /// Returns the params for a request.
    pub(super) fn of(&self, request: &Request<'_>) -> For<'_, 'a> {
        match self {
            Self::Null => For::Null,
            Self::Fixed(params) => For::Each(params),
            Self::Missing(_) => For::Nothing,
            Self::Own { .. } if request.namespace.is_empty() => For::NoNamespace,
            Self::Own {
                by_namespace,
                needed,
            } => match by_namespace.get(request.namespace) {
                Some(params) if !params.is_empty() => For::Each(params),
                _ if *needed => For::NoneHere,
                _ => For::Nothing,
            },
        }
    }
}

fn missing(kind: ParamKind<'_>, of: &ParamRef<'_>, own: bool, namespace: &str) -> String {
    let kind = kind.kind;
    let place = match namespace {
        "" => String::new(),
        namespace => format!(" in the namespace `{namespace}`"),
    };
    match of.name {
        _ if own => format!("there is no `{kind}` at all"),
        "" => format!("the selector finds no `{kind}`{place}"),
        name => format!("there is no `{kind}` `{name}`{place}"),
    }
}

/// The objects of a kind, by namespace and name.
struct Candidates<'a> {
    objects: BTreeMap<(&'a str, &'a str), Node<'a>>,
    scope: Scope,
    any: bool,
    /// How many stand beside the policy, those of one name counted each.
    beside: usize,
}

impl<'a> Candidates<'a> {
    fn of(kind: ParamKind<'a>, cluster: &Cluster<'a>, kinds: Kinds<'_>) -> Self {
        let group = group(kind.api_version);
        let listed = cluster
            .policies()
            .filter(|(_, object)| object.group() == group && object.id.kind == kind.kind);
        let listed: Vec<Index> = listed.map(|(index, _)| index).collect();
        let beside = listed.len();
        let rendered = cluster.of_kind(group, kind.kind).iter().copied();
        let mut objects = BTreeMap::new();
        // What is given for the purpose wins over what is there.
        for index in listed.into_iter().chain(rendered) {
            if let Some(object) = cluster.get(index) {
                let key = (cluster.namespace(index), object.id.name.as_str());
                objects.entry(key).or_insert(object.root());
            }
        }
        // A kind that nobody defines lives where its objects say.
        let says = |node: &Node<'_>| node.path(&["metadata", "namespace"]).is_some();
        let assumed = if objects.values().any(says) {
            Scope::Namespaced
        } else {
            Scope::Cluster
        };
        let scope = kinds
            .scope_of(kind.api_version, kind.kind)
            .unwrap_or(assumed);
        if scope == Scope::Cluster {
            let nowhere = objects
                .into_iter()
                .map(|((_, name), node)| (("", name), node));
            objects = nowhere.collect();
        }
        Self {
            any: !objects.is_empty(),
            objects,
            scope,
            beside,
        }
    }

    /// Says why a policy without a binding of its own takes none: several stand beside it, none of its name.
    fn cannot_choose(
        &self,
        kind: ParamKind<'_>,
        of: &ParamRef<'_>,
        policy: &Policy<'_>,
    ) -> Option<String> {
        let (kind, count) = (kind.kind, self.beside);
        let names = || self.objects.keys().map(|(_, name)| *name);
        if count < 2 || of.name != policy.name || names().any(|name| name == of.name) {
            return None;
        }
        let first = names().next()?;
        let (which, why) = if names().all(|name| name == first) {
            (format!(" `{first}`"), "")
        } else {
            (String::new(), ", none of the policy's name")
        };
        Some(format!(
            "there are {count} `{kind}`{which}{why}, and which is meant cannot be told"
        ))
    }

    fn is_meant(of: &ParamRef<'_>, name: &str, node: Node<'_>) -> bool {
        match &of.selector {
            Some(selector) if of.name.is_empty() => {
                selector.matches(&Labels::of(node.path(&["metadata", "labels"])))
            }
            _ => name == of.name,
        }
    }

    fn in_namespace(&self, of: &ParamRef<'_>, namespace: &str) -> Vec<Node<'a>> {
        let objects = self.objects.iter();
        let meant = objects
            .filter(|((own, name), node)| *own == namespace && Self::is_meant(of, name, **node));
        meant.map(|(_, node)| *node).collect()
    }

    fn by_namespace(&self, of: &ParamRef<'_>) -> BTreeMap<&'a str, Vec<Node<'a>>> {
        let mut all: BTreeMap<&'a str, Vec<Node<'a>>> = BTreeMap::new();
        for ((namespace, name), node) in &self.objects {
            if Self::is_meant(of, name, *node) {
                all.entry(namespace).or_default().push(*node);
            }
        }
        all
    }
}
