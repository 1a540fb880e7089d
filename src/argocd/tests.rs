use std::sync::Arc;

use super::*;
use crate::cluster::Settings;
use crate::manifest::{Resource, Scopes, field_path, flatten};
use crate::project::Repository;
use crate::yaml::{Limits, read};

fn settings(whole: bool) -> Settings {
    Settings {
        environment: "prod".to_owned(),
        environments: vec!["prod".to_owned()],
        repository: Repository {
            url: Some("https://git.example.com/shop/config".to_owned()),
            ..Repository::default()
        },
        whole,
        ..Settings::default()
    }
}

/// Checks objects and returns a line for each finding: severity, rule, field, the text that is pointed at, the message.
fn lines(yaml: &str, whole: bool) -> Vec<String> {
    let stream = read(&Arc::from(yaml), &Limits::default());
    assert!(stream.problems.is_empty(), "{:?}", stream.problems);
    let documents = stream.documents.into_iter().flat_map(flatten);
    let resources: Vec<Resource> = documents.map(Resource::new).collect();
    let settings = settings(whole);
    let cluster = Cluster::new(resources.iter().collect(), Scopes::default(), &settings);
    let found = check(&cluster).into_iter().map(|found| {
        let fault = found.fault;
        assert!(fault.help.is_some(), "{}", fault.message);
        let field = field_path(resources[found.object].root(), fault.node);
        let at = fault.node.as_str().unwrap_or("{}");
        let rule = fault.rule.as_str().trim_start_matches("argocd/");
        format!("{} {rule} {field} [{at}] {}", fault.severity, fault.message)
    });
    found.collect()
}

/// Checks an object with annotations.
fn annotated(annotations: &str) -> Vec<String> {
    let yaml = format!(
        "apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: a, annotations: {{{annotations}}}}}\n"
    );
    let found = lines(&yaml, true).into_iter();
    // The field is the same each time.
    found
        .map(|line| line.replace("metadata.annotations[argocd.argoproj.io/", "["))
        .collect()
}

/// Checks an Application by its spec.
fn application(spec: &str) -> Vec<String> {
    lines(
        &format!(
            "apiVersion: argoproj.io/v1alpha1\nkind: Application\nmetadata: {{name: a, namespace: argocd}}\nspec: {spec}\n"
        ),
        true,
    )
}

const NOTHING: [&str; 0] = [];

#[test]
fn options_are_compared_letter_by_letter() {
    for options in [
        "Prune=false",
        "Prune=confirm,Delete=confirm",
        " ServerSideApply=true , Validate=false",
        "Replace=true,Force=true",
        "SkipDryRunOnMissingResource=true",
        "",
        "{{ x }}=true",
    ] {
        let found = annotated(&format!("argocd.argoproj.io/sync-options: '{options}'"));
        assert_eq!(found, NOTHING, "{options}");
    }
    for (options, expected) in [
        (
            "Prune=False",
            "error sync-option [sync-options] [Prune=False] Argo CD passes over `Prune=False`",
        ),
        (
            "ServersideApply=true",
            "error sync-option [sync-options] [ServersideApply=true] Argo CD knows no sync option `ServersideApply`, and passes over it; did you mean `ServerSideApply`?",
        ),
        (
            "Replace",
            "error sync-option [sync-options] [Replace] Argo CD passes over `Replace`",
        ),
        (
            "OfTomorrow=true",
            "warning sync-option [sync-options] [OfTomorrow=true] Argo CD knows no sync option `OfTomorrow`, and passes over it",
        ),
        (
            "CreateNamespace=true",
            "warning sync-option [sync-options] [CreateNamespace=true] `CreateNamespace` counts for whole Applications; on an object it does nothing",
        ),
        (
            "Replace=true,ServerSideApply=true",
            "warning sync-option [sync-options] [Replace=true,ServerSideApply=true] `Replace=true` wins: `ServerSideApply=true` does nothing beside it",
        ),
    ] {
        let found = annotated(&format!("argocd.argoproj.io/sync-options: '{options}'"));
        assert_eq!(found, [expected]);
    }
    assert_eq!(
        annotated("argocd.argoproj.io/compare-options: 'IgnoreExtraneous,ServerSideDiff=true'"),
        NOTHING
    );
    assert_eq!(
        annotated(
            "argocd.argoproj.io/compare-options: 'IgnoreExtraneous=true, ServerSideDif=true'"
        ),
        [
            "error sync-option [compare-options] [IgnoreExtraneous=true, ServerSideDif=true] Argo CD passes over `IgnoreExtraneous=true`",
            "error sync-option [compare-options] [IgnoreExtraneous=true, ServerSideDif=true] Argo CD knows no compare option `ServerSideDif`, and passes over it; did you mean `ServerSideDiff`?",
        ]
    );
}

