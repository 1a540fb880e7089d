//! What selectors choose: pods and Services by their labels; and what is said where that is nothing.

use std::cell::OnceCell;
use std::collections::{BTreeMap, HashMap, HashSet};
use std::rc::Rc;

use super::foreign::Foreign;
use super::port::Ports;
use super::references::References;
use super::rules;
use crate::cluster::{DEFAULT_NAMESPACE, Found, Index, LabelIndex, Labels, Selector};
use crate::finding::{Severity, did_you_mean};
use crate::manifest::Fault;
use crate::yaml::{Kind, Node};

/// How many labels are asked in one run: hostile selectors name no rare label, and then everything is asked.
const STEPS: usize = 1 << 25;
/// How many ports are kept in one run: hostile selectors choose many ports each in a way of its own.
const PORTS: usize = 1 << 21;
/// What looking up a selection counts for.
const LOOKUP: usize = 32;
/// How many selections are kept: all but those of hostile input.
const KEPT: usize = 1 << 17;
/// How many parts of a selector are tried to find the one that is to blame.
const PARTS: usize = 8;

/// Labels that pods get once they run: from Kubernetes' controllers, or from programs about their own pod.
const RUN_TIME: &[&str] = &[
    "apps.kubernetes.io/pod-index",
    "batch.kubernetes.io/controller-uid",
    "batch.kubernetes.io/job-completion-index",
    "batch.kubernetes.io/job-name",
    "controller-revision-hash",
    "controller-uid",
    "job-name",
    "pod-template-generation",
    "pod-template-hash",
    "rollouts-pod-template-hash",
    "statefulset.kubernetes.io/pod-name",
    "vault-active",
    "vault-initialized",
    "vault-perf-standby",
    "vault-sealed",
    "vault-version",
];

/// What is selected.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Things {
    /// Pods, by the labels of pod templates.
    Pods,
    /// Services, by their own labels.
    Services,
}

impl Things {
    fn word(self) -> &'static str {
        match self {
            Self::Pods => "pod",
            Self::Services => "Service",
        }
    }
}

/// What a selector chooses.
#[derive(Clone, Debug)]
pub(super) enum Selection<'a> {
    /// These; there may be more that are not among the objects.
    Chosen(Rc<Chosen<'a>>),
    /// Nothing: all that could be chosen is among the objects.
    Nothing,
    /// Nothing among the objects, but there may be others.
    Unknown,
}

/// What a selector chose, at least one.
#[derive(Debug)]
pub(super) struct Chosen<'a> {
    /// The places in the index.
    pub(super) things: Vec<u32>,
    /// Whether all that was asked is known before pods run.
    pub(super) certain: bool,
    ports: OnceCell<Ports<'a>>,
}

/// A selector, where it stands and what it selects.
#[derive(Clone, Copy, Debug)]
pub(super) struct Asked<'s, 'a> {
    /// What is selected.
    pub(super) things: Things,
    /// Where.
    pub(super) namespace: &'a str,
    /// The selector.
    pub(super) selector: &'s Selector<'a>,
}

/// What is looked through, in which namespace: the values of a label, or all labels.
type Place<'a> = (Things, &'a str, Option<&'a str>);

/// The selections of a run.
#[derive(Debug)]
pub(super) struct Selections<'a> {
    services: OnceCell<(LabelIndex<'a>, Vec<Index>)>,
    foreign: OnceCell<Foreign<'a>>,
    prefixes: OnceCell<[HashSet<&'a str>; 2]>,
    known: HashMap<(Things, &'a str, Selector<'a>), Selection<'a>>,
    /// The values of a label in a namespace, or its labels, with something that has each.
    words: HashMap<Place<'a>, Option<Rc<Words<'a>>>>,
    steps: usize,
    ports: usize,
    /// Whether something was left undecided, as it was too much work.
    spent: bool,
}

/// Words in order, each with something that has it.
#[derive(Debug)]
struct Words<'a> {
    words: Vec<&'a str>,
    things: Vec<u32>,
}

impl Default for Selections<'_> {
    fn default() -> Self {
        Self {
            services: OnceCell::new(),
            foreign: OnceCell::new(),
            prefixes: OnceCell::new(),
            known: HashMap::new(),
            words: HashMap::new(),
            steps: STEPS,
            ports: PORTS,
            spent: false,
        }
    }
}

