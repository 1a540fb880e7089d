//! Judging the objects of an environment by its policies.
//!
//! Which policies are about a kind is found out once for each kind. Objects are judged in parallel, block by block, so
//! that a policy that costs too much is stopped at the same object in every run.

use std::collections::{BTreeMap, HashMap, HashSet};

use rayon::prelude::*;

use super::check::{Guard, Use};
use super::judge::{Decision, Verdict, judge};
use super::matching::Match;
use super::params::For;
use super::report::{Answer, Subject};
use super::request::{Kinds, Request};
use super::tally::{Objects, Tally};
use crate::cluster::{Cluster, Found, Index, PodTemplate};
use crate::manifest::Resource;
use crate::yaml::Node;

/// How many objects are judged before it is looked how much that cost.
const BLOCK: usize = 1024;
/// What a policy may cost for all objects of an environment: two hundred times what it may cost for one.
const MOST: u64 = 2_000_000_000;

/// What is not known where params are not among the objects.
pub(super) const UNKNOWN_PARAMS: &str = "what the params say";

/// What the policies said about an object.
#[derive(Default)]
struct Said<'a> {
    found: Vec<Found<'a>>,
    tally: Tally,
    /// By the place of the guard: what it cost.
    cost: Vec<(usize, u64)>,
}

/// What all objects gave.
#[derive(Default)]
pub(super) struct Judged<'a> {
    pub(super) found: Vec<Found<'a>>,
    pub(super) tally: Tally,
}

impl<'a> Judged<'a> {
    fn add(&mut self, said: impl IntoIterator<Item = Said<'a>>) {
        for said in said {
            self.found.extend(said.found);
            self.tally.add(said.tally);
        }
    }
}

/// The guards that are about a kind, by place.
#[derive(Default)]
struct About {
    /// About objects of the kind.
    own: Vec<usize>,
    /// About pods, where the kind makes pods and the policy does not name it: what it says of the kind itself, where it
    /// means every kind, it may not say of pods.
    pods: Vec<usize>,
}

/// What judges objects.
pub(super) struct Judges<'j, 'a> {
    cluster: &'j Cluster<'a>,
    guards: &'j [Guard<'a>],
    kinds: Kinds<'j>,
    about: HashMap<(&'a str, &'a str), About>,
    templates: HashMap<Index, PodTemplate<'a>>,
}

