use std::sync::Arc;

use super::*;
use crate::finding::Severity;
use crate::manifest::flatten;
use crate::yaml::{Limits, read};

fn objects(text: &str) -> Vec<Resource> {
    let stream = read(&Arc::from(text), &Limits::default());
    let mut problems = stream.problems.iter();
    let problem = problems.find(|problem| problem.rule.severity == Severity::Error);
    assert!(problem.is_none(), "{problem:?}");
    let documents = stream.documents.into_iter().flat_map(flatten);
    documents.map(Resource::new).collect()
}

fn told(before: &str, after: &str) -> String {
    let comparison = compare("prod".to_owned(), &objects(before), &objects(after));
    let mut out = Vec::new();
    write_text(&[comparison], &mut out).unwrap();
    String::from_utf8(out).unwrap()
}

fn markdown(before: &str, after: &str) -> String {
    let comparison = compare("prod".to_owned(), &objects(before), &objects(after));
    let mut out = Vec::new();
    write_markdown(&[comparison], &mut out).unwrap();
    String::from_utf8(out).unwrap()
}

/// Returns the lines about fields, of a ConfigMap-like object with this body.
fn fields(before: &str, after: &str) -> Vec<String> {
    let object = |body: &str| format!("apiVersion: v1\nkind: X\nmetadata: {{name: a}}\n{body}\n");
    let told = told(&object(before), &object(after));
    let lines = told.lines().filter_map(|line| line.strip_prefix("    "));
    lines.map(str::to_owned).collect()
}

#[test]
fn fields_are_told_by_their_paths() {
    for (before, after, expected) in [
        ("spec: {a: 1, b: 2}", "spec: {b: 2, a: 1}", vec![]),
        (
            "spec: {a: 1}",
            "spec: {a: '1'}",
            vec!["~ spec.a: 1 => \"1\""],
        ),
        (
            "spec: {a: yes}",
            "spec: {a: 'yes'}",
            vec!["~ spec.a: true => \"yes\""],
        ),
        (
            "spec: {a: 1}",
            "spec: {a: null}",
            vec!["~ spec.a: 1 => null"],
        ),
        ("spec: {a: {}}", "spec: {a: []}", vec!["~ spec.a: {} => []"]),
        (
            "spec: {a: {b: c}}",
            "spec: {x: {q: [1, z]}}",
            vec!["- spec.a: {b: c}", "+ spec.x: {q: [1, z]}"],
        ),
        (
            "data: {a.b/c: x}",
            "data: {a.b/c: 'x y'}",
            vec!["~ data[a.b/c]: x => \"x y\""],
        ),
    ] {
        assert_eq!(fields(before, after), expected, "{before} => {after}");
    }
}

#[test]
fn items_of_lists_belong_together_by_their_keys() {
    for (before, after, expected) in [
        (
            "containers: [{name: a, image: x}, {name: b, image: q}]",
            "containers: [{name: c, image: z}, {name: b, image: q2}]",
            vec![
                "- containers[name=a]: {name: a, image: x}",
                "~ containers[name=b].image: q => q2",
                "+ containers[name=c]: {name: c, image: z}",
            ],
        ),
        (
            "initContainers: [{name: a}, {name: b}]",
            "initContainers: [{name: b}, {name: c}, {name: a}]",
            vec![
                "+ initContainers[name=c]: {name: c}",
                "~ initContainers: in another order",
            ],
        ),
        (
            "ports: [{port: 53, protocol: TCP}, {port: 53, protocol: UDP, x: 1}]",
            "ports: [{port: 53, protocol: TCP}, {port: 53, protocol: UDP, x: 2}]",
            vec!["~ ports[port=53,protocol=UDP].x: 1 => 2"],
        ),
        // Mounts of one volume have the same name.
        (
            "volumeMounts: [{name: v, mountPath: /a}, {name: v, mountPath: /b}]",
            "volumeMounts: [{name: v, mountPath: /b}, {name: v, mountPath: /b/c}]",
            vec![
                "- volumeMounts[mountPath=/a]: {name: v, mountPath: /a}",
                "+ volumeMounts[mountPath=/b/c]: {name: v, mountPath: /b/c}",
            ],
        ),
        // Keys that do not tell items apart are no keys.
        (
            "rules: [{name: x, a: 1}, {name: x, a: 2}]",
            "rules: [{name: x, a: 2}]",
            vec!["- rules[0]: {name: x, a: 1}"],
        ),
        (
            "args: [a, b, c]",
            "args: [a, x, b, c]",
            vec!["+ args[1]: x"],
        ),
        (
            "args: [a, b, c]",
            "args: [a, d, c]",
            vec!["~ args[1]: b => d"],
        ),
        (
            "rules: [{a: 1, b: [1]}, {a: 2}]",
            "rules: [{a: 1, b: [2]}, {a: 2}]",
            vec!["~ rules[0].b[0]: 1 => 2"],
        ),
    ] {
        assert_eq!(fields(before, after), expected, "{before} => {after}");
    }
}

