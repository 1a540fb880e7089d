//! Argo CD's Applications.

use crate::cluster::Settings;
use crate::reference::testing::{found, whole};

const REPOSITORY: &str = "https://git.example.com/org/shop";

const THERE: &str = "\
apiVersion: argoproj.io/v1alpha1
kind: AppProject
metadata: {name: shop, namespace: argocd}
spec:
  sourceRepos: ['https://git.example.com/org/*', '!https://git.example.com/org/old']
  destinations: [{server: https://kubernetes.default.svc, namespace: shop}, {name: far, namespace: 'shop-*'}]
  clusterResourceWhitelist: [{group: '', kind: Namespace, name: shop}]
  namespaceResourceBlacklist: [{group: '', kind: Secret}]
---
apiVersion: v1
kind: Namespace
metadata: {name: shop}
---
apiVersion: v1
kind: LimitRange
metadata: {name: a, namespace: shop}
---
apiVersion: v1
kind: ResourceQuota
metadata: {name: b, namespace: shop}
---
";

fn settings() -> Settings {
    let mut settings = whole();
    settings.environment = "prod".to_owned();
    settings.environments = vec!["dev".to_owned(), "prod".to_owned()];
    settings.repository.url = Some(REPOSITORY.to_owned() + ".git");
    settings.repository.revision = Some("main".to_owned());
    settings
}

fn application(name: &str, spec: &str) -> String {
    format!(
        "apiVersion: argoproj.io/v1alpha1\nkind: Application\nmetadata: {{name: {name}, namespace: argocd}}\nspec: {{{spec}}}\n---\n"
    )
}

/// The spec of an Application of this project's repository.
fn own(source: &str) -> String {
    format!(
        "project: shop, source: {{repoURL: '{REPOSITORY}', {source}}}, destination: {{server: 'https://kubernetes.default.svc', namespace: shop}}"
    )
}

fn assert_told(objects: &str, expected: &[&str]) {
    let lines = found(&(THERE.to_owned() + objects), &settings());
    assert_eq!(lines, expected, "{objects}");
}

#[test]
fn a_project_is_there() {
    let with =
        |project: &str| application("a", &own("path: x").replace("project: shop, ", project));
    for project in ["project: shop, ", "project: default, ", ""] {
        assert_told(&with(project), &[]);
    }
    assert_told(
        &with("project: shp, "),
        &[
            "error reference/missing Application/a spec.project: the AppProject `shp` is not among the objects of namespace `argocd`; did you mean `shop`?",
        ],
    );
    // Applications may live in other namespaces; projects are where Argo CD is.
    assert_told(
        &with("project: shop, ").replace("namespace: argocd", "namespace: team"),
        &[],
    );
    let set = application(
        "a",
        &format!("template: {{spec: {{{}}}}}", own("path: '{{path}}'")),
    )
    .replace("Application\n", "ApplicationSet\n");
    assert_told(&set, &[]);
    assert_told(&set.replace("project: shop", "project: '{{project}}'"), &[]);
    assert_told(
        &set.replace("project: shop", "project: shp"),
        &[
            "error reference/missing ApplicationSet/a spec.template.spec.project: the AppProject `shp` is not among the objects of namespace `argocd`; did you mean `shop`?",
        ],
    );
}

#[test]
fn a_project_allows_repositories() {
    let but_old = ", '!https://git.example.com/org/old'";
    for (more, url, expected) in [
        ("", REPOSITORY, None),
        ("", "https://git.example.com/ORG/other.git", None),
        (
            "",
            "https://user:word@git.example.org/org/x",
            Some("https://git.example.org/org/x"),
        ),
        (
            "",
            "https://git.example.com/org/a/b",
            Some("https://git.example.com/org/a/b"),
        ),
        (
            ", 'https://git.example.com/{a,b}'",
            "https://git.example.com/a",
            None,
        ),
        (
            but_old,
            "https://git.example.com/org/old",
            Some("https://git.example.com/org/old"),
        ),
        // Argo CD takes what an entry does not refuse for allowed.
        (but_old, "https://git.example.org/x", None),
    ] {
        let spec = own("path: x").replace(REPOSITORY, url);
        let expected: Vec<String> = expected
            .map(|url| format!("error reference/not-allowed Application/a spec.source.repoURL: the project `shop` does not allow the repository `{url}`"))
            .into_iter()
            .collect();
        let there = THERE.replace(", '!https://git.example.com/org/old'", more);
        assert_eq!(
            found(&(there + &application("a", &spec)), &settings()),
            expected,
            "{url}"
        );
    }
    // Global projects allow more than this one says.
    let more = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: argocd-cm, namespace: argocd, labels: {app.kubernetes.io/part-of: argocd}}\ndata: {globalProjects: x}\n---\n";
    let spec = own("path: x").replace(REPOSITORY, "https://elsewhere.example.com/a");
    let lines = found(
        &(THERE.to_owned() + more + &application("a", &spec)),
        &settings(),
    );
    assert!(
        lines.iter().all(|line| !line.contains("not-allowed")),
        "{lines:?}"
    );
}

#[test]
fn a_project_allows_destinations() {
    let refused = |place: &str, namespace: &str| {
        format!(
            "error reference/not-allowed Application/a spec.destination.namespace: the project `shop` does not allow the destination `{place}` with namespace `{namespace}`"
        )
    };
    for (destination, expected) in [
        (
            "server: 'https://kubernetes.default.svc', namespace: shop",
            None,
        ),
        ("name: in-cluster, namespace: shop", None),
        ("name: far, namespace: shop-x", None),
        // Which cluster an address or a name is, is not known.
        ("server: 'https://far.example.com', namespace: shop-x", None),
        ("name: near, namespace: shop", None),
        (
            "server: 'https://kubernetes.default.svc', namespace: other",
            Some(refused("https://kubernetes.default.svc", "other")),
        ),
        ("name: far, namespace: shop", None),
        ("name: far, namespace: other", Some(refused("far", "other"))),
    ] {
        let spec = format!(
            "project: shop, source: {{repoURL: '{REPOSITORY}', path: x}}, destination: {{{destination}}}"
        );
        let expected: Vec<String> = expected.into_iter().collect();
        assert_told(
            &application("a", &spec),
            &expected.iter().map(String::as_str).collect::<Vec<_>>(),
        );
    }
}

#[test]
fn a_folder_is_rendered() {
    let missing = |path: &str, near: &str| {
        format!(
            "error reference/missing-path Application/a spec.source.path: nothing is rendered to `{path}`{near}"
        )
    };
    for (source, expected) in [
        ("path: rendered/prod/shop", None),
        ("path: ./rendered/prod/shop/", None),
        ("path: rendered/dev/other", None),
        ("path: charts/x", None),
        ("path: rendered/prod/shp, targetRevision: old", None),
        (
            "path: rendered/prod/shp, targetRevision: main",
            Some(missing(
                "rendered/prod/shp",
                "; did you mean `rendered/prod/shop`?",
            )),
        ),
        (
            "path: rendered/prd/shop",
            Some(missing(
                "rendered/prd/shop",
                "; did you mean `rendered/prod/shop`?",
            )),
        ),
        (
            "path: rendered/prod/other",
            Some(missing("rendered/prod/other", "")),
        ),
    ] {
        let expected: Vec<String> = expected.into_iter().collect();
        assert_told(
            &application("a", &own(source)),
            &expected.iter().map(String::as_str).collect::<Vec<_>>(),
        );
    }
}

#[test]
fn an_object_has_one_owner() {
    let first = application("a", &own("path: rendered/prod/shop"));
    let told = "reference/conflict Application/b spec.source.path: the Application `a` owns objects of this folder too, such as";
    for (spec, expected) in [
        (
            own("path: rendered/prod/shop"),
            Some("warning `LimitRange/a`"),
        ),
        (
            own("path: rendered/prod/shop, directory: {include: 'resourcequota-*'}"),
            Some("warning `ResourceQuota/b`"),
        ),
        (
            own("path: rendered/prod, directory: {recurse: true, exclude: '_cluster/*'}"),
            Some("warning `LimitRange/a`"),
        ),
        (
            own("path: rendered/prod/shop")
                + ", syncPolicy: {syncOptions: [FailOnSharedResource=true]}",
            Some("error `LimitRange/a`"),
        ),
        (
            own("path: rendered/prod/shop, directory: {include: none}"),
            None,
        ),
        (
            own("path: rendered/prod/shop, directory: {exclude: '*'}"),
            None,
        ),
        (
            own("path: rendered/prod/shop, directory: {include: '{a,b}*'}"),
            None,
        ),
        (
            own("path: rendered/prod/shop").replace(
                "server: 'https://kubernetes.default.svc', namespace: shop",
                "name: far, namespace: shop-x",
            ),
            None,
        ),
    ] {
        let lines = found(
            &(THERE.to_owned() + &first + &application("b", &spec)),
            &settings(),
        );
        let conflicts: Vec<&String> = lines
            .iter()
            .filter(|line| line.contains("conflict"))
            .collect();
        let expected: Vec<String> = expected
            .map(|text| {
                let (severity, object) = text.split_once(' ').unwrap();
                format!("{severity} {told} {object}")
            })
            .into_iter()
            .collect();
        assert_eq!(conflicts, expected.iter().collect::<Vec<_>>(), "{spec}");
    }
}

#[test]
fn a_project_allows_what_a_folder_holds() {
    let all = application("a", &own("path: rendered/prod, directory: {recurse: true}"));
    let more = "apiVersion: v1\nkind: Secret\nmetadata: {name: s, namespace: shop}\n---\napiVersion: v1\nkind: Namespace\nmetadata: {name: other}\n---\napiVersion: v1\nkind: LimitRange\nmetadata: {name: c, namespace: other}\n---\n";
    let lines = found(&(THERE.to_owned() + &all + more), &settings());
    let refused: Vec<&str> = lines
        .iter()
        .filter_map(|line| line.strip_prefix("error reference/not-allowed AppProject/shop "))
        .collect();
    assert_eq!(
        refused,
        [
            "spec.clusterResourceWhitelist: the project does not allow the kind `Namespace` of the core group, and the Application `a` brings `Namespace/other`",
            "spec.destinations: the project does not allow the namespace `argocd`, nor 1 more, and the Application `a` brings `AppProject/shop`",
            "spec.namespaceResourceBlacklist: the project does not allow the kind `Secret` of the core group, and the Application `a` brings `Secret/s`",
        ]
    );
    let white = THERE.replace("namespaceResourceBlacklist", "namespaceResourceWhitelist");
    let lines = found(
        &(white + &application("a", &own("path: rendered/prod/shop"))),
        &settings(),
    );
    assert_eq!(
        lines,
        [
            "error reference/not-allowed AppProject/shop spec.namespaceResourceWhitelist: the project does not allow the kind `LimitRange` of the core group, nor 1 more, and the Application `a` brings `LimitRange/a`"
        ]
    );
}