#[test]
fn options_of_applications_are_items() {
    let all = "{project: x, syncPolicy: {syncOptions: [CreateNamespace=true, PrunePropagationPolicy=foreground, 'RespectIgnoreDifferences=true', Delete=confirm], managedNamespaceMetadata: {labels: {a: b}}}}";
    assert_eq!(application(all), NOTHING);
    assert_eq!(
        application(
            "{project: x, syncPolicy: {syncOptions: [' ServerSideApply=true', 'CreateNamespace = true', PrunePropagationPolicy=Foreground], managedNamespaceMetadata: {labels: {a: b}}}}"
        ),
        [
            "error sync-option spec.syncPolicy.syncOptions[0] [ ServerSideApply=true] Argo CD passes over ` ServerSideApply=true`",
            "error sync-option spec.syncPolicy.syncOptions[1] [CreateNamespace = true] Argo CD passes over `CreateNamespace = true`",
            "error sync-option spec.syncPolicy.syncOptions[2] [PrunePropagationPolicy=Foreground] Argo CD passes over `PrunePropagationPolicy=Foreground`",
            "error sync-option spec.syncPolicy.managedNamespaceMetadata [managedNamespaceMetadata] Argo CD sets `managedNamespaceMetadata` only where it makes the namespace",
        ]
    );
    let set = "apiVersion: argoproj.io/v1alpha1\nkind: ApplicationSet\nmetadata: {name: a}\nspec: {template: {spec: {project: '{{x}}', syncPolicy: {syncOptions: ['{{y}}', Prune=no]}}}}\n";
    assert_eq!(
        lines(set, true),
        [
            "error sync-option spec.template.spec.syncPolicy.syncOptions[1] [Prune=no] Argo CD passes over `Prune=no`"
        ]
    );
}

#[test]
fn hooks_and_waves_are_read_as_argo_cd_does() {
    for annotations in [
        "argocd.argoproj.io/sync-wave: '-10'",
        "argocd.argoproj.io/sync-wave: '+3'",
        "argocd.argoproj.io/hook: PreSync, argocd.argoproj.io/hook-delete-policy: 'HookSucceeded, BeforeHookCreation'",
        "helm.sh/hook: pre-install, argocd.argoproj.io/hook-delete-policy: HookFailed",
        "argocd.argoproj.io/hook: 'PreDelete,PostDelete'",
        "argocd.argoproj.io/refresh: hard, argocd.argoproj.io/managed-by-url: x, argocd.argoproj.io/of-tomorrow: x",
        "link.argocd.argoproj.io/external-link: x, example.org/sync-wave: x",
    ] {
        assert_eq!(annotated(annotations), NOTHING, "{annotations}");
    }
    for (annotations, expected) in [
        (
            "argocd.argoproj.io/sync-wave: '1.5'",
            "error annotation [sync-wave] [1.5] a sync wave is an integer; Argo CD takes `1.5` for 0",
        ),
        (
            "argocd.argoproj.io/sync-wave: ' 1'",
            "error annotation [sync-wave] [ 1] a sync wave is an integer; Argo CD takes ` 1` for 0",
        ),
        (
            "argocd.argoproj.io/hook: Presync",
            "error annotation [hook] [Presync] Argo CD knows no hook `Presync`; did you mean `PreSync`?",
        ),
        (
            "argocd.argoproj.io/hook: Sync, argocd.argoproj.io/hook-delete-policy: Never",
            "error annotation [hook-delete-policy] [Never] Argo CD knows no hook deletion policy `Never`",
        ),
        (
            "argocd.argoproj.io/hook-delete-policy: HookFailed",
            "error annotation [hook-delete-policy] [argocd.argoproj.io/hook-delete-policy] this object is no hook: its deletion policy does nothing",
        ),
        (
            "argocd.argoproj.io/sync-option: Prune=false",
            "error annotation [sync-option] [argocd.argoproj.io/sync-option] Argo CD knows no annotation `argocd.argoproj.io/sync-option`; did you mean `argocd.argoproj.io/sync-options`?",
        ),
        (
            "argocd.argoproj.io/secret-type: repository",
            "error annotation [secret-type] [argocd.argoproj.io/secret-type] Argo CD reads `argocd.argoproj.io/secret-type` as a label; as an annotation it does nothing",
        ),
        (
            "argocd.argoproj.io/tracking-id: 'a:/ConfigMap:a/a'",
            "warning tracking [tracking-id] [argocd.argoproj.io/tracking-id] `argocd.argoproj.io/tracking-id` is Argo CD's own: it writes it to tell which Application an object belongs to",
        ),
    ] {
        assert_eq!(annotated(annotations), [expected]);
    }
    let label = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a, labels: {argocd.argoproj.io/sync-wave: '1', argocd.argoproj.io/secret-type: cluster}}\n";
    assert_eq!(
        lines(label, true),
        [
            "error annotation metadata.labels[argocd.argoproj.io/sync-wave] [argocd.argoproj.io/sync-wave] Argo CD reads `argocd.argoproj.io/sync-wave` as an annotation; as a label it does nothing"
        ]
    );
}

