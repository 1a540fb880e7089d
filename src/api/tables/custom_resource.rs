//! Definitions of custom resources (`k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/validation`).

use std::collections::HashSet;

use crate::api::Fact::{OneOf, Required, Spelled};
use crate::api::fact::{given, is_empty, text, wanting};
use crate::api::field::{items, present};
use crate::api::names::Spelling::{Label1035, Subdomain};
use crate::api::{Context, Definition, rules, structural, webhook};
use crate::manifest::Fault;
use crate::yaml::{Kind, Node};

/// The annotation by which the Kubernetes project approves of definitions in its own groups.
const APPROVED: &str = "api-approved.kubernetes.io";

pub(super) const TABLE: &[Definition] = &[
    Definition {
        name: "apiextensions.v1.CustomResourceDefinition",
        facts: &[],
        rules: &[name, approval],
    },
    Definition {
        name: "apiextensions.v1.CustomResourceDefinitionSpec",
        facts: &[
            ("group", Required),
            ("group", Spelled(Subdomain)),
            ("scope", Required),
            ("scope", OneOf(&["Cluster", "Namespaced"])),
        ],
        rules: &[group, versions, preserves],
    },
    Definition {
        name: "apiextensions.v1.CustomResourceDefinitionNames",
        facts: &[
            ("kind", Required),
            ("plural", Required),
            ("plural", Spelled(Label1035)),
            ("singular", Spelled(Label1035)),
            ("shortNames", Spelled(Label1035)),
            ("categories", Spelled(Label1035)),
        ],
        rules: &[kinds],
    },
    Definition {
        name: "apiextensions.v1.CustomResourceDefinitionVersion",
        facts: &[("name", Required), ("name", Spelled(Label1035))],
        rules: &[schema, deprecation, selectable_fields],
    },
    Definition {
        name: "apiextensions.v1.CustomResourceColumnDefinition",
        facts: &[
            ("name", Required),
            ("type", Required),
            (
                "type",
                OneOf(&["integer", "number", "string", "boolean", "date"]),
            ),
            (
                "format",
                OneOf(&[
                    "int32",
                    "int64",
                    "float",
                    "double",
                    "byte",
                    "date",
                    "date-time",
                    "password",
                ]),
            ),
            ("jsonPath", Required),
        ],
        rules: &[column_path],
    },
    Definition {
        name: "apiextensions.v1.CustomResourceSubresourceScale",
        facts: &[
            ("specReplicasPath", Required),
            ("statusReplicasPath", Required),
        ],
        rules: &[scale_paths],
    },
    Definition {
        name: "apiextensions.v1.SelectableField",
        facts: &[("jsonPath", Required)],
        rules: &[],
    },
    Definition {
        name: "apiextensions.v1.CustomResourceConversion",
        facts: &[
            ("strategy", Required),
            ("strategy", OneOf(&["None", "Webhook"])),
        ],
        rules: &[conversion],
    },
];

/// A definition is called by the plural and the group.
fn name<'a>(context: &Context<'a>, definition: Node<'a>, faults: &mut Vec<Fault<'a>>) {
    let word = |path: &[&str]| {
        definition
            .path(path)
            .and_then(Node::as_str)
            .filter(|text| !text.is_empty())
    };
    let (plural, group) = (word(&["spec", "names", "plural"]), word(&["spec", "group"]));
    let name = context
        .object
        .path(&["metadata", "name"])
        .filter(|name| !is_empty(*name));
    if let (Some(plural), Some(group), Some(name)) = (plural, group, name) {
        let whole = format!("{plural}.{group}");
        if name.as_str().is_some_and(|name| name != whole) {
            let message =
                format!("a definition's name is its plural, a dot and its group: `{whole}`");
            faults.push(Fault::new(&rules::NAME, name, message));
        }
    }
}

