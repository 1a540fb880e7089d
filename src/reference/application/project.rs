//! Argo CD's projects: which repositories, destinations and kinds they allow.

use std::collections::{BTreeMap, HashMap, HashSet};

use super::super::fields::{items, text};
use super::super::references::References;
use super::super::repository::normal;
use super::super::rules;
use super::contents::Contents;
use super::glob::{Star, matches};
use super::{Application, GROUP};
use crate::cluster::{Cluster, Found, Index};
use crate::manifest::Fault;
use crate::yaml::Node;

/// The name and the address of the cluster that Argo CD runs in.
pub(super) const IN_CLUSTER: &str = "in-cluster";
pub(super) const SERVER: &str = "https://kubernetes.default.svc";

/// What a project says.
#[derive(Clone, Copy, Debug)]
pub(super) enum Verdict<'a> {
    /// It allows it, or that cannot be told.
    Allowed,
    /// It does not, because of an entry, or because none allows it.
    Refused(Option<Node<'a>>),
}

/// Where an Application's objects go to.
#[derive(Clone, Copy, Debug)]
pub(super) struct Destination<'s> {
    /// The address of the cluster.
    pub(super) server: Option<&'s str>,
    /// Its name.
    pub(super) name: Option<&'s str>,
    /// The namespace.
    pub(super) namespace: Option<&'s str>,
}

/// The projects of a cluster.
pub(super) struct Projects<'a> {
    specs: HashMap<Index, Node<'a>>,
    namespaces: HashSet<&'a str>,
    extended: bool,
}

impl<'a> Projects<'a> {
    pub(super) fn new(cluster: &Cluster<'a>) -> Self {
        let all = cluster.of_kind(GROUP, "AppProject");
        // Global projects add to what each allows.
        let settings = cluster.of_kind("", "ConfigMap").iter();
        let extended = settings
            .filter_map(|index| cluster.get(*index))
            .filter(|object| object.id.name == "argocd-cm")
            .any(|object| object.root().path(&["data", "globalProjects"]).is_some());
        Self {
            specs: all
                .iter()
                .filter_map(|index| Some((*index, cluster.get(*index)?.root().get("spec")?)))
                .collect(),
            namespaces: all.iter().map(|index| cluster.namespace(*index)).collect(),
            extended,
        }
    }

    /// Tells whether projects allow more than they say.
    pub(super) fn are_extended(&self) -> bool {
        self.extended
    }

    /// Returns the namespace of the projects of Applications in a namespace: that of Argo CD.
    pub(super) fn namespace(&self, own: &'a str) -> &'a str {
        let mut others = self.namespaces.iter();
        match (self.namespaces.contains(own), others.next(), others.next()) {
            (false, Some(only), None) => only,
            _ => own,
        }
    }

    /// Tells whether a project allows a repository.
    pub(super) fn source(
        &self,
        references: &mut References<'_, 'a>,
        project: Index,
        url: &str,
    ) -> Verdict<'a> {
        let url = normal(url);
        let Some(spec) = self.specs.get(&project) else {
            return Verdict::Allowed;
        };
        let mut allowed = false;
        for item in items(*spec, "sourceRepos") {
            let Some(pattern) = item.as_str() else {
                continue;
            };
            let (pattern, refuses) = match pattern.strip_prefix('!') {
                Some(rest) => (rest, true),
                None => (pattern, false),
            };
            match (
                matches(references, &normal(pattern), &url, Star::OnePart),
                refuses,
            ) {
                (None, _) => return Verdict::Allowed,
                (Some(true), true) => return Verdict::Refused(Some(item)),
                // What only refuses others lets this one pass.
                (Some(true), false) | (Some(false), true) => allowed = true,
                (Some(false), false) => {}
            }
        }
        if allowed {
            Verdict::Allowed
        } else {
            Verdict::Refused(None)
        }
    }