#[test]
fn projects_that_allow_everything_are_told() {
    let project = |spec: &str| {
        lines(
            &format!(
                "apiVersion: argoproj.io/v1alpha1\nkind: AppProject\nmetadata: {{name: a}}\nspec: {spec}\n"
            ),
            true,
        )
    };
    for spec in [
        "{}",
        "{sourceRepos: [], destinations: []}",
        "{sourceRepos: ['https://x/*'], destinations: [{server: '*', namespace: a}, {namespace: 'team-*', server: x}]}",
        "{destinations: [{namespace: '*', server: x}, {namespace: '!kube-system', server: x}]}",
        "{clusterResourceWhitelist: [{group: '', kind: Namespace}, {group: '*', kind: ClusterRole}], namespaceResourceWhitelist: [{group: '*', kind: '*'}]}",
        "{clusterResourceWhitelist: [{group: '*', kind: '*'}], clusterResourceBlacklist: [{group: '', kind: Node}]}",
    ] {
        assert_eq!(project(spec), NOTHING, "{spec}");
    }
    assert_eq!(
        project(
            "{sourceRepos: [x, '*'], sourceNamespaces: ['*'], destinations: [{server: '*', namespace: '*'}, {server: x, namespace: '*'}], clusterResourceWhitelist: [{group: '*', kind: '*'}]}"
        ),
        [
            "warning wide-project spec.sourceRepos[1] [*] manifests may come from any repository",
            "warning wide-project spec.sourceNamespaces[0] [*] whoever may make Applications in any namespace may use this project",
            "warning wide-project spec.destinations[0].namespace [*] objects may go into any namespace of any cluster",
            "warning wide-project spec.destinations[1].namespace [*] objects may go into any namespace, `kube-system` and Argo CD's own included",
            "warning wide-project spec.clusterResourceWhitelist[0] [{}] every kind of object without a namespace may be made, ClusterRoleBindings included: whoever writes to the repository is the cluster's administrator",
        ]
    );
    let default = "warning wide-project spec.project [default] the project `default` allows every repository, cluster, namespace and kind of object";
    assert_eq!(application("{project: default}"), [default]);
    let written = "apiVersion: argoproj.io/v1alpha1\nkind: AppProject\nmetadata: {name: default, namespace: argocd}\nspec: {sourceRepos: []}\n---\napiVersion: argoproj.io/v1alpha1\nkind: Application\nmetadata: {name: a, namespace: argocd}\nspec: {project: default}\n";
    assert_eq!(lines(written, true), NOTHING);
}