/// Groups of the Kubernetes project are for what the project approves of.
fn approval<'a>(context: &Context<'a>, definition: Node<'a>, faults: &mut Vec<Fault<'a>>) {
    let group = definition
        .path(&["spec", "group"])
        .and_then(Node::as_str)
        .unwrap_or_default();
    let protected = ["k8s.io", "kubernetes.io"];
    if !protected.iter().any(|of| {
        group
            .strip_suffix(of)
            .is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
    }) {
        return;
    }
    let Some(meta) = context.object.get("metadata") else {
        return;
    };
    let annotation = meta
        .get("annotations")
        .and_then(|annotations| annotations.get(APPROVED));
    let help = "use a group of your own domain";
    match annotation.and_then(Node::as_str).unwrap_or_default() {
        "" => {
            let message = format!(
                "groups below `k8s.io` and `kubernetes.io` need the annotation `{APPROVED}`"
            );
            let fault = match annotation {
                Some(annotation) => Fault::new(&rules::REQUIRED, annotation, message),
                None => Fault::new(&rules::REQUIRED, meta, message)
                    .below(format!("annotations[{APPROVED}]")),
            };
            faults.push(fault.help(help));
        }
        text if text.starts_with("unapproved") || is_url(text) => {}
        _ => faults.extend(annotation.map(|annotation| {
            let message = "this must be the URL of the approval, or begin with `unapproved`";
            Fault::new(&rules::FORMAT, annotation, message).help(help)
        })),
    }
}

fn is_url(text: &str) -> bool {
    text.split_once("://").is_some_and(|(scheme, rest)| {
        !scheme.is_empty() && !rest.is_empty() && !rest.starts_with('/')
    })
}

fn group<'a>(_: &Context<'a>, spec: Node<'a>, faults: &mut Vec<Fault<'a>>) {
    let single = |group: &str| !group.contains('.') && Subdomain.fault(group).is_none();
    let group = spec
        .get("group")
        .filter(|group| group.as_str().is_some_and(single));
    faults.extend(group.map(|group| {
        let message = "a group is a domain, with at least one dot: `ops.example.com`";
        Fault::new(&rules::NAME, group, message)
    }));
}

/// Versions have names of their own, and one of them is stored.
fn versions<'a>(_: &Context<'a>, spec: Node<'a>, faults: &mut Vec<Fault<'a>>) {
    let (mut seen, mut stored) = (HashSet::new(), 0);
    for version in items(spec, "versions") {
        if version.get("storage").and_then(Node::as_bool) == Some(true) {
            stored += 1;
        }
        if let Some(name) = given(version, "name").filter(|name| !seen.insert(name.as_str())) {
            faults.push(Fault::new(
                &rules::DUPLICATE,
                name,
                "another version has the same name",
            ));
        }
    }
    if let Some(list) = spec.get("versions").filter(|_| stored != 1) {
        let message = format!("exactly one version must have `storage: true`, and {stored} have");
        faults.push(
            Fault::new(&rules::ALTERNATIVES, list, message)
                .help("choose the version in which objects are stored"),
        );
    }
}

fn preserves<'a>(_: &Context<'a>, spec: Node<'a>, faults: &mut Vec<Fault<'a>>) {
    let flag = spec
        .get("preserveUnknownFields")
        .filter(|flag| flag.as_bool() == Some(true));
    faults.extend(flag.map(|flag| {
        let fault = Fault::new(&rules::CONFLICT, flag, "definitions of `v1` prune what their schema does not name");
        fault.help("remove it, and set `x-kubernetes-preserve-unknown-fields: true` in the schema where it is needed")
    }));
}

fn kinds<'a>(_: &Context<'a>, names: Node<'a>, faults: &mut Vec<Fault<'a>>) {
    for field in ["kind", "listKind"] {
        webhook::kind(names, field, faults);
    }
    let same = given(names, "listKind").filter(|list| list.as_str() == Some(text(names, "kind")));
    faults.extend(same.map(|list| {
        let fault = Fault::new(&rules::CONFLICT, list, "`listKind` must not be `kind`");
        fault.help("remove it: by default it is the kind with `List` behind it")
    }));
}

