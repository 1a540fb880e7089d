//! Who is there: namespaces, workloads, and their pods in classes.
//!
//! Pods that no policy and no Service can tell apart are one class: they have the same namespace, the same values of
//! the labels that some selector asks for, and the same numbers behind the port names that somebody uses. Whatever is
//! computed is computed for classes, however many pods they have.

use std::borrow::Cow;
use std::collections::{BTreeSet, HashMap, HashSet};

use super::port::Protocol;
use crate::cluster::{Cluster, DEFAULT_NAMESPACE, Index, Labels, PodTemplate};
use crate::manifest::{Resource, group};
use crate::yaml::{Kind, Node};

/// How many owners are followed from a pod: a Pod's `ReplicaSet`'s Deployment, and some that operators add.
const OWNERS: usize = 8;

/// What pods of a namespace are called of which nothing else is known.
pub(super) const ANY: &str = "*";

/// How many pods of a `StatefulSet` are told apart at most.
const ORDINALS: i64 = 1000;

/// What selectors and rules ask of pods; nothing else tells two of them apart.
#[derive(Debug, Default)]
pub(super) struct Asked<'a> {
    /// Keys of labels.
    pub(super) labels: BTreeSet<&'a str>,
    /// Names of ports.
    pub(super) ports: HashSet<&'a str>,
    /// Workloads, by namespace and name.
    pub(super) workloads: HashSet<(&'a str, &'a str)>,
    /// Pods that are there though nobody describes them.
    pub(super) assumed: Vec<Assumed<'a>>,
    /// Whether somebody asks for service accounts.
    pub(super) accounts: bool,
    /// Whether pods in the node's network count as the node, as engines that enforce policies on pods' own interfaces
    /// have it.
    pub(super) nodes: bool,
}

/// Pods that somebody speaks of and nobody describes, such as those of the cluster's own services.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Assumed<'a> {
    pub(super) namespace: &'a str,
    pub(super) labels: Vec<(&'a str, &'a str)>,
}

/// A namespace.
#[derive(Clone, Debug)]
pub struct Namespace<'a> {
    /// Its name.
    pub name: &'a str,
    /// Its labels, with the one that every namespace has.
    pub labels: Labels<'a>,
}

/// What runs pods: a controller, or a pod that nobody controls.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Workload<'a> {
    /// The place of its namespace.
    pub namespace: usize,
    /// Its name.
    pub name: Cow<'a, str>,
    /// Its kind.
    pub kind: &'a str,
    /// The object that describes its pods, where there is one.
    pub object: Option<Index>,
}

/// Pods that nobody can tell apart.
#[derive(Clone, Debug)]
pub struct Class<'a> {
    /// The place of their namespace.
    pub namespace: usize,
    /// Their labels, as far as somebody asks for them, sorted.
    labels: Vec<(&'a str, Cow<'a, str>)>,
    /// The ports that somebody names: name, protocol and number.
    ports: Vec<(&'a str, Protocol, u32)>,
    /// Their service account, where somebody asks for it.
    account: Option<&'a str>,
    /// The name of their workload, where somebody asks for it.
    pub named: Option<&'a str>,
    /// Whether nobody describes them.
    pub assumed: bool,
    /// Whether they count as their node: no policy holds for them.
    pub node: bool,
    /// Whether they are in the node's network, whatever that means here.
    pub host_network: bool,
    /// The places of their workloads.
    pub workloads: Vec<usize>,
}

impl<'a> Class<'a> {
    /// Returns the value of a label, where somebody asks for it.
    pub fn label(&self, key: &str) -> Option<&str> {
        let at = self.labels.binary_search_by(|(name, _)| (*name).cmp(key));
        let (_, value) = self.labels.get(at.ok()?)?;
        Some(value)
    }

    /// Returns the labels, sorted by key.
    pub fn labels(&self) -> impl Iterator<Item = (&'a str, &str)> + '_ {
        self.labels.iter().map(|(key, value)| (*key, &**value))
    }

    /// Tells whether they are any pods of their namespace, of which nobody describes one.
    pub fn is_anybody(&self) -> bool {
        self.assumed && self.labels.is_empty()
    }

    /// Returns the service account, where somebody asks for it.
    pub fn account(&self) -> Option<&'a str> {
        self.account
    }

    /// Returns the numbers behind the name of a port.
    pub fn port(&self, protocol: Protocol, name: &str) -> impl Iterator<Item = u32> + '_ {
        let name = name.to_owned();
        let named = self.ports.iter();
        named
            .filter(move |(own, of, _)| *own == name && *of == protocol)
            .map(|(_, _, number)| *number)
    }
}