#[test]
fn differences_that_are_nearly_all_are_told() {
    for entry in [
        "{group: apps, kind: Deployment, jsonPointers: [/spec/replicas, /metadata/labels/a~1b]}",
        "{kind: Secret, jsonPointers: [/data]}",
        "{kind: X, jqPathExpressions: ['.webhooks[]?.clientConfig.caBundle', '.spec.replicas']}",
        "{kind: X, managedFieldsManagers: [kube-controller-manager]}",
    ] {
        let found = application(&format!("{{project: x, ignoreDifferences: [{entry}]}}"));
        assert_eq!(found, NOTHING, "{entry}");
    }
    let wide = "is nearly all of the object: Argo CD sees no change of it, and mends none";
    for (entry, expected) in [
        ("{kind: X, jsonPointers: [/spec]}", format!("jsonPointers[0] [/spec] `/spec` {wide}")),
        ("{kind: X, jsonPointers: ['']}", format!("jsonPointers[0] [] `` {wide}")),
        ("{kind: X, jqPathExpressions: [.]}", format!("jqPathExpressions[0] [.] `.` {wide}")),
        ("{kind: ConfigMap, jsonPointers: [/data]}", format!("jsonPointers[0] [/data] `/data` {wide}")),
        (
            "{kind: X, jsonPointers: [spec/replicas]}",
            "jsonPointers[0] [spec/replicas] `spec/replicas` is no JSON pointer, and ignores nothing".to_owned(),
        ),
        (
            "{kind: X, managedFieldsManagers: [argocd-controller]}",
            "managedFieldsManagers[0] [argocd-controller] `argocd-controller` owns all fields that Argo CD applies: it sees no change of them, and mends none".to_owned(),
        ),
    ] {
        let found = application(&format!("{{project: x, ignoreDifferences: [{entry}]}}"));
        assert_eq!(found, [format!("warning ignored-difference spec.ignoreDifferences[0].{expected}")]);
    }
}

#[test]
fn an_empty_source_must_not_delete_everything() {
    let told = "warning prune spec.syncPolicy.automated.allowEmpty [allowEmpty] everything is deleted when the source is empty, be it by mistake";
    for (automated, expected) in [
        ("{prune: true, allowEmpty: true}", vec![told]),
        ("{prune: true, allowEmpty: false}", vec![]),
        ("{prune: false, allowEmpty: true}", vec![]),
        ("{enabled: false, prune: true, allowEmpty: true}", vec![]),
    ] {
        let found = application(&format!(
            "{{project: x, syncPolicy: {{automated: {automated}}}}}"
        ));
        assert_eq!(found, expected, "{automated}");
    }
}

/// Objects of the folders `_cluster` and `shop`, and an Application that delivers one of them.
fn delivered(folder: &str, application: &str, objects: &str) -> Vec<String> {
    lines(
        &format!(
            "apiVersion: argoproj.io/v1alpha1\nkind: Application\nmetadata: {{name: shop, namespace: argocd{application}\n  source: {{repoURL: 'https://git.example.com/shop/config', path: rendered/prod/{folder}}}\n---\n{objects}"
        ),
        true,
    )
}

#[test]
fn what_data_goes_with_is_not_deleted_by_itself() {
    let namespace = "apiVersion: v1\nkind: Namespace\nmetadata: {name: shop, annotations: {argocd.argoproj.io/sync-options: 'OPTIONS'}}\n";
    let prune = "}\nspec:\n  project: x\n  syncPolicy: {automated: {prune: true}}";
    let cascade = ", finalizers: [resources-finalizer.argocd.argoproj.io]}\nspec:\n  project: x";
    let both = ", finalizers: [resources-finalizer.argocd.argoproj.io/background]}\nspec:\n  project: x\n  syncPolicy: {automated: {prune: true}}";
    let plain = "}\nspec:\n  project: x";
    let confirmed = "}\nspec:\n  project: x\n  syncPolicy: {automated: {prune: true}, syncOptions: [Prune=confirm]}";
    let told = |when: &str| {
        vec![format!(
            "warning prune metadata.name [name] Argo CD deletes this Namespace, with everything in it, {when}"
        )]
    };
    for (application, options, expected) in [
        (plain, "", vec![]),
        (prune, "", told("when it is no longer rendered")),
        (prune, "Prune=false", vec![]),
        (prune, "Prune=confirm", vec![]),
        (prune, "Delete=false", told("when it is no longer rendered")),
        (confirmed, "", vec![]),
        (cascade, "", told("when the Application `shop` is deleted")),
        (cascade, "Delete=confirm", vec![]),
        (
            both,
            "",
            told("when it is no longer rendered, or when the Application `shop` is deleted"),
        ),
        (
            both,
            "Prune=false",
            told("when the Application `shop` is deleted"),
        ),
    ] {
        let object = namespace.replace("OPTIONS", options);
        assert_eq!(
            delivered("_cluster", application, &object),
            expected,
            "{application} {options}"
        );
        // Another folder is another's.
        assert_eq!(delivered("other", application, &object), NOTHING);
    }
    for (object, expected) in [
        (
            "apiVersion: v1\nkind: PersistentVolumeClaim\nmetadata: {name: a, namespace: shop}\n",
            Some("PersistentVolumeClaim, and with it the data on its volume"),
        ),
        (
            "apiVersion: apps/v1\nkind: StatefulSet\nmetadata: {name: a, namespace: shop}\nspec: {}\n",
            None,
        ),
        (
            "apiVersion: apps/v1\nkind: StatefulSet\nmetadata: {name: a, namespace: shop}\nspec: {persistentVolumeClaimRetentionPolicy: {whenDeleted: Delete}}\n",
            Some("StatefulSet, and with it the data on its volumes"),
        ),
        (
            "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a, namespace: shop}\n",
            None,
        ),
    ] {
        let expected = expected.map(|what| format!("warning prune metadata.name [name] Argo CD deletes this {what}, when it is no longer rendered"));
        assert_eq!(
            delivered("shop", prune, object),
            Vec::from_iter(expected),
            "{object}"
        );
    }
}