fn schema<'a>(context: &Context<'a>, version: Node<'a>, faults: &mut Vec<Fault<'a>>) {
    let root = version
        .path(&["schema", "openAPIV3Schema"])
        .filter(|root| !root.is_null());
    match (
        root,
        version
            .get("schema")
            .filter(|schema| schema.kind() == Kind::Map),
    ) {
        (Some(root), _) => {
            let status = version
                .path(&["subresources", "status"])
                .is_some_and(|status| !status.is_null());
            structural::check(root, status, context.share.schemas, faults);
        }
        (None, schema) => {
            let (node, below) = match schema {
                Some(schema) => (schema, "openAPIV3Schema"),
                None => (version, "schema.openAPIV3Schema"),
            };
            let fault =
                Fault::new(&rules::REQUIRED, node, "each version needs a schema").below(below);
            let help = "describe the objects; `{type: object, x-kubernetes-preserve-unknown-fields: true}` takes anything";
            faults.push(fault.help(help));
        }
    }
}

fn deprecation<'a>(_: &Context<'a>, version: Node<'a>, faults: &mut Vec<Fault<'a>>) {
    let Some((node, warning)) =
        present(version, "deprecationWarning").and_then(|node| Some((node, node.as_str()?)))
    else {
        return;
    };
    let (rule, message) = if version.get("deprecated").and_then(Node::as_bool) != Some(true) {
        (
            &rules::CONFLICT,
            "a version that is not deprecated has no warning",
        )
    } else if warning.is_empty() {
        (&rules::REQUIRED, "the warning must not be empty")
    } else if warning.len() > 256 {
        (
            &rules::RANGE,
            "the warning must have at most 256 characters",
        )
    } else if warning.chars().any(char::is_control) {
        (&rules::FORMAT, "the warning must be one line")
    } else {
        return;
    };
    faults.push(
        Fault::new(rule, node, message).help("remove it: the server makes a warning by itself"),
    );
}

fn column_path<'a>(_: &Context<'a>, column: Node<'a>, faults: &mut Vec<Fault<'a>>) {
    simple_path(column, "jsonPath", &[""], faults);
}

fn scale_paths<'a>(_: &Context<'a>, scale: Node<'a>, faults: &mut Vec<Fault<'a>>) {
    simple_path(scale, "specReplicasPath", &[".spec."], faults);
    simple_path(scale, "statusReplicasPath", &[".status."], faults);
    simple_path(scale, "labelSelectorPath", &[".spec.", ".status."], faults);
}

/// Checks that a path begins with a dot, and with one of some beginnings.
fn simple_path<'a>(owner: Node<'a>, field: &str, beginnings: &[&str], faults: &mut Vec<Fault<'a>>) {
    let Some((node, path)) = given(owner, field).and_then(|node| Some((node, node.as_str()?)))
    else {
        return;
    };
    if !path.starts_with('.') {
        let fault = Fault::new(
            &rules::PATH,
            node,
            "this must be a path from the object, which begins with a dot: `.status.phase`",
        );
        faults.push(fault);
    } else if !beginnings
        .iter()
        .any(|beginning| path.starts_with(beginning))
    {
        let list = beginnings
            .iter()
            .map(|beginning| format!("`{beginning}`"))
            .collect::<Vec<_>>()
            .join(" or ");
        faults.push(Fault::new(
            &rules::PATH,
            node,
            format!("this path must begin with {list}"),
        ));
    }
}