/// Everybody who is there.
#[derive(Debug, Default)]
pub struct Inventory<'a> {
    /// The namespaces, by name.
    pub namespaces: Vec<Namespace<'a>>,
    /// The workloads.
    pub workloads: Vec<Workload<'a>>,
    /// The classes of pods, by namespace.
    pub classes: Vec<Class<'a>>,
}

impl<'a> Inventory<'a> {
    /// Takes stock of a cluster; pods differ in what is asked for only.
    pub(super) fn new(cluster: &Cluster<'a>, asked: &Asked<'a>) -> Self {
        let found = pods(cluster);
        let mut names: BTreeSet<&'a str> = BTreeSet::new();
        for (index, object) in cluster.objects() {
            match (object.group(), object.id.kind.as_str()) {
                ("", "Namespace") => names.insert(object.id.name.as_str()),
                (_, "NetworkPolicy" | "CiliumNetworkPolicy") => {
                    names.insert(cluster.namespace(index))
                }
                _ => false,
            };
        }
        names.extend(found.iter().map(|pod| cluster.namespace(pod.object)));
        names.extend(asked.assumed.iter().map(|one| one.namespace));
        let namespaces: Vec<Namespace<'a>> = names
            .into_iter()
            .map(|name| Namespace {
                name,
                labels: cluster
                    .namespace_labels(name)
                    .unwrap_or_else(|| Labels::default().with("kubernetes.io/metadata.name", name)),
            })
            .collect();
        let mut inventory = Self {
            namespaces,
            ..Self::default()
        };
        inventory.sort_into_classes(cluster, &found, asked);
        inventory.assume(&asked.assumed);
        // The sort is stable, so classes of a namespace stay in the order of their objects.
        inventory.classes.sort_by_key(|class| class.namespace);
        inventory
    }

    /// Returns the place of a namespace.
    pub fn namespace(&self, name: &str) -> Option<usize> {
        let at = self.namespaces.binary_search_by(|one| one.name.cmp(name));
        at.ok()
    }

    /// Returns the name of a workload as it is shown: `namespace/name[Kind]`.
    pub fn shown(&self, workload: usize) -> String {
        let Some(workload) = self.workloads.get(workload) else {
            return String::new();
        };
        let namespace = self.namespaces.get(workload.namespace);
        let namespace = namespace.map_or(DEFAULT_NAMESPACE, |namespace| namespace.name);
        format!("{namespace}/{}[{}]", workload.name, workload.kind)
    }