    /// Tells whether a project allows a destination.
    pub(super) fn destination(
        &self,
        references: &mut References<'_, 'a>,
        project: Index,
        destination: Destination<'_>,
    ) -> Verdict<'a> {
        let Some(spec) = self.specs.get(&project) else {
            return Verdict::Allowed;
        };
        let Destination {
            server,
            name,
            namespace,
        } = destination;
        let server = server.or(name.filter(|name| *name == IN_CLUSTER).map(|_| SERVER));
        let name = name.or(server
            .filter(|server| *server == SERVER)
            .map(|_| IN_CLUSTER));
        let mut allowed = false;
        for item in items(*spec, "destinations") {
            let mut own = |field, value: Option<&str>| part(references, text(item, field), value);
            // An empty namespace is a text like others; a cluster that is not named is not known.
            let clusters = [own("server", server), own("name", name)];
            let in_namespace = part(
                references,
                Some(text(item, "namespace").unwrap_or_default()),
                Some(namespace.unwrap_or_default()),
            );
            if clusters.contains(&Part::Denied) || in_namespace == Part::Denied {
                return Verdict::Refused(Some(item));
            }
            let cluster = clusters.into_iter().max().unwrap_or(Part::No);
            match cluster.min(in_namespace) {
                Part::Unknown => return Verdict::Allowed,
                Part::Yes => allowed = true,
                Part::No | Part::Denied => {}
            }
        }
        if allowed {
            Verdict::Allowed
        } else {
            Verdict::Refused(None)
        }
    }

    /// Checks that a project allows the kinds of an Application's objects, and the namespaces that they go to.
    pub(super) fn contents(
        &self,
        references: &mut References<'_, 'a>,
        application: &Application<'a>,
        project: Index,
        contents: &Contents<'a>,
    ) {
        let Some(spec) = self.specs.get(&project).filter(|_| !self.extended) else {
            return;
        };
        if !references.may_step(contents.objects.len()) {
            return;
        }
        let cluster = references.cluster;
        let mut kinds: BTreeMap<(&str, &str, &str), Index> = BTreeMap::new();
        let mut namespaces: BTreeMap<&str, Index> = BTreeMap::new();
        for index in contents.objects.iter() {
            if let Some(object) = cluster.get(*index) {
                let namespace = cluster.namespace(*index);
                // Whoever allows some objects of a cluster-scoped kind only names them.
                let name = if namespace.is_empty() {
                    object.id.name.as_str()
                } else {
                    ""
                };
                let kind = (object.group(), &*object.id.kind, name);
                kinds.entry(kind).or_insert(*index);
                namespaces.entry(namespace).or_insert(*index);
            }
        }
        let mut refused: BTreeMap<&'static str, Vec<Refusal>> = BTreeMap::new();
        for ((group, kind, name), index) in kinds {
            if let Some(list) = refusing(references, *spec, (group, kind, name)) {
                let group = match group {
                    "" => "the core group".to_owned(),
                    group => format!("`{group}`"),
                };
                let what = format!("the kind `{kind}` of {group}");
                refused.entry(list).or_default().push((index, what));
            }
        }
        let own = application.destination();
        namespaces.remove("");
        for (namespace, index) in namespaces {
            let destination = Destination {
                namespace: Some(namespace),
                ..own
            };
            if Some(namespace) == own.namespace {
                continue;
            }
            if let Verdict::Refused(_) = self.destination(references, project, destination) {
                let what = format!("the namespace `{namespace}`");
                refused
                    .entry("destinations")
                    .or_default()
                    .push((index, what));
            }
        }
        for (list, refusals) in refused {
            tell(references, application, project, (list, &refusals));
        }
    }
}

/// An object that a project does not allow, and what about it.
type Refusal = (Index, String);

/// Whether a part of a destination is what an entry says, from least to most.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Part {
    Denied,
    No,
    Unknown,
    Yes,
}

fn part(references: &mut References<'_, '_>, pattern: Option<&str>, value: Option<&str>) -> Part {
    let Some(pattern) = pattern else {
        return Part::No;
    };
    let Some(value) = value else {
        return match pattern {
            "*" => Part::Yes,
            _ => Part::Unknown,
        };
    };
    let (pattern, denies) = match pattern.strip_prefix('!') {
        Some(rest) => (rest, true),
        None => (pattern, false),
    };
    match (
        matches(references, pattern, value, Star::Everything),
        denies,
    ) {
        (None, _) => Part::Unknown,
        (Some(true), true) => Part::Denied,
        (Some(true), false) | (Some(false), true) => Part::Yes,
        (Some(false), false) => Part::No,
    }
}

/// Returns the list of a project because of which it does not allow a kind; `name` is that of a cluster-scoped object,
/// and empty for one of a namespace.
fn refusing(
    references: &mut References<'_, '_>,
    spec: Node<'_>,
    (group, kind, name): (&str, &str, &str),
) -> Option<&'static str> {
    let (white, black) = if name.is_empty() {
        ("namespaceResourceWhitelist", "namespaceResourceBlacklist")
    } else {
        ("clusterResourceWhitelist", "clusterResourceBlacklist")
    };
    // A pattern that is not understood allows and does not refuse.
    let mut has = |list, otherwise| {
        items(spec, list).any(|item| {
            let mut fits = |field, value: &str| match text(item, field) {
                Some(pattern) => {
                    let fits = matches(references, pattern, value, Star::OnePart);
                    fits.unwrap_or(otherwise)
                }
                None => value.is_empty() || field == "name",
            };
            fits("group", group) && fits("kind", kind) && fits("name", name)
        })
    };
    // A list of kinds of namespaces that is empty allows all, as one that is not there.
    let open = name.is_empty() && items(spec, white).next().is_none();
    if has(black, false) {
        Some(black)
    } else if !open && !has(white, true) {
        Some(white)
    } else {
        None
    }
}

/// Says that a project does not allow what an Application holds; the list is where to mend it.
fn tell<'a>(
    references: &mut References<'_, 'a>,
    application: &Application<'a>,
    project: Index,
    (list, refusals): (&'static str, &[Refusal]),
) {
    let cluster = references.cluster;
    let Some((object, what)) = refusals.first() else {
        return;
    };
    let (Some(owner), Some(own), Some(resource)) = (
        cluster.get(application.index),
        cluster.get(project),
        cluster.get(*object),
    ) else {
        return;
    };
    let more = match refusals.len() - 1 {
        0 => String::new(),
        more => format!(", nor {more} more"),
    };
    let message = format!(
        "the project does not allow {what}{more}, and the Application `{}` brings `{}/{}`",
        owner.id.name, resource.id.kind, resource.id.name
    );
    let help = if list.ends_with("Blacklist") {
        format!("take it out of `{list}`, or the object out of the folder")
    } else {
        format!("add it to `{list}`, or take the object out of the folder")
    };
    let spec = own.root().get("spec");
    let key = spec.and_then(|spec| spec.entry(list)).map(|(key, _)| key);
    let Some(node) = key.or(spec) else {
        return;
    };
    let fault = Fault::new(&rules::NOT_ALLOWED, node, message).help(help);
    let mut found = Found::new(project, fault);
    let name = references.name_of(application.index);
    for (index, place) in [
        (application.index, name),
        (*object, resource.root().get("kind")),
    ] {
        if let Some(place) = place {
            found = found.related(index, place);
        }
    }
    references.push(found);
}