/// Fields by which objects can be selected are in the schema, and are scalars.
fn selectable_fields<'a>(_: &Context<'a>, version: Node<'a>, faults: &mut Vec<Fault<'a>>) {
    let Some(root) = version.path(&["schema", "openAPIV3Schema"]) else {
        return;
    };
    let mut seen = HashSet::new();
    for field in items(version, "selectableFields") {
        let Some((node, path)) =
            given(field, "jsonPath").and_then(|node| Some((node, node.as_str()?)))
        else {
            continue;
        };
        let found = follow(root, path);
        let (rule, message) = match found.map(|schema| text(schema, "type")) {
            _ if path.starts_with(".metadata.") => (
                &rules::CONFLICT,
                "fields of `metadata` are not selectable here",
            ),
            Some("string" | "boolean" | "integer") if seen.insert(path) => continue,
            Some("string" | "boolean" | "integer") => {
                (&rules::DUPLICATE, "this field is there twice")
            }
            Some(_) => (
                &rules::CONFLICT,
                "a selectable field is a string, a boolean or an integer",
            ),
            None => (&rules::DANGLING, "the schema has no field at this path"),
        };
        faults.push(Fault::new(rule, node, message));
    }
    if let Some(list) = version.get("selectableFields").filter(|_| seen.len() > 8) {
        let message = format!(
            "a version has at most 8 selectable fields, and this has {}",
            seen.len()
        );
        faults.push(Fault::new(&rules::RANGE, list, message));
    }
}

/// Returns the schema at a path such as `.spec.color` or `.spec['a.b']`.
fn follow<'a>(root: Node<'a>, path: &str) -> Option<Node<'a>> {
    let (mut node, mut rest) = (root, path);
    while !rest.is_empty() {
        let name = if let Some(quoted) = rest.strip_prefix("['") {
            let (name, after) = quoted.split_once("']")?;
            rest = after;
            name
        } else {
            let plain = rest.strip_prefix('.')?;
            let end = plain.find(['.', '[']).unwrap_or(plain.len());
            let (name, after) = plain.split_at_checked(end)?;
            rest = after;
            name
        };
        let property = node
            .get("properties")
            .and_then(|properties| properties.get(name));
        let values = || {
            node.get("additionalProperties")
                .filter(|values| values.kind() == Kind::Map)
        };
        node = property.or_else(values)?;
    }
    (!path.is_empty()).then_some(node)
}

fn conversion<'a>(_: &Context<'a>, conversion: Node<'a>, faults: &mut Vec<Fault<'a>>) {
    let hook = present(conversion, "webhook");
    match (text(conversion, "strategy"), hook) {
        ("Webhook", None) => {
            let fault = wanting(conversion, "webhook", "`strategy: Webhook` needs `webhook`");
            faults.push(fault.help("set `webhook`, or `strategy: None`"));
        }
        ("Webhook", Some(hook)) => {
            match present(hook, "clientConfig") {
                Some(config) => webhook::client(config, faults),
                None => faults.push(wanting(
                    hook,
                    "clientConfig",
                    "a conversion by webhook needs `clientConfig`",
                )),
            }
            webhook::review_versions(hook, "conversionReviewVersions", faults);
        }
        ("None", Some(_)) => {
            let key = conversion.entry("webhook").map(|(key, _)| key);
            faults.extend(key.map(|key| {
                let fault = Fault::new(
                    &rules::CONFLICT,
                    key,
                    "`webhook` is for `strategy: Webhook` only",
                );
                fault.help("remove it, or set `strategy: Webhook`")
            }));
        }
        _ => {}
    }
}

#[cfg(test)]
#[allow(clippy::too_many_lines, reason = "cases are lines of a table")]
mod tests {
    use crate::api::testing::{accepted, faults, refused};

    const DEFINITION: &str = "
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata:
  name: backups.ops.example.com
spec:
  group: ops.example.com
  scope: Namespaced
  names: {kind: Backup, plural: backups}
  versions:
    - name: v1
      served: true
      storage: true
      subresources: {}
      schema:
        openAPIV3Schema:
          type: object
          properties:
            spec: {type: object, properties: {keep: {type: integer}, color: {type: string}, tags: {type: object, additionalProperties: {type: string}}}}
            status: {type: object, properties: {replicas: {type: integer}}}
";