    fn sort_into_classes(
        &mut self,
        cluster: &Cluster<'a>,
        found: &[PodTemplate<'a>],
        asked: &Asked<'a>,
    ) {
        let mut workloads: HashMap<(usize, &str, &str), usize> = HashMap::new();
        let mut classes: HashMap<ClassKey<'a>, usize> = HashMap::new();
        let mut told: HashSet<(usize, usize)> = HashSet::new();
        for pod in found {
            let Some(namespace) = self.namespace(cluster.namespace(pod.object)) else {
                continue;
            };
            let (kind, name) = owner(cluster, pod.object);
            let workload = *workloads
                .entry((namespace, kind, name))
                .or_insert(self.workloads.len());
            if workload == self.workloads.len() {
                self.workloads.push(Workload {
                    namespace,
                    name: Cow::Borrowed(name),
                    kind,
                    object: Some(pod.object),
                });
            }
            for more in labels_of_controller(cluster, pod, asked) {
                let mut key = ClassKey::new(pod, namespace, more, asked);
                let full = (cluster.namespace(pod.object), name);
                key.named = asked.workloads.contains(&full).then_some(name);
                let class = *classes.entry(key.clone()).or_insert(self.classes.len());
                if class == self.classes.len() {
                    self.classes.push(key.class(asked));
                }
                if told.insert((class, workload))
                    && let Some(class) = self.classes.get_mut(class)
                {
                    class.workloads.push(workload);
                }
            }
        }
    }

    /// Adds pods that nobody describes, but where there are pods that are meant already.
    fn assume(&mut self, assumed: &[Assumed<'a>]) {
        let mut known: HashMap<(usize, &str, String), Vec<usize>> = HashMap::new();
        for (place, class) in self.classes.iter().enumerate() {
            for (key, value) in class.labels.iter().filter(|_| !assumed.is_empty()) {
                let label = (class.namespace, *key, value.to_string());
                known.entry(label).or_default().push(place);
            }
        }
        let inhabited: HashSet<usize> = self.classes.iter().map(|one| one.namespace).collect();
        for one in assumed {
            let Some(namespace) = self.namespace(one.namespace) else {
                continue;
            };
            let first = one.labels.first();
            let like =
                first.and_then(|(key, value)| known.get(&(namespace, *key, (*value).to_owned())));
            let mut like = like
                .into_iter()
                .flatten()
                .filter_map(|place| self.classes.get(*place));
            let is_there = like.any(|class| {
                let mut labels = one.labels.iter();
                labels.all(|(key, value)| class.label(key) == Some(value))
            });
            let labels: Vec<(&'a str, Cow<'a, str>)> = one
                .labels
                .iter()
                .map(|(key, value)| (*key, Cow::Borrowed(*value)))
                .collect();
            // Any pod of a namespace is meant: those that are described are some.
            let is_some = labels.is_empty() && inhabited.contains(&namespace);
            if is_there || is_some {
                continue;
            }
            let mut name: Vec<String> = labels
                .iter()
                .map(|(key, value)| format!("{key}={value}"))
                .collect();
            if name.is_empty() {
                name.push(ANY.to_owned());
            }
            self.classes.push(Class {
                namespace,
                labels,
                ports: Vec::new(),
                account: None,
                named: None,
                assumed: true,
                node: false,
                host_network: false,
                workloads: vec![self.workloads.len()],
            });
            self.workloads.push(Workload {
                namespace,
                name: Cow::Owned(name.join(",")),
                kind: "Pod",
                object: None,
            });
        }
    }
}

/// What makes two pods the same.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct ClassKey<'a> {
    namespace: usize,
    labels: Vec<(&'a str, Cow<'a, str>)>,
    ports: Vec<(&'a str, Protocol, u32)>,
    account: Option<&'a str>,
    named: Option<&'a str>,
    host_network: bool,
}

impl<'a> ClassKey<'a> {
    fn new(
        pod: &PodTemplate<'a>,
        namespace: usize,
        more: Vec<(&'static str, String)>,
        asked: &Asked<'a>,
    ) -> Self {
        let own = pod.labels();
        let own = own
            .iter()
            .filter(|(key, _)| asked.labels.contains(key))
            .filter(|(key, _)| more.iter().all(|(name, _)| name != key))
            .map(|(key, value)| (key, Cow::Borrowed(value)));
        let mut labels: Vec<(&'a str, Cow<'a, str>)> = own.collect();
        labels.extend(
            more.into_iter()
                .map(|(key, value)| (key, Cow::Owned(value))),
        );
        labels.sort_unstable();
        labels.dedup_by(|one, other| one.0 == other.0);
        let account = pod.spec.get("serviceAccountName").and_then(Node::as_str);
        let account = account.filter(|account| !account.is_empty());
        Self {
            namespace,
            labels,
            ports: named_ports(pod, asked),
            account: asked.accounts.then(|| account.unwrap_or("default")),
            named: None,
            host_network: pod.spec.get("hostNetwork").and_then(Node::as_bool) == Some(true),
        }
    }

    fn class(self, asked: &Asked<'_>) -> Class<'a> {
        Class {
            namespace: self.namespace,
            labels: self.labels,
            ports: self.ports,
            account: self.account,
            named: self.named,
            assumed: false,
            node: self.host_network && asked.nodes,
            host_network: self.host_network,
            workloads: Vec::new(),
        }
    }
}

/// Returns the ports of a pod that somebody names.
fn named_ports<'a>(pod: &PodTemplate<'a>, asked: &Asked<'a>) -> Vec<(&'a str, Protocol, u32)> {
    if asked.ports.is_empty() {
        return Vec::new();
    }
    // Other init containers have ended before anybody may call.
    let init = pod.spec.get("initContainers").into_iter();
    let sidecars = init
        .flat_map(Node::items)
        .filter(|one| one.get("restartPolicy").and_then(Node::as_str) == Some("Always"));
    let ordinary = pod.spec.get("containers").into_iter().flat_map(Node::items);
    let ports = ordinary
        .chain(sidecars)
        .filter_map(|container| container.get("ports"))
        .flat_map(Node::items);
    let named = ports.filter_map(|port| {
        let name = port.get("name")?.as_str()?;
        let number = u32::try_from(port.get("containerPort")?.as_int()?).ok()?;
        let protocol = port.get("protocol").and_then(Node::as_str);
        let protocol = Protocol::parse(protocol.unwrap_or("TCP"))?;
        asked
            .ports
            .contains(name)
            .then_some((name, protocol, number))
    });
    let mut named: Vec<_> = named.collect();
    named.sort_unstable();
    named.dedup();
    named
}

/// Returns the labels that a controller gives its pods, one list for each pod that differs; only those that are asked
/// for.
fn labels_of_controller<'a>(
    cluster: &Cluster<'a>,
    pod: &PodTemplate<'a>,
    asked: &Asked<'a>,
) -> Vec<Vec<(&'static str, String)>> {
    let object = cluster.get(pod.object);
    let Some(object) = object.filter(|object| object.id.kind != "Pod") else {
        return vec![Vec::new()];
    };
    let is_asked = |key: &&str| asked.labels.contains(key);
    match object.id.kind.as_str() {
        "StatefulSet" => {
            let keys = [
                "apps.kubernetes.io/pod-index",
                "statefulset.kubernetes.io/pod-name",
            ];
            if !keys.iter().any(is_asked) {
                return vec![Vec::new()];
            }
            let number = |path: &[&str], default| {
                let found = object.root().path(path).and_then(Node::as_int);
                found.unwrap_or(default)
            };
            let start = number(&["spec", "ordinals", "start"], 0);
            let replicas = number(&["spec", "replicas"], 1).clamp(1, ORDINALS);
            let ordinals = start..start.saturating_add(replicas);
            let name = &object.id.name;
            ordinals
                .map(|ordinal| {
                    let values = [ordinal.to_string(), format!("{name}-{ordinal}")];
                    let both = keys.into_iter().zip(values);
                    both.filter(|(key, _)| is_asked(key)).collect()
                })
                .collect()
        }
        "Job" => {
            let keys = ["batch.kubernetes.io/job-name", "job-name"];
            let keys = keys.into_iter().filter(|key| is_asked(key));
            vec![keys.map(|key| (key, object.id.name.clone())).collect()]
        }
        _ => vec![Vec::new()],
    }
}

/// Returns every pod and pod template that runs: those of Kubernetes' own kinds, and those of custom resources that have
/// a template of the same form.
fn pods<'a>(cluster: &Cluster<'a>) -> Vec<PodTemplate<'a>> {
    let own = cluster.pods().iter().filter(|pod| {
        let object = cluster.get(pod.object);
        object.is_some_and(|object| object.id.kind != "PodTemplate" && !has_ended(object))
    });
    let mut pods: Vec<PodTemplate<'a>> = own.cloned().collect();
    let custom = cluster
        .objects()
        .filter(|(_, object)| object.group().contains('.'))
        .filter_map(|(index, object)| custom_template(index, object));
    pods.extend(custom);
    pods.sort_by_key(|pod| pod.object);
    pods
}

