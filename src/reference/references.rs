//! What the checks share: whether what an object names is there, and how to say that it is not.

use std::cell::OnceCell;
use std::collections::HashMap;
use std::rc::Rc;

use super::made::{Keys, Made, keys_of};
use super::names::Names;
use super::rules;
use super::selection::Selections;
use super::unseen::{Unseen, is_built_in};
use crate::cluster::{Cluster, Found, Index};
use crate::finding::{Severity, did_you_mean, nearest};
use crate::manifest::Fault;
use crate::yaml::Node;

/// How many letters are compared with how many others for "did you mean" in one run: finding a near name takes a look at
/// all of its kind.
const COMPARISONS: usize = 1 << 25;

/// An object that another one names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Target<'a> {
    /// The API group: empty for the core group.
    pub(super) group: &'a str,
    /// The kind.
    pub(super) kind: &'a str,
    /// The namespace: empty for cluster-scoped objects.
    pub(super) namespace: &'a str,
    /// The name.
    pub(super) name: &'a str,
}

impl<'a> Target<'a> {
    /// Names an object of a namespace in the core group.
    pub(super) fn core(kind: &'a str, namespace: &'a str, name: &'a str) -> Self {
        Self {
            group: "",
            kind,
            namespace,
            name,
        }
    }
}

/// Whether an object that is named is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Standing {
    /// It is among the objects.
    Object(Index),
    /// An object makes it.
    Made(Index),
    /// It comes from elsewhere: the cluster has it, `tympan.yaml` declares it, or something that is not known may make
    /// it.
    Elsewhere,
    /// It is not there.
    Missing,
}

/// The keys of a ConfigMap or Secret.
#[derive(Debug)]
pub(super) struct KnownKeys<'a> {
    /// What has or makes it.
    pub(super) owner: Index,
    /// The keys, sorted.
    pub(super) all: Vec<&'a str>,
}

impl<'a> KnownKeys<'a> {
    /// Takes keys, or paths.
    pub(super) fn new(owner: Index, mut all: Vec<&'a str>) -> Self {
        all.sort_unstable();
        all.dedup();
        Self { owner, all }
    }

    /// Tells whether there is a file of that path, or a folder.
    pub(super) fn has_path(&self, path: &str) -> bool {
        let folder = format!("{path}/");
        let next = self.all.partition_point(|file| *file < folder.as_str());
        let inside = self.all.get(next);
        self.all.binary_search(&path).is_ok()
            || inside.is_some_and(|file| file.starts_with(&folder))
    }
}

/// The references of a cluster's objects, while they are looked at.
#[derive(Debug)]
pub(super) struct References<'c, 'a> {
    /// The objects.
    pub(super) cluster: &'c Cluster<'a>,
    made: Made<'a>,
    keys: HashMap<Target<'a>, Option<Rc<KnownKeys<'a>>>>,
    unseen: OnceCell<Unseen<'a>>,
    pub(super) selections: Selections<'a>,
    named: Vec<bool>,
    names: OnceCell<Names<'a>>,
    comparisons: usize,
    found: Vec<Found<'a>>,
}

impl<'c, 'a> References<'c, 'a> {
    /// Gets ready to look at a cluster.
    pub(super) fn new(cluster: &'c Cluster<'a>) -> Self {
        Self {
            cluster,
            made: Made::new(cluster),
            keys: HashMap::new(),
            unseen: OnceCell::new(),
            selections: Selections::default(),
            named: vec![false; cluster.len()],
            names: OnceCell::new(),
            comparisons: COMPARISONS,
            found: Vec::new(),
        }
    }