impl<'a> References<'_, 'a> {
    /// Returns what a selector chooses in a namespace.
    pub(super) fn select(&mut self, asked: Asked<'_, 'a>) -> Selection<'a> {
        if !self.may_step(LOOKUP + asked.selector.size()) {
            return Selection::Unknown;
        }
        let key = (asked.things, asked.namespace, asked.selector.clone());
        if let Some(known) = self.selections.known.get(&key) {
            return known.clone();
        }
        let selection = self.select_anew(asked);
        if self.selections.known.len() < KEPT {
            self.selections.known.insert(key, selection.clone());
        }
        selection
    }

    fn select_anew(&mut self, asked: Asked<'_, 'a>) -> Selection<'a> {
        let index = self.index(asked.things);
        // What is not known before pods run is taken to be so.
        let settled = asked
            .selector
            .without(|key| is_run_time(key) && !index.has_key(asked.namespace, key));
        let certain = settled == *asked.selector;
        if settled.is_empty() && !certain {
            return Selection::Unknown;
        }
        let Some(things) = self.chosen(asked.things, asked.namespace, &settled) else {
            self.give_up();
            return Selection::Unknown;
        };
        if !things.is_empty() {
            return Selection::Chosen(Rc::new(Chosen {
                things,
                certain,
                ports: OnceCell::new(),
            }));
        }
        if is_api_server(asked)
            || self.holds_more(asked.things, asked.namespace)
            || asked
                .selector
                .keys()
                .any(|key| self.is_foreign(asked.things, key))
            || self.is_in_unnamed_namespace(asked.things, &settled)
        {
            return Selection::Unknown;
        }
        Selection::Nothing
    }

    /// Returns the ports that chosen pods declare.
    pub(super) fn ports<'s>(&mut self, chosen: &'s Chosen<'a>) -> &'s Ports<'a> {
        if chosen.ports.get().is_none() {
            let cluster = self.cluster;
            let pods = || {
                let pods = chosen.things.iter();
                pods.filter_map(|pod| cluster.pods().get(*pod as usize))
            };
            let work: usize = pods().map(Ports::work).sum();
            let left = self.selections.ports.checked_sub(work);
            let ports = if let Some(left) = left.filter(|_| self.may_step(work)) {
                self.selections.ports = left;
                Ports::of(cluster, pods())
            } else {
                self.give_up();
                Ports::unknown()
            };
            return chosen.ports.get_or_init(|| ports);
        }
        chosen.ports.get_or_init(Ports::unknown)
    }

    /// Returns the object of something that was chosen.
    pub(super) fn owner(&self, things: Things, thing: u32) -> Option<Index> {
        match things {
            Things::Pods => Some(self.cluster.pods().get(thing as usize)?.object),
            Things::Services => self.services().1.get(thing as usize).copied(),
        }
    }

    /// Returns the node of the labels by which something was chosen, or of its name.
    pub(super) fn labels_node(&self, things: Things, thing: u32) -> Option<Node<'a>> {
        let metadata = match things {
            Things::Pods => self.cluster.pods().get(thing as usize)?.metadata(),
            Things::Services => {
                let owner = self.owner(things, thing)?;
                self.cluster.get(owner)?.root().get("metadata")
            }
        };
        let labels = metadata.and_then(|metadata| metadata.entry("labels"));
        labels
            .map(|(key, _)| key)
            .or_else(|| self.name_of(self.owner(things, thing)?))
    }

    /// Says that a selector selects nothing. `node` is the selector, `what` has it.
    pub(super) fn nothing(
        &mut self,
        from: Index,
        what: &str,
        node: Node<'a>,
        asked: Asked<'_, 'a>,
    ) -> Found<'a> {
        self.nothing_in(from, what, node, asked, 0)
    }

    /// Says that a selector selects nothing in a namespace, nor in some more.
    pub(super) fn nothing_in(
        &mut self,
        from: Index,
        what: &str,
        node: Node<'a>,
        asked: Asked<'_, 'a>,
        more: usize,
    ) -> Found<'a> {
        let Asked {
            things,
            namespace,
            selector,
        } = asked;
        let word = things.word();
        let blame = self.blame(asked);
        let place = blame.as_ref().and_then(|blame| part(node, blame.key));
        let why = match &blame {
            Some(Blame { why, .. }) => why.clone(),
            None => format!("none matches `{selector}`"),
        };
        let more = match more {
            0 => String::new(),
            more => format!(", nor of {more} more"),
        };
        let message = format!("{what} selects no {word} of namespace `{namespace}`{more}: {why}");
        let help = if self.cluster.settings().whole {
            format!(
                "select by labels that a {word} has; {word}s that come from elsewhere are declared in `tympan.yaml`: \
                 `external: [{{kind: {}, namespace: {namespace}, name: \"*\"}}]`",
                if things == Things::Pods {
                    "Pod"
                } else {
                    "Service"
                }
            )
        } else {
            format!(
                "select by labels that a {word} has, or check the manifests together with those it is in"
            )
        };
        let fault = Fault::new(&rules::SELECTS_NOTHING, place.unwrap_or(node), message).help(help);
        let found = Found::new(from, fault);
        let near = blame.and_then(|blame| blame.near);
        match near
            .and_then(|near| Some((self.owner(things, near)?, self.labels_node(things, near)?)))
        {
            Some((owner, node)) => found.related(owner, node),
            None => found,
        }
    }

    /// Finds what is to blame for a selector that selects nothing.
    fn blame(&mut self, asked: Asked<'_, 'a>) -> Option<Blame<'a>> {
        let mut keys: Vec<&str> = asked.selector.keys().take(PARTS + 1).collect();
        keys.dedup();
        match keys.as_slice() {
            [key] => self.blame_alone(asked, key),
            keys if keys.len() <= PARTS => keys.iter().find_map(|key| self.blame_one(asked, key)),
            _ => None,
        }
    }

    /// Looks for a near value of the one label that is asked for, or for a near label.
    fn blame_alone(&mut self, asked: Asked<'_, 'a>, key: &'a str) -> Option<Blame<'a>> {
        let wanted = wanted(asked.selector, key);
        let has_key = self.index(asked.things).has_key(asked.namespace, key);
        let word = if has_key { wanted } else { Some(key) };
        let words = self.words(asked, has_key.then_some(key))?;
        let near = word.and_then(|word| self.nearest(word, &words.words));
        let place = near.and_then(|near| words.words.binary_search(&near).ok());
        let thing = place.and_then(|place| words.things.get(place)).copied();
        let meant = near.zip(thing).and_then(|(near, thing)| {
            let key = if has_key { key } else { near };
            let labels = self.index(asked.things).labels(thing)?;
            Some(format!("{key}={}", labels.get(key)?))
        });
        Some(Blame {
            key,
            near: thing,
            why: format!(
                "none matches `{}`{}",
                asked.selector,
                did_you_mean(meant.as_deref())
            ),
        })
    }

    /// Returns the values of a label in a namespace, or all labels in it.
    fn words(&mut self, asked: Asked<'_, 'a>, key: Option<&'a str>) -> Option<Rc<Words<'a>>> {
        let place = (asked.things, asked.namespace, key);
        if let Some(known) = self.selections.words.get(&place) {
            return known.clone();
        }
        let all = self.chosen(asked.things, asked.namespace, &Selector::default());
        let words = all.map(|all| {
            let index = self.index(asked.things);
            let mut words: BTreeMap<&str, u32> = BTreeMap::new();
            for thing in all {
                let labels = index.labels(thing).into_iter();
                for (label, value) in labels.flat_map(Labels::iter) {
                    match key {
                        None => words.entry(label).or_insert(thing),
                        Some(key) if key == label => words.entry(value).or_insert(thing),
                        Some(_) => continue,
                    };
                }
            }
            let (words, things) = words.into_iter().unzip();
            Rc::new(Words { words, things })
        });
        self.selections.words.insert(place, words.clone());
        words
    }

    /// Tells whether something matches all but what is asked of one label.
    fn blame_one(&mut self, asked: Asked<'_, 'a>, key: &'a str) -> Option<Blame<'a>> {
        let rest = asked.selector.without(|other| other == key);
        let one = asked.selector.without(|other| other != key);
        let fitting = self.chosen(asked.things, asked.namespace, &rest)?;
        let thing = *fitting.first()?;
        let owner = self.cluster.get(self.owner(asked.things, thing)?)?;
        let value = self.index(asked.things).labels(thing)?.get(key);
        let has = match value {
            Some(value) => format!("has `{key}={value}`"),
            None => format!("has no label `{key}`"),
        };
        let (kind, name) = (&owner.id.kind, &owner.id.name);
        Some(Blame {
            key,
            near: Some(thing),
            why: format!("`{kind}/{name}` matches all but `{one}`, it {has}"),
        })
    }

    fn chosen(
        &mut self,
        things: Things,
        namespace: &str,
        selector: &Selector<'_>,
    ) -> Option<Vec<u32>> {
        let mut steps = self.selections.steps;
        let chosen = self.index(things).chosen(namespace, selector, &mut steps);
        self.selections.steps = steps;
        chosen
    }

    /// Tells whether some more work may be done.
    pub(super) fn may_step(&mut self, steps: usize) -> bool {
        let left = self.selections.steps.checked_sub(steps);
        self.selections.steps = left.unwrap_or_default();
        if left.is_none() {
            self.give_up();
        }
        left.is_some()
    }

    /// Leaves something undecided, which is told at the end.
    pub(super) fn give_up(&mut self) {
        self.selections.spent = true;
    }

    /// Says that something was left undecided: silence would look as if all was well.
    pub(super) fn undecided(&self) -> Option<Found<'a>> {
        if !self.selections.spent {
            return None;
        }
        let (index, object) = self.cluster.objects().next()?;
        let node = self.name_of(index).unwrap_or(object.root());
        let message = "which objects choose, name and reach which others takes more work to find out than is done in one run: not all references are checked";
        let fault = Fault::new(&rules::SELECTS_NOTHING, node, message)
            .severity(Severity::Warning)
            .help("check the objects in several parts, or select by labels that few objects have");
        Some(Found::new(index, fault))
    }

    /// Lets so little work be done.
    #[cfg(test)]
    pub(super) fn tire(&mut self, steps: usize) {
        self.selections.steps = steps;
    }

    fn index(&self, things: Things) -> &LabelIndex<'a> {
        match things {
            Things::Pods => self.cluster.pod_index(),
            Things::Services => &self.services().0,
        }
    }

    fn services(&self) -> &(LabelIndex<'a>, Vec<Index>) {
        self.selections.services.get_or_init(|| {
            let all = self.cluster.of_kind("", "Service").to_vec();
            let services = all.iter().filter_map(|index| {
                let labels = self
                    .cluster
                    .get(*index)?
                    .root()
                    .path(&["metadata", "labels"]);
                Some((self.cluster.namespace(*index), Labels::of(labels)))
            });
            (LabelIndex::new(services), all)
        })
    }

    /// Returns where others install objects.
    pub(super) fn foreign(&self) -> &Foreign<'a> {
        let foreign = &self.selections.foreign;
        foreign.get_or_init(|| Foreign::new(self.cluster))
    }

    /// Tells whether a namespace may hold more than is among the objects.
    pub(super) fn holds_more(&self, things: Things, namespace: &'a str) -> bool {
        self.foreign().may_hold(self.cluster, things, namespace)
            || self.unseen().may_make_pods(namespace)
            || (self.cluster.find("", "Namespace", "", namespace).is_none()
                && self.index(things).in_namespace(namespace).is_empty())
    }

    /// Tells whether the domain of a label is one that nothing among the objects has: an operator may set it.
    fn is_foreign(&self, things: Things, key: &str) -> bool {
        let Some((prefix, _)) = key.split_once('/') else {
            return false;
        };
        let prefixes = self.selections.prefixes.get_or_init(|| {
            [Things::Pods, Things::Services].map(|things| {
                let index = self.index(things);
                index
                    .keys()
                    .filter_map(|key| key.split_once('/'))
                    .map(|(prefix, _)| prefix)
                    .collect()
            })
        });
        let [pods, services] = prefixes;
        let known = match things {
            Things::Pods => pods,
            Things::Services => services,
        };
        prefix != "app.kubernetes.io" && !known.contains(prefix)
    }

    /// Tells whether plain manifests that name no namespace hold what is selected: they may be applied to any.
    fn is_in_unnamed_namespace(&mut self, things: Things, selector: &Selector<'a>) -> bool {
        if self.cluster.settings().whole {
            return false;
        }
        let default = DEFAULT_NAMESPACE;
        let chosen = self.chosen(things, default, selector).unwrap_or_default();
        chosen.into_iter().any(|thing| {
            let owner = self
                .owner(things, thing)
                .and_then(|owner| self.cluster.get(owner));
            owner.is_some_and(|owner| owner.id.namespace.is_none())
        })
    }
}