#[test]
fn what_is_too_large_is_applied_by_the_server() {
    let object = format!(
        "apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: a, namespace: shop}}\ndata: {{a: {}}}\n",
        "x".repeat(300_000)
    );
    let told = "error too-large metadata.name [name] the API server refuses this: client-side apply keeps the whole object in an annotation, its 300097 bytes are more than the 262144 that annotations may have";
    for (application, expected) in [
        ("}\nspec:\n  project: x", vec![told]),
        (
            "}\nspec:\n  project: x\n  syncPolicy: {syncOptions: [ServerSideApply=true]}",
            vec![],
        ),
        (
            "}\nspec:\n  project: x\n  syncPolicy: {syncOptions: [Replace=true]}",
            vec![],
        ),
    ] {
        assert_eq!(delivered("shop", application, &object), expected);
    }
    let own = |option: &str| {
        object.replace(
            "namespace: shop}",
            &format!(
                "namespace: shop, annotations: {{argocd.argoproj.io/sync-options: {option}}}}}"
            ),
        )
    };
    assert_eq!(
        delivered(
            "shop",
            "}\nspec:\n  project: x",
            &own("ServerSideApply=true")
        ),
        NOTHING
    );
    let whole = "}\nspec:\n  project: x\n  syncPolicy: {syncOptions: [ServerSideApply=true]}";
    assert_eq!(
        delivered("shop", whole, &own("ServerSideApply=false")).len(),
        1
    );
}

#[test]
fn the_label_that_argo_cd_writes_is_left_to_it() {
    let objects = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: argocd-cm, namespace: argocd}\ndata: {application.resourceTrackingMethod: METHOD}\n---\napiVersion: v1\nkind: Service\nmetadata: {name: a, namespace: shop, labels: {app.kubernetes.io/instance: VALUE}}\n";
    let told = "warning tracking metadata.labels[app.kubernetes.io/instance] [app.kubernetes.io/instance] Argo CD tells its objects by the label `app.kubernetes.io/instance`, and replaces this value by the Application's name, `shop`";
    for (method, value, expected) in [
        ("annotation", "a", vec![]),
        ("label", "shop", vec![]),
        ("label", "a", vec![told]),
        ("annotation+label", "a", vec![told]),
    ] {
        let objects = objects.replace("METHOD", method).replace("VALUE", value);
        assert_eq!(
            delivered("shop", "}\nspec:\n  project: x", &objects),
            expected,
            "{method} {value}"
        );
    }
}

