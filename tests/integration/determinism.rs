//! The same input gives the same bytes, whatever the order of files, the number of threads or the number of runs.

use std::fs;

use crate::project::{Project, tree};

const FILES: &[(&str, &str)] = &[
    (
        "templates/_lib.yaml",
        "{% macro name(n) %}{{ environment }}-{{ n }}{% endmacro %}",
    ),
    (
        "templates/b/x.yaml",
        "{% from '_lib.yaml' import name %}apiVersion: v1\nkind: ConfigMap\nmetadata: {name: {{ name('x') }}}\ndata: {{ values.data }}\n",
    ),
    (
        "templates/a/y.yaml",
        "{% for n in values.list %}\n---\napiVersion: v1\nkind: Secret\nmetadata: {name: {{ n }}}\n{% endfor %}\n",
    ),
    (
        "templates/a/z.yaml",
        "apiVersion: v1\nkind: Namespace\nmetadata: {name: {{ namespace }}}\n",
    ),
    (
        "values/common.yaml",
        "data: {z: '1', a: '2', m: '3'}\nlist: [c, a, b]\n",
    ),
    ("values/prod.yaml", "data: {b: '4'}\n"),
];

#[test]
fn the_order_of_files_and_threads_do_not_matter() {
    let first = Project::new(FILES);
    assert_eq!(first.run(&["render", "-q", "--threads", "1"]).code, 0);
    let mut reversed = FILES.to_vec();
    reversed.reverse();
    let second = Project::new(&reversed);
    assert_eq!(second.run(&["render", "-q", "--threads", "8"]).code, 0);
    assert_eq!(first.rendered(), second.rendered());
    assert!(first.rendered().len() > 8);
}

#[test]
fn a_second_run_writes_nothing() {
    let project = Project::new(FILES);
    assert_eq!(project.run(&["render", "-q"]).code, 0);
    let times = || -> Vec<_> {
        let files = tree(&project.path("rendered"));
        files
            .iter()
            .map(|(path, _)| {
                fs::metadata(project.path("rendered").join(path))
                    .unwrap()
                    .modified()
                    .unwrap()
            })
            .collect()
    };
    let before = times();
    let output = project.run(&["render", "--exit-code"]);
    assert_eq!(output.code, 0, "{}", output.stdout);
    assert_eq!(times(), before);
}