    #[test]
    fn names_group_and_scope() {
        let names = "names: {kind: Backup, plural: backups}";
        let with = |more: &str| format!("names: {{kind: Backup, plural: backups, {more}}}");
        refused(
            DEFINITION,
            &[
                (
                    "name: backups.ops.example.com",
                    "name: backup.ops.example.com",
                    "api/name",
                    "metadata.name",
                    "backup.ops.example.com",
                ),
                (
                    "scope: Namespaced",
                    "scope: Namespace",
                    "api/enum",
                    "spec.scope",
                    "Namespace",
                ),
                (
                    "scope: Namespaced",
                    "scope: ''",
                    "api/required",
                    "spec.scope",
                    "''",
                ),
                (
                    names,
                    "names: {kind: Back_up, plural: backups}",
                    "api/name",
                    "spec.names.kind",
                    "Back_up",
                ),
                (
                    names,
                    &with("singular: Backup"),
                    "api/name",
                    "spec.names.singular",
                    "Backup",
                ),
                (
                    names,
                    &with("shortNames: [b, B]"),
                    "api/name",
                    "spec.names.shortNames[1]",
                    "B",
                ),
                (
                    names,
                    &with("categories: [all, A_b]"),
                    "api/name",
                    "spec.names.categories[1]",
                    "A_b",
                ),
                (
                    names,
                    &with("listKind: Backup"),
                    "api/conflict",
                    "spec.names.listKind",
                    "Backup",
                ),
                (
                    names,
                    "names: {plural: backups, kind: ''}",
                    "api/required",
                    "spec.names.kind",
                    "''",
                ),
                (
                    "scope: Namespaced",
                    "scope: Namespaced\n  preserveUnknownFields: true",
                    "api/conflict",
                    "spec.preserveUnknownFields",
                    "true",
                ),
            ],
        );
        accepted(
            DEFINITION,
            &[
                (
                    names,
                    &with(
                        "singular: backup, listKind: BackupList, shortNames: [bk], categories: [all]",
                    ),
                ),
                (
                    "scope: Namespaced",
                    "scope: Cluster\n  preserveUnknownFields: false",
                ),
                (
                    "name: backups.ops.example.com",
                    "name: backups.ops.example.com\n  annotations: {api-approved.kubernetes.io: x}",
                ),
            ],
        );
        // As tools once wrote it.
        let with_status = format!(
            "{DEFINITION}status: {{acceptedNames: {{kind: '', plural: ''}}, conditions: [{{type: A}}]}}\n"
        );
        accepted(&with_status, &[("scope: Namespaced", "scope: Cluster")]);
        let single = DEFINITION.replace("ops.example.com", "ops");
        assert_eq!(
            faults(&single),
            [("api/name", "spec.group".to_owned(), "ops".to_owned())]
        );
        let capital = DEFINITION.replace("group: ops", "group: Ops");
        assert!(faults(&capital).iter().any(|fault| fault.1 == "spec.group"));
    }

    #[test]
    fn groups_of_the_project_are_approved() {
        let base = DEFINITION
            .replace("ops.example.com", "ops.x-k8s.io")
            .replace("ops.x-k8s.io\n", "ops.k8s.io\n");
        let annotated = |value: &str| {
            let annotation =
                format!("ops.k8s.io\n  annotations: {{api-approved.kubernetes.io: {value}}}\nspec");
            base.replace("ops.k8s.io\nspec", &annotation)
        };
        let field = "metadata.annotations[api-approved.kubernetes.io]".to_owned();
        assert_eq!(
            faults(&base).first().map(|fault| fault.1.clone()),
            Some(field.clone())
        );
        assert_eq!(
            faults(&annotated("soon")),
            [("api/format", field, "soon".to_owned())]
        );
        assert_eq!(
            faults(&annotated(
                "https://github.com/kubernetes/kubernetes/pull/1"
            )),
            []
        );
        assert_eq!(faults(&annotated("unapproved for now")), []);
        assert_eq!(
            faults(&DEFINITION.replace("ops.example.com", "ops.x-k8s.io")),
            []
        );
    }

