//! Every schema of a run: those of one Kubernetes version, and those of custom resources.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, OnceLock};

use serde_json::Value;

use super::check::{Answer, Visitor, Walk, check_by};
use super::effort::{Effort, Share};
use super::history::History;
use super::kubernetes::{Kubernetes, KubernetesVersion};
use super::rules;
use super::shape::{Definition, Dialect, Library, Part};
use super::structure::{Completed, Structure, check_definition};
use super::words::kind_words;
use crate::finding::{did_you_mean, nearest};
use crate::manifest::{Fault, group};
use crate::yaml::{Kind, Node, to_json};

const OBJECT_META: &str = "io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta";

/// Whose schema an object was checked by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum CheckedBy {
    /// Kubernetes' own.
    Kubernetes,
    /// A custom resource's.
    Custom,
    /// None: there is none for its kind.
    Nothing,
}

/// Tells whether a node is of an object's status. The server decodes it, so its types count, and then puts it away: it is
/// for controllers to say.
pub fn is_of_status(object: Node<'_>, node: Node<'_>) -> bool {
    object
        .get("status")
        .is_some_and(|status| (status.index()..status.end_index()).contains(&node.index()))
}

/// The schemas of a run.
#[derive(Debug)]
pub struct Catalogue {
    version: KubernetesVersion,
    share: Share,
    kubernetes: &'static Kubernetes,
    custom: HashMap<(String, String), Custom>,
    /// Versions that a definition has and the API server does not offer.
    unserved: HashSet<(String, String)>,
}

/// The schema of a custom resource.
#[derive(Debug)]
struct Custom {
    library: Library,
    /// Defaults and rules, of structural schemas only.
    structure: Option<(Arc<Value>, OnceLock<Structure>)>,
}

impl Catalogue {
    /// Makes the catalogue of a Kubernetes version, or nothing where its schemas are not here.
    pub fn new(version: KubernetesVersion) -> Option<Self> {
        Some(Self {
            version,
            share: Share::default(),
            kubernetes: Kubernetes::of(version)?,
            custom: HashMap::new(),
            unserved: HashSet::new(),
        })
    }

    /// Says what the work of a run is shared among; before any schema is learned.
    #[must_use]
    pub fn shared(mut self, share: Share) -> Self {
        self.share = share;
        self
    }

    /// Returns the Kubernetes version.
    pub fn version(&self) -> KubernetesVersion {
        self.version
    }

