//! The namespaces that a selector chooses, as far as the objects show.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::rc::Rc;

use super::super::references::References;
use super::super::selection::Chosen;
use super::Extent;
use crate::cluster::{Cluster, DEFAULT_NAMESPACE, Index, LabelIndex, Selector};

/// The label that every namespace has: its name.
pub(super) const NAME: &str = "kubernetes.io/metadata.name";

/// How many labels of namespaces are asked in one run.
const STEPS: usize = 1 << 24;

/// Which namespaces a selector chooses.
pub(super) enum Which<'a> {
    /// These and no others.
    These(Vec<&'a str>),
    /// One that is not among the objects.
    Absent(&'a str),
    /// That cannot be told.
    Unknown,
    /// That is too much work.
    TooMuch,
}

/// The namespaces of a cluster.
pub(super) struct Namespaces<'a> {
    /// Those that are among the objects themselves.
    objects: BTreeMap<&'a str, Index>,
    names: Vec<&'a str>,
    /// The same by their labels.
    index: LabelIndex<'a>,
    /// Those that hold something.
    used: HashSet<&'a str>,
    /// What peers select in other namespaces: by the selector of namespaces, that of pods, and what is wanted.
    pub(super) peers: HashMap<(Selector<'a>, Selector<'a>, Extent), Vec<Rc<Chosen<'a>>>>,
    steps: usize,
}

impl<'a> Namespaces<'a> {
    pub(super) fn new(cluster: &Cluster<'a>) -> Self {
        let objects = cluster.of_kind("", "Namespace").iter();
        let objects: BTreeMap<&str, Index> = objects
            .filter_map(|index| Some((&*cluster.get(*index)?.id.name, *index)))
            .collect();
        let labels = objects.keys().map(|name| {
            let labels = cluster.namespace_labels(name).unwrap_or_default();
            ("", labels)
        });
        Self {
            index: LabelIndex::new(labels),
            used: cluster
                .objects()
                .map(|(index, _)| cluster.namespace(index))
                .collect(),
            names: objects.keys().copied().collect(),
            objects,
            peers: HashMap::new(),
            steps: STEPS,
        }
    }

    /// Returns the namespaces that a selector chooses. Of those that are not among the objects no label is known but the
    /// name.
    pub(super) fn which(&mut self, selector: &Selector<'a>) -> Which<'a> {
        let Some(chosen) = self.index.chosen("", selector, &mut self.steps) else {
            return Which::TooMuch;
        };
        let chosen = chosen.into_iter();
        let chosen: Vec<&str> = chosen
            .filter_map(|number| self.names.get(number as usize).copied())
            .collect();
        let Some((_, names)) = selector.values().find(|(key, _)| *key == NAME) else {
            return if chosen.is_empty() || selector.is_empty() {
                Which::Unknown
            } else {
                Which::These(chosen)
            };
        };
        let mut absent = names
            .iter()
            .filter(|name| !self.objects.contains_key(*name))
            .peekable();
        if absent.peek().is_none() {
            return Which::These(chosen);
        }
        if selector.keys().any(|key| key != NAME) {
            return Which::Unknown;
        }
        match absent.find(|name| !self.used.contains(*name)) {
            Some(name) => Which::Absent(name),
            None => Which::These(names.to_vec()),
        }
    }

    /// Returns the namespace that may be meant by one that is not among the objects.
    pub(super) fn near(
        &self,
        references: &mut References<'_, 'a>,
        name: &str,
    ) -> Option<(&'a str, Index)> {
        let settings = references.cluster.settings();
        let mut controllers = settings.network.ingress_controllers.iter();
        let mut external = settings.external.iter();
        let elsewhere = name == DEFAULT_NAMESPACE
            || name.starts_with("kube-")
            || controllers.any(|one| one.namespace == name)
            || external.any(|one| one.namespace.as_deref() == Some(name))
            || references.cluster.is_external("Namespace", "", name);
        if elsewhere || !settings.whole {
            return None;
        }
        let near = references.nearest(name, &self.names)?;
        // `team-a` and `team-b` are two that are meant.
        let differ = near
            .chars()
            .zip(name.chars())
            .filter(|(a, b)| a != b)
            .count();
        let siblings = near.chars().count() == name.chars().count() && differ == 1;
        if siblings {
            return None;
        }
        Some((near, *self.objects.get(near)?))
    }
}