/// The part of a selector because of which it selects nothing.
#[derive(Clone, Debug)]
struct Blame<'a> {
    key: &'a str,
    /// What matches the rest, or nearly.
    near: Option<u32>,
    why: String,
}

/// Tells whether a selector means the Service of the API server, which every cluster has.
fn is_api_server(asked: Asked<'_, '_>) -> bool {
    asked.things == Things::Services
        && asked.namespace == DEFAULT_NAMESPACE
        && asked
            .selector
            .keys()
            .any(|key| key == "component" || key == "provider")
}

/// Tells whether a label may be set once a pod runs. Programs that choose a leader write who leads into a label such as
/// `role` or `spilo-role`.
pub(super) fn is_run_time(key: &str) -> bool {
    let name = key.rsplit('/').next().unwrap_or(key);
    RUN_TIME.contains(&key) || name.ends_with("role") || name.ends_with("Role")
}

/// Returns the one value that a label must have.
fn wanted<'a>(selector: &Selector<'a>, key: &str) -> Option<&'a str> {
    let (_, values) = selector.values().find(|(other, _)| *other == key)?;
    match values {
        [value] => Some(value),
        _ => None,
    }
}

/// Returns the node of what a selector asks of a label: of a `LabelSelector`, or of a map of labels.
fn part<'a>(selector: Node<'a>, key: &str) -> Option<Node<'a>> {
    let labels = selector
        .get("matchLabels")
        .filter(|labels| labels.kind() == Kind::Map);
    let expressions = selector.get("matchExpressions").into_iter();
    let is_about = |one: &Node<'_>| one.get("key").and_then(Node::as_str) == Some(key);
    labels
        .and_then(|labels| labels.get(key))
        .or_else(|| expressions.flat_map(Node::items).find(is_about))
        .or_else(|| selector.get(key).filter(|value| !value.is_collection()))
}