/// Tells whether a pod has ended, and so has no address any more.
fn has_ended(object: &Resource) -> bool {
    let phase = object.root().path(&["status", "phase"]);
    object.id.kind == "Pod" && matches!(phase.and_then(Node::as_str), Some("Succeeded" | "Failed"))
}

fn custom_template(index: Index, object: &Resource) -> Option<PodTemplate<'_>> {
    let root = object.root();
    let node = match (object.group(), object.id.kind.as_str()) {
        ("kubevirt.io", "VirtualMachineInstance") => root,
        _ => root.path(&["spec", "template"])?,
    };
    let spec = node.get("spec")?;
    let runs = spec
        .get("containers")
        .is_some_and(|containers| containers.kind() == Kind::Seq)
        || object.group() == "kubevirt.io" && spec.get("domain").is_some();
    runs.then_some(PodTemplate {
        object: index,
        node,
        spec,
    })
}

/// Returns the kind and name of what runs the pods of an object: its last owner, or itself.
fn owner<'a>(cluster: &Cluster<'a>, object: Index) -> (&'a str, &'a str) {
    let namespace = cluster.namespace(object);
    let mut next = Some(object);
    let mut last = ("Pod", "");
    for _ in 0..OWNERS {
        let Some(object) = next.and_then(|index| cluster.get(index)) else {
            break;
        };
        last = (&object.id.kind, &object.id.name);
        let owners = object.root().path(&["metadata", "ownerReferences"]);
        let mut owners = owners.into_iter().flat_map(Node::items);
        let Some(owner) =
            owners.find(|owner| owner.get("controller").and_then(Node::as_bool) == Some(true))
        else {
            break;
        };
        let text = |key: &str| owner.get(key).and_then(Node::as_str).unwrap_or_default();
        let (kind, name) = (text("kind"), text("name"));
        // The pods that a node's kubelet runs by itself have nothing in common but the node.
        if kind == "Node" || name.is_empty() {
            break;
        }
        last = (if kind.is_empty() { "Pod" } else { kind }, name);
        next = cluster.find(group(text("apiVersion")), kind, namespace, name);
    }
    last
}