    /// Learns a custom resource's schemas: from its `CustomResourceDefinition`, or from a JSON Schema that names its kind
    /// in `x-kubernetes-group-version-kind`. Other objects are passed over.
    pub fn learn(&mut self, object: Node<'_>) {
        let text = |node: Node<'_>, path: &[&str]| {
            node.path(path).and_then(Node::as_str).map(str::to_owned)
        };
        if text(object, &["kind"]).as_deref() == Some("CustomResourceDefinition") {
            let (Some(group), Some(kind)) = (
                text(object, &["spec", "group"]),
                text(object, &["spec", "names", "kind"]),
            ) else {
                return;
            };
            let versions = object
                .path(&["spec", "versions"])
                .into_iter()
                .flat_map(Node::items);
            for version in versions {
                if version.get("served").and_then(Node::as_bool) == Some(false) {
                    if let Some(name) = text(version, &["name"]) {
                        self.unserved
                            .insert((format!("{group}/{name}"), kind.clone()));
                    }
                    continue;
                }
                if let (Some(name), Some(schema)) = (
                    text(version, &["name"]),
                    version.path(&["schema", "openAPIV3Schema"]),
                ) {
                    self.add(
                        format!("{group}/{name}"),
                        kind.clone(),
                        schema,
                        Dialect::Structural,
                    );
                }
            }
            return;
        }
        for of in object
            .get("x-kubernetes-group-version-kind")
            .into_iter()
            .flat_map(Node::items)
        {
            if let (Some(group), Some(version), Some(kind)) = (
                text(of, &["group"]),
                text(of, &["version"]),
                text(of, &["kind"]),
            ) {
                let api_version = if group.is_empty() {
                    version
                } else {
                    format!("{group}/{version}")
                };
                self.add(api_version, kind, object, Dialect::Published);
            }
        }
    }

    /// Returns every kind as `(apiVersion, kind)`, and by whose schema it is checked, sorted.
    pub fn kinds(&self) -> Vec<(String, String, CheckedBy)> {
        let own = self.kubernetes.kinds().iter().copied();
        let own = own.map(|(of, kind)| (of.to_owned(), kind.to_owned(), CheckedBy::Kubernetes));
        let custom = self.custom.keys();
        let custom = custom.map(|(of, kind)| (of.clone(), kind.clone(), CheckedBy::Custom));
        let mut kinds: Vec<_> = own.chain(custom).collect();
        kinds.sort_unstable();
        kinds
    }

    fn add(&mut self, api_version: String, kind: String, schema: Node<'_>, dialect: Dialect) {
        let schema = Arc::new(to_json(schema));
        let structure =
            (dialect == Dialect::Structural).then(|| (Arc::clone(&schema), OnceLock::new()));
        let schemas = self.share.schemas;
        let library = Library::new(1, move |_| {
            Definition::compile_object(&schema, dialect, schemas)
        });
        self.custom
            .insert((api_version, kind), Custom { library, structure });
    }

    /// Checks an object by the schema of its kind; the visitor sees every map that is of a definition.
    pub fn check<'a>(
        &self,
        object: Node<'a>,
        visitor: &mut dyn Visitor<'a>,
        faults: &mut Vec<Fault<'a>>,
    ) -> CheckedBy {
        self.check_change(object, None, visitor, faults)
    }

    /// Checks an object as [`Catalogue::check`] does, and where it was there before, that it may become what it is.
    pub fn check_change<'a>(
        &self,
        object: Node<'a>,
        old: Option<Node<'_>>,
        visitor: &mut dyn Visitor<'a>,
        faults: &mut Vec<Fault<'a>>,
    ) -> CheckedBy {
        if object.kind() != Kind::Map {
            let what = kind_words(object);
            let message = format!("this is no Kubernetes object: it is {what}");
            faults.push(Fault::new(&rules::UNKNOWN_KIND, object, message).help(
                "write a map with `apiVersion`, `kind` and `metadata`, or take the document out",
            ));
            return CheckedBy::Nothing;
        }
        visitor.object(faults);
        let text = |key: &str| object.get(key).and_then(Node::as_str).unwrap_or_default();
        let (api_version, kind) = (text("apiVersion"), text("kind"));
        if let Some(part) = self.kubernetes.kind(api_version, kind) {
            self.by_kubernetes(part, object, visitor, faults);
            let missing = &rules::MISSING_FIELD.id;
            faults.retain(|fault| fault.rule != *missing || !is_of_status(object, fault.node));
            if kind == "CustomResourceDefinition" {
                check_definition(object, self.version.number(), faults);
            }
            return CheckedBy::Kubernetes;
        }
        if let Some(custom) = self.custom.get(&(api_version.to_owned(), kind.to_owned())) {
            // A version before of another API version would have to be converted first.
            let old =
                old.filter(|old| old.get("apiVersion").and_then(Node::as_str) == Some(api_version));
            self.by_custom(custom, object, old, faults);
            if let (Some(part), Some(metadata)) = (
                self.kubernetes.definition(OBJECT_META),
                object.get("metadata"),
            ) {
                self.by_kubernetes(part, metadata, visitor, faults);
            }
            return CheckedBy::Custom;
        }
        let fault = visitor.without_schema();
        faults.push(fault.unwrap_or_else(|| self.unknown_kind(api_version, kind, object)));
        CheckedBy::Nothing
    }

    /// Checks an object by a custom resource's schema: defaults first, then shapes, then rules.
    fn by_custom<'a>(
        &self,
        custom: &Custom,
        object: Node<'a>,
        old: Option<Node<'_>>,
        faults: &mut Vec<Fault<'a>>,
    ) {
        let text = |key: &str| object.get(key).and_then(Node::as_str).unwrap_or_default();
        let by = format!(
            "the schema of `{}` (`{}`)",
            text("kind"),
            text("apiVersion")
        );
        let effort = Effort::of_custom(object, self.share, by);
        let structure = custom.structure.as_ref().map(|(schema, structure)| {
            structure.get_or_init(|| Structure::compile(schema, self.version.number()).0)
        });
        let complete = |node| match structure.filter(|structure| structure.has_defaults()) {
            Some(structure) => Completed::new(structure, node, &effort),
            None => Ok(None),
        };
        let (Ok(completed), Ok(completed_old)) =
            (complete(object), old.map_or(Ok(None), &complete))
        else {
            faults.extend(effort.give_up(object));
            return;
        };
        let old = completed_old.as_ref().map(Completed::root).or(old);
        let rules = structure.filter(|structure| structure.has_rules());
        let Some(completed) = completed else {
            check_by(&custom.library, object, &effort, faults);
            if let Some(structure) = rules {
                let own = |node: Node<'_>| object.document().node(node.index()).unwrap_or(object);
                structure.run(object, old, &own, &effort, faults);
            }
            return;
        };
        let own = |node: Node<'_>| completed.origin(object, node);
        let mut found = Vec::new();
        check_by(&custom.library, completed.root(), &effort, &mut found);
        faults.extend(at_own(found, &own));
        if let Some(structure) = rules {
            structure.run(completed.root(), old, &own, &effort, faults);
        }
    }

    fn by_kubernetes<'a>(
        &self,
        part: Part,
        node: Node<'a>,
        visitor: &mut dyn Visitor<'a>,
        faults: &mut Vec<Fault<'a>>,
    ) {
        let kubernetes = self.kubernetes;
        let mut walk = Walk {
            library: &kubernetes.library,
            name_of: &|number| kubernetes.name(number),
            history: &|number, field| {
                History::of_field(self.version, kubernetes.full_name(number), field)
            },
            visitor: Some(visitor),
            effort: &Effort::of_kubernetes(),
            answer: Answer::Told(faults),
        };
        walk.node(0, part, node);
    }

    fn unknown_kind<'a>(&self, api_version: &str, kind: &str, object: Node<'a>) -> Fault<'a> {
        for (field, value) in [("apiVersion", api_version), ("kind", kind)] {
            if value.is_empty() {
                let message = format!("this is no Kubernetes object: it has no `{field}`");
                return Fault::new(&rules::UNKNOWN_KIND, object, message).below(field);
            }
        }
        let (version, node) = (self.version, object.get("kind").unwrap_or(object));
        let known = self.kubernetes.kinds();
        let of_kind: Vec<&str> = known
            .iter()
            .filter(|(_, known)| *known == kind)
            .map(|(of, _)| *of)
            .collect();
        let rule = &rules::UNKNOWN_KIND;
        if let Some(history) = History::of_kind(version, api_version, kind) {
            let node = object.get("apiVersion").unwrap_or(node);
            let fault = Fault::new(rule, node, format!("`{kind}` of `{api_version}` {history}"));
            let stable = of_kind.iter().find(|of| of.ends_with("/v1"));
            return match stable.or(of_kind.last()) {
                Some(instead) => fault.help(format!("Kubernetes {version} has it in `{instead}`")),
                None => fault.help(history.help()),
            };
        }
        let group = group(api_version);
        // Groups with other domains have kinds of the same names: Knative has Services of its own.
        if !of_kind.is_empty() && (!group.contains('.') || group.ends_with(".k8s.io")) {
            let node = object.get("apiVersion").unwrap_or(node);
            let list = of_kind
                .iter()
                .map(|of| format!("`{of}`"))
                .collect::<Vec<_>>()
                .join(" or ");
            let message = format!("Kubernetes {version} has no `{kind}` in `{api_version}`");
            return Fault::new(rule, node, message).help(format!("it is in {list}"));
        }
        if known.iter().any(|(of, _)| *of == api_version) {
            let kinds = known
                .iter()
                .filter(|(of, _)| *of == api_version)
                .map(|(_, kind)| *kind);
            let near = nearest(kind, kinds);
            let question = did_you_mean(near);
            let message = match near {
                Some(_) => format!("`{api_version}` has no kind `{kind}`{question}"),
                None => format!("Kubernetes {version} has no kind `{kind}` in `{api_version}`"),
            };
            return Fault::new(rule, node, message).help("correct `kind` or `apiVersion`");
        }
        if self
            .unserved
            .contains(&(api_version.to_owned(), kind.to_owned()))
        {
            let node = object.get("apiVersion").unwrap_or(node);
            let message = format!("its definition does not serve `{kind}` in `{api_version}`");
            return Fault::new(rule, node, message).help("use a version that is `served`");
        }
        let message = format!("there is no schema for `{kind}` of `{api_version}`");
        Fault::new(rule, node, message).help(
            "put its CustomResourceDefinition into `schemas/` (`tympan schema import FILE`), or correct `kind` and `apiVersion`",
        )
    }
}