    /// Returns what was found.
    pub(super) fn into_found(mut self) -> Vec<Found<'a>> {
        self.found.extend(self.undecided());
        self.found
    }

    /// Adds what is seen from the objects together. Plain manifests may be a part of a whole, and then the mistake may
    /// be none.
    pub(super) fn push(&mut self, mut found: Found<'a>) {
        if !self.cluster.settings().whole {
            found.fault.severity = found.fault.severity.min(Severity::Warning);
        }
        self.found.push(found);
    }

    /// Marks an object as used by another one.
    pub(super) fn mark(&mut self, index: Index) {
        if let Some(named) = self.named.get_mut(index) {
            *named = true;
        }
    }

    /// Tells whether an object was named by another one.
    pub(super) fn is_named(&self, index: Index) -> bool {
        self.named.get(index).copied().unwrap_or_default()
    }

    /// Finds what the object `from` names, and marks it as used.
    pub(super) fn find(&mut self, from: Index, target: Target<'a>) -> Standing {
        let Target {
            group,
            kind,
            namespace,
            name,
        } = target;
        let object = self.cluster.find(group, kind, namespace, name);
        if let Some(index) = object.or_else(|| self.perhaps(from, target)) {
            self.mark(index);
            return Standing::Object(index);
        }
        if let Some(made) = self.made.get(target) {
            let maker = made.maker;
            self.mark(maker);
            return Standing::Made(maker);
        }
        let elsewhere = is_built_in(target)
            || self.cluster.is_external(kind, namespace, name)
            || self.unseen().may_make(target)
            || (!namespace.is_empty() && self.foreign().installs_into(namespace));
        if elsewhere {
            Standing::Elsewhere
        } else {
            Standing::Missing
        }
    }

    /// Returns what may be there though no object shows it.
    pub(super) fn unseen(&self) -> &Unseen<'a> {
        self.unseen.get_or_init(|| Unseen::new(self.cluster))
    }

    /// Finds what an object needs; where it is not there this is said of `node`, which names it. Secrets are seldom kept
    /// with plain manifests, and what is of the cluster or another namespace may well be elsewhere.
    pub(super) fn need(&mut self, from: Index, node: Node<'a>, target: Target<'a>) -> Standing {
        if target.kind == "Secret" || target.namespace != self.cluster.namespace(from) {
            return self.need_here(from, node, target);
        }
        let standing = self.find(from, target);
        if standing == Standing::Missing {
            self.missing(from, node, target);
        }
        standing
    }

    /// Tells whether two objects are the same one, such as that of two environments.
    pub(super) fn are_one(&self, a: Index, b: Index) -> bool {
        let id = |index| {
            let object = self.cluster.get(index)?;
            Some((object.group(), &object.id.kind, &object.id.name))
        };
        self.cluster.namespace(a) == self.cluster.namespace(b) && id(a) == id(b)
    }

    /// Finds what an object needs, like [`References::need`]. Of plain manifests that hold nothing of its kind it is not
    /// said to be missing: what they are a part of may have it.
    pub(super) fn need_here(
        &mut self,
        from: Index,
        node: Node<'a>,
        target: Target<'a>,
    ) -> Standing {
        self.need_as(from, node, target, Severity::Error)
    }

    /// Finds what an object needs, like [`References::need_here`], where its lack is of another severity.
    pub(super) fn need_as(
        &mut self,
        from: Index,
        node: Node<'a>,
        target: Target<'a>,
        severity: Severity,
    ) -> Standing {
        let standing = self.find(from, target);
        let told = self.cluster.settings().whole || self.names().are_kept(target);
        if standing == Standing::Missing && told {
            let mut found = self.lack(from, node, target);
            found.fault = found.fault.severity(severity);
            self.push(found);
        }
        standing
    }

    /// Finds the ConfigMap or Secret that an object needs, and the key; `name` and `key` are the nodes that name them.
    pub(super) fn need_key(
        &mut self,
        from: Index,
        name: Node<'a>,
        target: Target<'a>,
        key: Node<'a>,
    ) {
        let standing = self.need(from, name, target);
        if let Some(keys) = self.keys(standing, target) {
            self.need_one(from, key, target, &keys);
        }
    }

    /// Says that a key is not among those of a ConfigMap or Secret.
    pub(super) fn need_one(
        &mut self,
        from: Index,
        key: Node<'a>,
        target: Target<'a>,
        keys: &KnownKeys<'a>,
    ) {
        let Some(wanted) = key.as_str() else {
            return;
        };
        if keys.all.binary_search(&wanted).is_ok() {
            return;
        }
        let near = self.nearest(wanted, &keys.all);
        let message = format!(
            "the {} `{}` has no key `{wanted}`{}",
            target.kind,
            target.name,
            did_you_mean(near)
        );
        let owner = self.cluster.get(keys.owner).map(|object| &object.id);
        let help = match owner.filter(|owner| owner.kind != target.kind) {
            Some(owner) => format!(
                "correct the key, or add it to the {} `{}`, which makes the {}",
                owner.kind, owner.name, target.kind
            ),
            None => format!("correct the key, or add it to the {}", target.kind),
        };
        let fault = Fault::new(&rules::MISSING_KEY, key, message).help(help);
        let mut found = Found::new(from, fault);
        if let Some(node) = self.name_of(keys.owner) {
            found = found.related(keys.owner, node);
        }
        self.push(found);
    }

    /// Returns the keys of a ConfigMap or Secret that was found, where they are known.
    pub(super) fn keys(
        &mut self,
        standing: Standing,
        target: Target<'a>,
    ) -> Option<Rc<KnownKeys<'a>>> {
        if let Some(known) = self.keys.get(&target) {
            return known.clone();
        }
        let made = self.made.get(target).map(|made| made.keys.clone());
        let found = match standing {
            Standing::Object(owner) => {
                let own = self.cluster.get(owner).map(|object| keys_of(object.root()));
                // Others may add to it.
                own.map(|own| match made {
                    Some(made) => (owner, own.and(made)),
                    None => (owner, own),
                })
            }
            Standing::Made(maker) => made.map(|made| (maker, made)),
            Standing::Elsewhere | Standing::Missing => None,
        };
        let known = match found {
            Some((owner, Keys::Known(all))) => Some(Rc::new(KnownKeys::new(owner, all))),
            _ => None,
        };
        self.keys.insert(target, known.clone());
        known
    }

    /// Says that an object is not there.
    pub(super) fn missing(&mut self, from: Index, node: Node<'a>, target: Target<'a>) {
        let found = self.lack(from, node, target);
        self.push(found);
    }

    /// Returns what is to be said of an object that is not there.
    pub(super) fn lack(&mut self, from: Index, node: Node<'a>, target: Target<'a>) -> Found<'a> {
        let Target {
            kind,
            namespace,
            name,
            ..
        } = target;
        let near = self.near(target);
        if let Some((_, index)) = &near {
            // It is likely meant, and so not one that nothing uses.
            self.mark(*index);
        }
        let place = match namespace {
            "" => String::new(),
            namespace => format!(" of namespace `{namespace}`"),
        };
        let message = format!(
            "the {kind} `{name}` is not among the objects{place}{}",
            did_you_mean(near.as_ref().map(|(name, _)| &**name))
        );
        let elsewhere = self.elsewhere(target);
        let fault = Fault::new(&rules::MISSING, node, message)
            .help(self.help(target, elsewhere.map(|index| self.cluster.namespace(index))));
        let found = Found::new(from, fault);
        match near.map(|(_, index)| index).or(elsewhere) {
            Some(other) => match self.name_of(other) {
                Some(node) => found.related(other, node),
                None => found,
            },
            None => found,
        }
    }

    /// Returns the name among some that is near, while comparisons are left.
    pub(super) fn nearest<'n>(&mut self, word: &str, names: &[&'n str]) -> Option<&'n str> {
        let names = names.iter().copied();
        compare(&mut self.comparisons, word, names.clone())?;
        nearest(word, names)
    }

    /// Returns the node of an object's name.
    pub(super) fn name_of(&self, index: Index) -> Option<Node<'a>> {
        self.cluster.get(index)?.root().path(&["metadata", "name"])
    }

    /// Returns the object of that kind in the same namespace, or what makes it, whose name is near.
    fn near(&mut self, target: Target<'a>) -> Option<(String, Index)> {
        let names = self
            .names
            .get_or_init(|| Names::new(self.cluster, &self.made));
        let here = names.of_place(target);
        let mut here = here.into_iter().flatten();
        let words = here.clone().map(|(name, _)| &**name);
        compare(&mut self.comparisons, target.name, words.clone())?;
        let near = nearest(target.name, words)?;
        let (name, index) = here.find(|(name, _)| name == near)?;
        Some((name.to_string(), *index))
    }

    fn names(&self) -> &Names<'a> {
        self.names
            .get_or_init(|| Names::new(self.cluster, &self.made))
    }

    /// Returns an object of that kind and name in another namespace.
    fn elsewhere(&self, target: Target<'a>) -> Option<Index> {
        let all = self.names().anywhere(target).first().copied();
        all.filter(|_| !target.namespace.is_empty())
    }

    /// Returns the object that may be meant among plain manifests that name no namespace: they are applied to one that
    /// is not known.
    fn perhaps(&self, from: Index, target: Target<'a>) -> Option<Index> {
        let named = |index: Index| {
            let object = self.cluster.get(index);
            object.is_some_and(|object| object.id.namespace.is_some())
        };
        if self.cluster.settings().whole || target.namespace.is_empty() {
            return None;
        }
        let mut all = self.names().anywhere(target).iter().copied();
        all.find(|index| !named(from) || !named(*index))
    }

    fn help(&self, target: Target<'a>, elsewhere: Option<&str>) -> String {
        let Target {
            kind,
            namespace,
            name,
            ..
        } = target;
        if let Some(elsewhere) = elsewhere {
            return format!(
                "there is one in namespace `{elsewhere}`, and this needs one in `{namespace}`"
            );
        }
        if !self.cluster.settings().whole {
            return "correct the name, or check the manifests together with those it is in".into();
        }
        let namespace = match namespace {
            "" => String::new(),
            namespace => format!("namespace: {namespace}, "),
        };
        format!(
            "correct the name or add the {kind}; where the cluster has it from elsewhere, declare it in `tympan.yaml`: \
             `external: [{{kind: {kind}, {namespace}name: {name}}}]`"
        )
    }
}

/// Takes what comparing a word with others costs from what is left; once there is too little, nothing is compared.
fn compare<'n>(
    left: &mut usize,
    word: &str,
    mut others: impl Iterator<Item = &'n str>,
) -> Option<()> {
    let rest = others.try_fold(*left, |left, other| {
        left.checked_sub((word.len() + 1) * (other.len() + 1))
    });
    *left = rest.unwrap_or_default();
    rest.map(|_| ())
}