impl<'j, 'a: 'j> Judges<'j, 'a> {
    pub(super) fn new(cluster: &'j Cluster<'a>, guards: &'j [Guard<'a>], kinds: Kinds<'j>) -> Self {
        let mut judges = Self {
            cluster,
            guards,
            kinds,
            about: HashMap::new(),
            templates: HashMap::new(),
        };
        if guards.is_empty() {
            return judges;
        }
        for template in cluster.pods() {
            let kind = cluster
                .get(template.object)
                .map(|object| object.id.kind.as_str());
            // A pod is one itself, and a PodTemplate makes none.
            if !matches!(kind, Some("Pod" | "PodTemplate")) {
                judges.templates.insert(template.object, template.clone());
            }
        }
        for (index, object) in cluster.objects() {
            let kind = (object.id.api_version.as_str(), object.id.kind.as_str());
            if !judges.about.contains_key(&kind) {
                let about = judges.about(index, object);
                judges.about.insert(kind, about);
            }
        }
        judges
    }

    /// Finds the guards that are about the kind of an object.
    fn about(&self, index: Index, object: &'a Resource) -> About {
        let request = Request::create(object.root(), self.kinds);
        let pod = self.templates.get(&index);
        let pod = pod.map(|template| Request::pod_of(template.node, self.kinds));
        let mut about = About::default();
        for (place, guard) in self.guards.iter().enumerate() {
            let constraints = &guard.policy.constraints;
            let own = constraints.is_about(&request);
            if own {
                about.own.push(place);
            }
            let named = own && constraints.names(&request);
            let of_pods = pod.as_ref().is_some_and(|pod| constraints.is_about(pod));
            if of_pods && !named {
                about.pods.push(place);
            }
        }
        about
    }

    /// Judges the objects of this run, and, where it joins what others found, what is there no more.
    pub(super) fn run(&self) -> Judged<'a> {
        let mut judged = Judged::default();
        if self.guards.is_empty() {
            return judged;
        }
        let objects = self.cluster.objects();
        let objects = objects.filter(|(index, _)| self.cluster.checks(*index));
        let objects: Vec<(Index, &'a Resource)> = objects.collect();
        let mut stopped: BTreeMap<usize, usize> = BTreeMap::new();
        let mut cost: Vec<u64> = vec![0; self.guards.len()];
        let mut count = 0;
        for block in objects.chunks(BLOCK) {
            let said = block
                .par_iter()
                .map(|(index, object)| self.object(*index, object, &stopped));
            let said: Vec<Said<'a>> = said.collect();
            count += block.len();
            for (place, own) in said.iter().flat_map(|said| &said.cost) {
                if let Some(sum) = cost.get_mut(*place) {
                    *sum = sum.saturating_add(*own);
                }
            }
            let dear = cost.iter().enumerate().filter(|(_, sum)| **sum > MOST);
            for (place, _) in dear.filter(|_| count < objects.len()) {
                stopped.entry(place).or_insert(count);
            }
            judged.add(said);
        }
        if self.cluster.joins() {
            let gone: Vec<(usize, Node<'a>)> = self.gone_objects();
            let said = gone.par_iter().map(|(at, node)| self.gone(*at, *node));
            judged.add(said.collect::<Vec<_>>());
        }
        (judged.tally.judged, judged.tally.stopped) = (objects.len(), stopped);
        judged
    }

    /// Judges an object, and the pods that it makes.
    fn object(
        &self,
        index: Index,
        object: &'a Resource,
        stopped: &BTreeMap<usize, usize>,
    ) -> Said<'a> {
        let mut said = Said::default();
        let kind = (object.id.api_version.as_str(), object.id.kind.as_str());
        let Some(about) = self.about.get(&kind) else {
            return said;
        };
        let is_going = |place: &usize| !stopped.contains_key(place);
        if about.own.iter().any(is_going) {
            let request = Request::create(object.root(), self.kinds);
            let request = request.namespace_object(self.namespace(index));
            let update = self.update(index, object);
            for place in about.own.iter().copied().filter(is_going) {
                // A changed object is judged as it was written anew by a policy that is about new ones only.
                let meant = |request: &Request<'j>| self.means(place, request);
                let request = update
                    .as_ref()
                    .filter(|update| meant(update))
                    .unwrap_or(&request);
                self.ask(place, request, Subject::Object(index), &mut said);
            }
        }
        let pods = about.pods.iter().copied().filter(is_going);
        let template = self.templates.get(&index);
        if let Some(template) = template.filter(|_| about.pods.iter().any(is_going)) {
            let request = Request::pod_of(template.node, self.kinds);
            let request = request.namespace_object(self.namespace(index));
            let own = said.found.len();
            for place in pods {
                self.ask(place, &request, Subject::PodsOf(index), &mut said);
            }
            drop_repeats(&mut said.found, own);
        }
        said
    }

    /// Returns the objects of the version before that are there no more, counted on from those that are there.
    fn gone_objects(&self) -> Vec<(usize, Node<'a>)> {
        let gone = self.cluster.gone().map(|(_, node)| node);
        (self.cluster.len()..).zip(gone).collect()
    }

    /// Judges that an object of the version before is there no more.
    fn gone(&self, at: usize, old: Node<'a>) -> Said<'a> {
        let request = Request::delete(old, self.kinds);
        let namespace = self.cluster.find("", "Namespace", "", request.namespace);
        let namespace = namespace
            .and_then(|index| self.cluster.get(index))
            .map(Resource::root);
        let request = request.namespace_object(namespace);
        let mut said = Said::default();
        for place in 0..self.guards.len() {
            self.ask(place, &request, Subject::Gone(at, old), &mut said);
        }
        said
    }

    /// Returns the namespace of an object, where it is among the objects.
    fn namespace(&self, index: Index) -> Option<Node<'a>> {
        let name = self.cluster.namespace(index);
        let namespace = self.cluster.find("", "Namespace", "", name)?;
        self.cluster.get(namespace).map(Resource::root)
    }

    /// Makes the request to change an object, where it has changed.
    fn update(&self, index: Index, object: &'a Resource) -> Option<Request<'j>> {
        let old = self
            .cluster
            .old(index)
            .filter(|old| !old.same_value(object.root()))?;
        let request = Request::update(object.root(), old, self.kinds);
        Some(request.namespace_object(self.namespace(index)))
    }

    /// Notes that there are no params for a request, where it would have been judged with them.
    fn lack(
        &self,
        of: (usize, usize),
        here: bool,
        request: &Request<'_>,
        subject: Subject<'a>,
        said: &mut Said<'a>,
    ) {
        let guard = self.guards.get(of.0);
        let Some((guard, used)) = guard.and_then(|guard| Some((guard, guard.uses.get(of.1)?)))
        else {
            return;
        };
        let meant = guard.policy.fails && self.means(of.0, request);
        if !meant || !is_bound(used, request) {
            return;
        }
        let object = Objects::one(subject.at(), subject.words(self.cluster));
        let kind = guard.policy.param_kind.map_or("", |kind| kind.kind);
        let name = used
            .binding
            .param_ref
            .as_ref()
            .map_or("", |reference| reference.name);
        let external = self.cluster.is_external(kind, request.namespace, name);
        if here && (external || !self.cluster.settings().whole) {
            said.tally
                .undecided(of.0, UNKNOWN_PARAMS.to_owned(), object);
            return;
        }
        let namespace = here.then(|| request.namespace.to_owned());
        said.tally.lack(of, namespace, object);
    }

    fn means(&self, place: usize, request: &Request<'_>) -> bool {
        let guard = self.guards.get(place);
        guard.is_some_and(|guard| guard.policy.constraints.matches(request) != Match::No)
    }

    /// Asks a policy, as each of its bindings uses it.
    fn ask(&self, place: usize, request: &Request<'j>, subject: Subject<'a>, said: &mut Said<'a>) {
        let Some(guard) = self.guards.get(place) else {
            return;
        };
        let mut answer = Answer::new(guard, subject, self.cluster);
        let mut cost = 0_u64;
        for (at, of) in guard.uses.iter().enumerate() {
            let decision = match of.params.of(request) {
                For::Null => judge(&guard.policy, Some(&of.binding), &[], request),
                For::Each(params) => judge(&guard.policy, Some(&of.binding), params, request),
                For::Nothing => continue,
                lacks @ (For::NoneHere | For::NoNamespace) => {
                    let here = matches!(lacks, For::NoneHere);
                    self.lack((place, at), here, request, subject, said);
                    continue;
                }
            };
            cost = cost.saturating_add(decision.cost);
            if let Some(what) = undecided(&decision) {
                let object = Objects::one(subject.at(), subject.words(self.cluster));
                said.tally.undecided(place, what, object);
            }
            answer.add(&decision, of);
        }
        said.cost.push((place, cost));
        said.found.extend(answer.found());
    }
}

/// Drops what is said of the pods of an object and of the object itself, too: by one expression about one node.
fn drop_repeats(found: &mut Vec<Found<'_>>, own: usize) {
    let key = |found: &Found<'_>| {
        let expression = found
            .related
            .first()
            .map(|(index, node)| (*index, node.index()));
        (
            expression,
            found.fault.node.index(),
            found.fault.below.clone(),
        )
    };
    let known: HashSet<_> = found.iter().take(own).map(key).collect();
    let mut at = 0;
    found.retain(|one| {
        at += 1;
        at <= own || !known.contains(&key(one))
    });
}

fn is_bound(of: &Use<'_>, request: &Request<'_>) -> bool {
    of.binding.constraints.matches(request) != Match::No && !request.is_exempt()
}

/// Returns what is not known, where nothing else decides.
fn undecided(decision: &Decision<'_>) -> Option<String> {
    let what = decision.not_decided.as_deref()?;
    (decision.verdict == Verdict::NotDecided).then(|| what.to_owned())
}