#[test]
fn texts_are_compared_line_by_line() {
    let lines = |middle: &str| {
        let lines: Vec<String> = (1..10).map(|number| format!("  line {number}")).collect();
        format!(
            "data:\n  f: |\n  {}\n  {middle}\n  {}",
            lines.join("\n  "),
            lines.join("\n  ")
        )
    };
    assert_eq!(
        fields(&lines("  old"), &lines("  new")),
        [
            "~ data.f:",
            "    …",
            "      line 8",
            "      line 9",
            "    - old",
            "    + new",
            "      line 1",
            "      line 2",
        ]
    );
    let shown = fields("data: {f: \"a\\nb\"}", "data: {f: \"a\\nb\\n\"}");
    assert_eq!(
        shown[2..],
        ["    - b  (no line break at the end)", "    + b"]
    );
    let large = |word: &str| {
        let lines: Vec<String> = (0..3_000)
            .map(|number| format!("    {word} {number}"))
            .collect();
        format!("data:\n  f: |\n{}", lines.join("\n"))
    };
    assert_eq!(
        fields(&large("a"), &large("b")),
        ["~ data.f: a text of 3000 lines => a text of 3000 lines"]
    );
}

#[test]
fn secrets_are_never_shown() {
    const TOKEN: &str = "ghp_0123456789abcdefghijABCDEFGHIJ456789";
    const OTHER: &str = "ghp_9876543210abcdefghijABCDEFGHIJ456789";
    let secret = |value: &str| {
        format!("apiVersion: v1\nkind: Secret\nmetadata: {{name: a}}\nstringData: {{x: {value}}}\n")
    };
    let env = |value: &str| {
        format!(
            "apiVersion: v1\nkind: Pod\nmetadata: {{name: a, labels: {{v: '{}'}}}}\nspec:\n  containers:\n  - name: c\n    image: x\n    env:\n    - {{name: DB_PASSWORD, value: {value}}}\n",
            value.len()
        )
    };
    let file = |value: &str| {
        format!(
            "apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: a}}\ndata:\n  f: |\n    user: x\n    token: {value}\n"
        )
    };
    let stray = |value: &str| secret(value).replace("stringData", "stringdata");
    let applied = |value: &str| {
        let annotation = "kubectl.kubernetes.io/last-applied-configuration";
        let told = format!("metadata: {{name: a, annotations: {{{annotation}: {value}}}}}");
        secret("x").replace("metadata: {name: a}", &told)
    };
    let makes: [&dyn Fn(&str) -> String; 5] = [&secret, &env, &file, &stray, &applied];
    for make in makes {
        for (before, after) in [
            (make(TOKEN), make(OTHER)),
            (make(TOKEN), make("changeme")),
            (make("plain"), make(TOKEN)),
        ] {
            let comparison = || compare(String::new(), &objects(&before), &objects(&after));
            let mut json = Vec::new();
            write_json("a", "b", &[comparison()], &mut json).unwrap();
            let json = String::from_utf8(json).unwrap();
            for shown in [told(&before, &after), markdown(&before, &after), json] {
                assert!(
                    shown.contains("not shown")
                        || shown.contains('…')
                        || shown.contains("\"hidden\": true"),
                    "{shown}"
                );
                assert!(!shown.contains("abcdefghij"), "{shown}");
            }
        }
    }
    let shown = told(&secret("a"), &secret("bb"));
    assert!(
        shown.contains("stringData.x: another value, which is not shown"),
        "{shown}"
    );
}

#[test]
fn objects_are_the_same_by_group_kind_namespace_and_name() {
    let before = "{apiVersion: apps/v1beta1, kind: Deployment, metadata: {name: a, namespace: shop}}\n---\n{apiVersion: v1, kind: Service, metadata: {name: a, namespace: shop}}\n";
    let after = "{apiVersion: apps/v1, kind: Deployment, metadata: {name: a, namespace: shop}}\n---\n{apiVersion: v1, kind: Service, metadata: {name: b, namespace: shop}}\n";
    assert_eq!(
        told(before, after),
        "# prod: 1 new, 1 changed, 1 removed\n~ shop/Deployment/a\n    ~ apiVersion: apps/v1beta1 => apps/v1\n- shop/Service/a\n+ shop/Service/b\n"
    );
    assert_eq!(told(before, before), "");
}