    #[test]
    fn versions() {
        let (first, storage) = ("- name: v1", "storage: true");
        let second = |rest: &str| {
            format!(
                "- {{name: v2, schema: {{openAPIV3Schema: {{type: object}}}}, {rest}}}\n    - name: v1"
            )
        };
        let field = |field: &str| format!("spec.versions[0].{field}");
        let versions = "- {name: v2, schema: {openAPIV3Schema: {type: object}}, storage: true}";
        refused(
            DEFINITION,
            &[
                (first, "- name: V1", "api/name", &field("name"), "V1"),
                (first, "- name: v1.0", "api/name", &field("name"), "v1.0"),
                (
                    storage,
                    "storage: false",
                    "api/alternatives",
                    "spec.versions",
                    "- name: v1",
                ),
                (
                    first,
                    &second("storage: true"),
                    "api/alternatives",
                    "spec.versions",
                    versions,
                ),
                (
                    first,
                    &second("served: true").replace("v2", "v1"),
                    "api/duplicate",
                    "spec.versions[1].name",
                    "v1",
                ),
                (
                    storage,
                    "storage: true\n      deprecationWarning: old",
                    "api/conflict",
                    &field("deprecationWarning"),
                    "old",
                ),
                (
                    storage,
                    "storage: true\n      deprecated: true\n      deprecationWarning: ''",
                    "api/required",
                    &field("deprecationWarning"),
                    "''",
                ),
                (
                    first,
                    "- {name: v2}\n    - name: v1",
                    "api/required",
                    &field("schema.openAPIV3Schema"),
                    "{name: v2}",
                ),
                (
                    first,
                    "- {name: v2, schema: {}}\n    - name: v1",
                    "api/required",
                    &field("schema.openAPIV3Schema"),
                    "{}",
                ),
            ],
        );
        accepted(
            DEFINITION,
            &[
                (
                    first,
                    &second("deprecated: true, deprecationWarning: use v1"),
                ),
                ("      served: true\n", ""),
            ],
        );
    }