#[test]
fn argo_cds_own_settings_are_read() {
    let map = |name: &str, data: &str| {
        lines(
            &format!(
                "apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: {name}, namespace: argocd}}\ndata: {data}\n"
            ),
            true,
        )
    };
    for (name, data) in [
        (
            "argocd-cm",
            "{users.anonymous.enabled: 'false', exec.enabled: 'false', admin.enabled: 'false', url: x}",
        ),
        (
            "argocd-cmd-params-cm",
            "{server.insecure: 'true', server.disable.auth: 'false'}",
        ),
        (
            "argocd-rbac-cm",
            "{policy.default: 'role:readonly', policy.csv: \"g, ops, role:admin\\np, role:ops, *, *, *, allow\\n\"}",
        ),
        (
            "argocd-rbac-cm",
            "{policy.default: '', policy.csv: 'p, role:viewer, applications, get, */*, allow'}",
        ),
        ("other", "{users.anonymous.enabled: 'true'}"),
    ] {
        assert_eq!(map(name, data), NOTHING, "{name} {data}");
    }
    for (name, data, expected) in [
        (
            "argocd-cm",
            "{users.anonymous.enabled: 'true'}",
            "error insecure data[users.anonymous.enabled] [users.anonymous.enabled] everybody who reaches Argo CD is in, without a login",
        ),
        (
            "argocd-cm",
            "{admin.enabled: 'true'}",
            "note insecure data[admin.enabled] [admin.enabled] the built-in user `admin` may do everything, and nobody knows who it is",
        ),
        (
            "argocd-cm",
            "{exec.enabled: 'true'}",
            "warning insecure data[exec.enabled] [exec.enabled] Argo CD opens shells in pods for whoever has the right `exec`, past the cluster's own rights",
        ),
        (
            "argocd-cm",
            "{oidc.tls.insecure.skip.verify: 'true'}",
            "error insecure data[oidc.tls.insecure.skip.verify] [oidc.tls.insecure.skip.verify] Argo CD believes any server that says who has logged in",
        ),
        (
            "argocd-cmd-params-cm",
            "{server.disable.auth: 'true'}",
            "error insecure data[server.disable.auth] [server.disable.auth] everybody who reaches Argo CD may do everything, without a login",
        ),
        (
            "argocd-rbac-cm",
            "{policy.default: 'role:admin'}",
            "error insecure data[policy.default] [policy.default] everybody who logs in may do everything",
        ),
        (
            "argocd-rbac-cm",
            "{policy.default: 'role:ops', policy.csv: 'p, role:ops, *, *, */*, allow'}",
            "error insecure data[policy.csv] [policy.csv] everybody who logs in may do everything: `role:ops` is what `policy.default` gives them",
        ),
        (
            "argocd-cm",
            "{resource.customizations.ignoreDifferences.all: \"jsonPointers:\\n- /spec\\n\"}",
            "warning ignored-difference data[resource.customizations.ignoreDifferences.all] [resource.customizations.ignoreDifferences.all] `/spec` is nearly all of the object: Argo CD sees no change of it, and mends none",
        ),
    ] {
        assert_eq!(map(name, data), [expected]);
    }
    let secret = |data: &str| {
        lines(
            &format!(
                "apiVersion: v1\nkind: Secret\nmetadata: {{name: a, labels: {{argocd.argoproj.io/secret-type: repository}}}}\n{data}\n"
            ),
            true,
        )
    };
    assert_eq!(secret("stringData: {url: x, insecure: 'false'}"), NOTHING);
    let told = "[insecure] Argo CD takes manifests from whatever server answers: it does not check who it is";
    assert_eq!(
        secret("stringData: {insecure: 'true'}"),
        [format!("warning insecure stringData.insecure {told}")]
    );
    assert_eq!(
        secret("data: {insecure: dHJ1ZQ==}"),
        [format!("warning insecure data.insecure {told}")]
    );
}

#[test]
fn plain_manifests_have_warnings_at_most_and_no_deliveries() {
    let yaml = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a, annotations: {argocd.argoproj.io/sync-wave: x}}\n---\napiVersion: argoproj.io/v1alpha1\nkind: Application\nmetadata: {name: a}\nspec: {project: default}\n";
    let found = lines(yaml, false);
    assert_eq!(found.len(), 1);
    assert!(found[0].starts_with("warning annotation"), "{found:?}");
}

#[test]
fn hostile_objects_are_passed_over() {
    for yaml in [
        "a",
        "[]",
        "{kind: Application, apiVersion: argoproj.io/v1alpha1}",
        "{kind: Application, apiVersion: argoproj.io/v1alpha1, spec: [], metadata: 1}",
        "{kind: AppProject, apiVersion: argoproj.io/v1alpha1, spec: {sourceRepos: {}, destinations: [1, []]}}",
        "{kind: ConfigMap, apiVersion: v1, metadata: {name: argocd-cm}, data: {resource.customizations.ignoreDifferences.x: '[[['}}",
        "{kind: ConfigMap, apiVersion: v1, metadata: {name: argocd-rbac-cm}, data: {policy.default: x, policy.csv: ',,,,,,\\n\\n'}}",
        "{metadata: {annotations: {argocd.argoproj.io/hook: 1, argocd.argoproj.io/: x, argocd.argoproj.io/sync-options: []}}}",
    ] {
        assert_eq!(lines(yaml, true), NOTHING, "{yaml}");
    }
}