#[test]
fn what_matters_comes_first() {
    let before = "apiVersion: v1\nkind: PersistentVolumeClaim\nmetadata: {name: data, namespace: shop}\n---\napiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web, namespace: shop}\nspec: {selector: {matchLabels: {a: b}}, template: {spec: {containers: [{name: c, image: 'x:1'}]}}}\n---\napiVersion: v1\nkind: Service\nmetadata: {name: s, namespace: shop}\n";
    let after = "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web, namespace: shop}\nspec: {selector: {matchLabels: {a: c}}, template: {spec: {containers: [{name: c, image: 'x:2'}]}}}\n";
    let shown = markdown(before, after);
    let places: Vec<Option<usize>> = [
        "**`shop/PersistentVolumeClaim/data`: is removed, and its data is deleted",
        "**`shop/Deployment/web`: the API server refuses this: ",
        "- `shop/Service/s` is removed\n",
        "- `shop/Deployment/web`: image of `c`: `x:1` → `x:2`\n",
        "<details><summary>prod: <code>shop/Deployment/web</code> changed</summary>",
    ]
    .iter()
    .map(|words| shown.find(words))
    .collect();
    assert!(
        places.iter().all(Option::is_some) && places.is_sorted(),
        "{places:?}\n{shown}"
    );
    let apart = compare(String::new(), &objects(before), &objects(after)).apart();
    let kinds: Vec<&str> = apart.impacts.iter().map(Impact::kind).collect();
    assert_eq!(kinds, ["removed", "removed", "image"]);
    let text = told(before, after);
    assert!(
        text.contains("\n! shop/PersistentVolumeClaim/data: is removed"),
        "{text}"
    );
}

#[test]
fn markdown_holds_what_is_hostile() {
    let object = |name: &str, value: &str| {
        format!(
            "apiVersion: v1\nkind: X\nmetadata: {{name: \"{name}\"}}\ndata: {{f: \"{value}\"}}\n"
        )
    };
    let name = "<img src=x>`@all`\\n# x";
    let shown = markdown(&object(name, "a"), &object(name, "```\\n</details>"));
    assert!(
        !shown.contains("<img") && !shown.contains("@all"),
        "{shown}"
    );
    assert!(shown.contains("````diff\n"), "{shown}");
    assert_eq!(shown.matches("\n````\n").count(), 1, "{shown}");
}

#[test]
fn markdown_ends_where_hosts_end() {
    let many = |value: &str| -> String {
        let object = |number: usize| {
            format!(
                "---\napiVersion: v1\nkind: X\nmetadata: {{name: a{number}}}\ndata: {{f: {value}}}\n"
            )
        };
        (0..2_000).map(object).collect()
    };
    let shown = markdown(&many("a"), &many("b"));
    assert!(shown.len() < 65_536 && shown.contains("more objects, which `tympan diff` shows."));
    let removed = markdown(&many("a"), "");
    assert!(removed.contains("- … and 1970 more\n"), "{}", removed.len());
}

#[test]
fn hostile_lists_and_maps_take_time_that_grows_with_them() {
    let list = |word: &str| {
        let items: Vec<String> = (0..20_000)
            .map(|number| format!("{word}{number}"))
            .collect();
        format!("args: [{}]", items.join(", "))
    };
    assert_eq!(fields(&list("a"), &list("b")).len(), 20_000);
    let map = |word: &str| {
        let items: Vec<String> = (0..20_000)
            .map(|number| format!("k{number}: {word}"))
            .collect();
        format!("data: {{{}}}", items.join(", "))
    };
    assert_eq!(fields(&map("a"), &map("b")).len(), 20_000);
}

#[test]
fn the_commits_of_both_sides_are_told() {
    let mut comparison = compare(
        "prod".to_owned(),
        &[],
        &objects("apiVersion: v1\nkind: X\nmetadata: {name: a}\n"),
    );
    let counts = "1 new, 0 changed, 0 removed";
    let revision = |name: &str| {
        Some(Revision {
            name: name.to_owned(),
            commit: "0123456789abcdef".to_owned(),
        })
    };
    let heading = |comparison: &Comparison| comparison.heading(str::to_owned);
    assert_eq!(heading(&comparison), format!("prod: {counts}"));
    comparison.read = [revision("env/prod"), None];
    assert_eq!(
        heading(&comparison),
        format!("prod, from env/prod at 0123456: {counts}")
    );
    comparison.read = [None, revision("env/prod")];
    assert_eq!(
        heading(&comparison),
        format!("prod, to env/prod at 0123456: {counts}")
    );
    comparison.title = String::new();
    comparison.read = [None, None];
    assert_eq!(heading(&comparison), counts);
}
