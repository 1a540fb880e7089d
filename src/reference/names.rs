//! The names there are, looked at once something is missing: the near ones, and those of other namespaces.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};

use super::made::{EVERYWHERE, Made};
use super::references::Target;
use crate::cluster::{Cluster, Index};

/// The kinds that make Secrets for TLS: whoever has them may keep other Secrets elsewhere.
const FOR_TLS: &[&str] = &["Certificate", "Gateway", "Ingress", "Issuer"];

/// Names with their objects, or with what makes them.
type Named<'a> = Vec<(Cow<'a, str>, Index)>;

/// The names of a cluster's objects, and of what they make.
#[derive(Debug)]
pub(super) struct Names<'a> {
    /// By group, kind and namespace.
    places: HashMap<(&'a str, &'a str, &'a str), Named<'a>>,
    /// Groups, kinds and namespaces of which there is something that was not made only for TLS.
    kept: HashSet<(&'a str, &'a str, &'a str)>,
    /// Objects by group, kind and name.
    anywhere: HashMap<(&'a str, &'a str, &'a str), Vec<Index>>,
}

impl<'a> Names<'a> {
    /// Looks through the objects of a cluster.
    pub(super) fn new(cluster: &Cluster<'a>, made: &Made<'a>) -> Self {
        let mut places: HashMap<_, Named<'a>> = HashMap::new();
        let mut anywhere: HashMap<_, Vec<Index>> = HashMap::new();
        let mut kept = HashSet::new();
        for (index, object) in cluster.objects() {
            let (group, kind, name) = (object.group(), &*object.id.kind, &*object.id.name);
            let place = (group, kind, cluster.namespace(index));
            let named = places.entry(place).or_default();
            named.push((Cow::Borrowed(name), index));
            kept.insert(place);
            anywhere.entry((group, kind, name)).or_default().push(index);
        }
        for (kind, namespace, name, maker) in made.all() {
            let place = ("", kind, namespace);
            places.entry(place).or_default().push((name, maker));
            let maker = cluster.get(maker).map(|object| &*object.id.kind);
            if maker.is_some_and(|maker| !FOR_TLS.contains(&maker)) {
                kept.insert(place);
            }
        }
        Self {
            places,
            kept,
            anywhere,
        }
    }

    /// Returns the names of a kind in a namespace, and those that are made in all of them.
    pub(super) fn of_place(&self, target: Target<'a>) -> [&[(Cow<'a, str>, Index)]; 2] {
        [target.namespace, EVERYWHERE].map(|namespace| {
            let named = self.places.get(&(target.group, target.kind, namespace));
            named.map(Vec::as_slice).unwrap_or_default()
        })
    }

    /// Tells whether objects of a kind are kept with the others of a namespace.
    pub(super) fn are_kept(&self, target: Target<'a>) -> bool {
        [target.namespace, EVERYWHERE].iter().any(|namespace| {
            let place = (target.group, target.kind, *namespace);
            self.kept.contains(&place)
        })
    }

    /// Returns the objects of a kind and name in all namespaces.
    pub(super) fn anywhere(&self, target: Target<'a>) -> &[Index] {
        let name = (target.group, target.kind, target.name);
        let found = self.anywhere.get(&name);
        found.map(Vec::as_slice).unwrap_or_default()
    }
}