    #[test]
    fn columns_subresources_and_fields() {
        let none = "subresources: {}";
        let column = |column: &str| format!("additionalPrinterColumns: [{{{column}}}]");
        let scale = |spec: &str, status: &str| {
            format!(
                "subresources: {{scale: {{specReplicasPath: {spec}, statusReplicasPath: {status}}}}}"
            )
        };
        let field = |field: &str| format!("spec.versions[0].{field}");
        let paths = |paths: &[&str]| {
            let fields: Vec<String> = paths
                .iter()
                .map(|path| format!("{{jsonPath: {path}}}"))
                .collect();
            format!("selectableFields: [{}]", fields.join(", "))
        };
        let selected = field("selectableFields[0].jsonPath");
        refused(
            DEFINITION,
            &[
                (
                    none,
                    &column("name: '', type: string, jsonPath: .a"),
                    "api/required",
                    &field("additionalPrinterColumns[0].name"),
                    "''",
                ),
                (
                    none,
                    &column("name: A, type: int, jsonPath: .a"),
                    "api/enum",
                    &field("additionalPrinterColumns[0].type"),
                    "int",
                ),
                (
                    none,
                    &column("name: A, type: string, format: uuid, jsonPath: .a"),
                    "api/enum",
                    &field("additionalPrinterColumns[0].format"),
                    "uuid",
                ),
                (
                    none,
                    &column("name: A, type: string, jsonPath: spec.a"),
                    "api/path",
                    &field("additionalPrinterColumns[0].jsonPath"),
                    "spec.a",
                ),
                (
                    none,
                    &scale(".status.a", ".status.b"),
                    "api/path",
                    &field("subresources.scale.specReplicasPath"),
                    ".status.a",
                ),
                (
                    none,
                    &scale("spec.a", ".status.b"),
                    "api/path",
                    &field("subresources.scale.specReplicasPath"),
                    "spec.a",
                ),
                (
                    none,
                    &scale(".spec.a", ".spec.b"),
                    "api/path",
                    &field("subresources.scale.statusReplicasPath"),
                    ".spec.b",
                ),
                (
                    none,
                    &paths(&[".spec.colour"]),
                    "api/dangling",
                    &selected,
                    ".spec.colour",
                ),
                (
                    none,
                    &paths(&["spec.color"]),
                    "api/dangling",
                    &selected,
                    "spec.color",
                ),
                (none, &paths(&[".spec"]), "api/conflict", &selected, ".spec"),
                (
                    none,
                    &paths(&[".metadata.name"]),
                    "api/conflict",
                    &selected,
                    ".metadata.name",
                ),
                (
                    none,
                    &paths(&[".spec.color", ".spec.color"]),
                    "api/duplicate",
                    &field("selectableFields[1].jsonPath"),
                    ".spec.color",
                ),
            ],
        );
        accepted(
            DEFINITION,
            &[
                (
                    none,
                    &column(
                        "name: A, type: date, jsonPath: .metadata.creationTimestamp, priority: 1",
                    ),
                ),
                (
                    none,
                    &column(
                        "name: A, type: string, jsonPath: '.status.conditions[?(@.type==\"Ready\")].status'",
                    ),
                ),
                (none, &scale(".spec.keep", ".status.replicas")),
                (none, &paths(&[".spec.color", ".spec.keep", ".spec.tags.a"])),
                (none, "subresources: {status: {}}"),
            ],
        );
    }

    #[test]
    fn conversions() {
        let (scope, field) = ("scope: Namespaced", "spec.conversion");
        let with = |conversion: &str| format!("scope: Namespaced\n  conversion: {{{conversion}}}");
        let hook = |hook: &str| with(&format!("strategy: Webhook, webhook: {{{hook}}}"));
        let service = "clientConfig: {service: {name: a, namespace: b}}";
        refused(
            DEFINITION,
            &[
                (
                    scope,
                    &with("strategy: Hook"),
                    "api/enum",
                    "spec.conversion.strategy",
                    "Hook",
                ),
                (
                    scope,
                    &with("strategy: Webhook"),
                    "api/required",
                    "spec.conversion.webhook",
                    "{strategy: Webhook}",
                ),
                (
                    scope,
                    &with("strategy: None, webhook: {conversionReviewVersions: [v1]}"),
                    "api/conflict",
                    "spec.conversion.webhook",
                    "webhook",
                ),
                (
                    scope,
                    &hook("conversionReviewVersions: [v1]"),
                    "api/required",
                    "spec.conversion.webhook.clientConfig",
                    "{conversionReviewVersions: [v1]}",
                ),
                (
                    scope,
                    &hook(&format!("{service}, conversionReviewVersions: [v2]")),
                    "api/enum",
                    &format!("{field}.webhook.conversionReviewVersions"),
                    "[v2]",
                ),
                (
                    scope,
                    &hook("clientConfig: {url: 'http://a'}, conversionReviewVersions: [v1]"),
                    "api/format",
                    &format!("{field}.webhook.clientConfig.url"),
                    "'http://a'",
                ),
            ],
        );
        accepted(
            DEFINITION,
            &[
                (scope, &with("strategy: None")),
                (
                    scope,
                    &hook(&format!("{service}, conversionReviewVersions: [v2, v1]")),
                ),
                (
                    scope,
                    &hook(
                        "clientConfig: {service: {name: a, namespace: b}, caBundle: Cg==}, conversionReviewVersions: [v1beta1]",
                    ),
                ),
            ],
        );
    }
}