/// Moves faults of a copy to the object's own nodes.
fn at_own<'a>(faults: Vec<Fault<'_>>, own: &dyn Fn(Node<'_>) -> Node<'a>) -> Vec<Fault<'a>> {
    let moved = faults.into_iter().map(|fault| Fault {
        rule: fault.rule,
        severity: fault.severity,
        node: own(fault.node),
        below: fault.below,
        message: fault.message,
        help: fault.help,
    });
    moved.collect()
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::yaml::{Limits, read};

    struct Nobody;

    impl<'a> Visitor<'a> for Nobody {
        fn visit(&mut self, _: u32, _: Node<'a>, _: &mut Vec<Fault<'a>>) {}

        fn object(&mut self, _: &mut Vec<Fault<'a>>) {}

        fn without_schema(&mut self) -> Option<Fault<'a>> {
            None
        }
    }

    fn messages(minor: u8, yaml: &str) -> String {
        let document = read(&Arc::from(yaml), &Limits::default())
            .documents
            .remove(0);
        let mut faults = Vec::new();
        let catalogue = Catalogue::new(KubernetesVersion::minor(minor)).unwrap();
        catalogue.check(document.root(), &mut Nobody, &mut faults);
        let told = faults.iter().map(|fault| {
            format!(
                "{}: {} [{}]",
                fault.rule,
                fault.message,
                fault.help.as_deref().unwrap_or_default()
            )
        });
        told.collect::<Vec<_>>().join("\n")
    }

    #[test]
    fn fields_and_kinds_of_other_versions_are_told_from_slips() {
        let pod = "apiVersion: v1\nkind: Pod\nmetadata: {name: a}\nspec: {hostnameOverride: a, containers: [{name: a, image: a}]}\n";
        assert_eq!(
            messages(33, pod),
            "schema/unknown-field: `hostnameOverride` of PodSpec came with Kubernetes 1.34 [remove it, or set `kubernetes` in `tympan.yaml` to the version that the cluster has]"
        );
        assert_eq!(messages(34, pod), "");
        let slip = pod.replace("hostnameOverride", "hostName");
        assert!(
            messages(33, &slip).contains("did you mean `hostname`?"),
            "{}",
            messages(33, &slip)
        );
        let kind = |api_version: &str, kind: &str| {
            messages(
                34,
                &format!("apiVersion: {api_version}\nkind: {kind}\nmetadata: {{name: a}}\n"),
            )
        };
        assert_eq!(
            kind("admissionregistration.k8s.io/v1", "MutatingAdmissionPolicy"),
            "schema/unknown-kind: `MutatingAdmissionPolicy` of `admissionregistration.k8s.io/v1` came with Kubernetes 1.36 [Kubernetes 1.34 has it in `admissionregistration.k8s.io/v1beta1`]"
        );
        assert_eq!(
            kind("flowcontrol.apiserver.k8s.io/v1beta3", "FlowSchema"),
            "schema/unknown-kind: `FlowSchema` of `flowcontrol.apiserver.k8s.io/v1beta3` went with Kubernetes 1.32 [Kubernetes 1.34 has it in `flowcontrol.apiserver.k8s.io/v1`]"
        );
        assert!(
            kind("serving.knative.dev/v1", "Service").contains("there is no schema for `Service`")
        );
        assert!(kind("apps/v2", "Deployment").contains("[it is in `apps/v1`]"));
        assert!(kind("v1", "Deployment").contains("[it is in `apps/v1`]"));
    }

    #[test]
    fn a_version_that_is_not_served_has_no_schema() {
        let definition = "kind: CustomResourceDefinition\nspec: {group: a.example, names: {kind: A}, versions: [{name: v1, served: true, schema: {openAPIV3Schema: {type: object}}}, {name: v1beta1, served: false, schema: {openAPIV3Schema: {type: object}}}]}\n";
        let read = |text: &str| {
            read(&Arc::from(text), &Limits::default())
                .documents
                .remove(0)
        };
        let mut catalogue = Catalogue::new(KubernetesVersion::minor(34)).unwrap();
        catalogue.learn(read(definition).root());
        let faults = |version: &str| {
            let object = read(&format!("apiVersion: a.example/{version}\nkind: A\n"));
            let mut faults = Vec::new();
            catalogue.check(object.root(), &mut Nobody, &mut faults);
            let told: Vec<String> = faults.into_iter().map(|fault| fault.message).collect();
            told
        };
        assert_eq!(faults("v1"), Vec::<String>::new());
        assert_eq!(
            faults("v1beta1"),
            ["its definition does not serve `A` in `a.example/v1beta1`"]
        );
    }
}
