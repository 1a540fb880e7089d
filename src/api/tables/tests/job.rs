use crate::api::testing::{accepted, accepted_in, faults, refused, refused_in};

const JOB: &str = "
apiVersion: batch/v1
kind: Job
metadata:
  name: import
spec:
  backoffLimit: 4
  template:
    metadata: {}
    spec:
      restartPolicy: Never
      initContainers: [{name: prepare, image: a:1}]
      containers: [{name: import, image: a:1}]
";

const LIMIT: &str = "backoffLimit: 4";

#[test]
fn numbers_of_a_job() {
    for field in [
        "parallelism",
        "completions",
        "activeDeadlineSeconds",
        "backoffLimit",
        "ttlSecondsAfterFinished",
    ] {
        refused(
            JOB,
            &[(
                LIMIT,
                &format!("{field}: -3"),
                "api/range",
                &format!("spec.{field}"),
                "-3",
            )],
        );
        accepted(JOB, &[(LIMIT, &format!("{field}: 0"))]);
    }
    refused(
        JOB,
        &[(
            LIMIT,
            "completionMode: indexed",
            "api/enum",
            "spec.completionMode",
            "indexed",
        )],
    );
    refused_in(
        32,
        JOB,
        &[
            (
                LIMIT,
                "managedBy: controller",
                "api/name",
                "spec.managedBy",
                "controller",
            ),
            (
                LIMIT,
                "managedBy: Example.com/a",
                "api/name",
                "spec.managedBy",
                "Example.com/a",
            ),
            (
                LIMIT,
                &format!("managedBy: a.b/{}", "c".repeat(60)),
                "api/name",
                "spec.managedBy",
                &format!("a.b/{}", "c".repeat(60)),
            ),
        ],
    );
    accepted(
        JOB,
        &[
            (LIMIT, "managedBy: kueue.x-k8s.io/multikueue"),
            (LIMIT, "managedBy: null"),
        ],
    );
    accepted_in(&[31], JOB, &[(LIMIT, "managedBy: nobody")]);
}

#[test]
fn a_job_comes_to_an_end() {
    let (policy, field) = ("restartPolicy: Never", "spec.template.spec.restartPolicy");
    refused(
        JOB,
        &[
            (policy, "restartPolicy: Always", "api/enum", field, "Always"),
            (
                policy,
                "terminationGracePeriodSeconds: 1",
                "api/required",
                field,
                "terminationGracePeriodSeconds: 1",
            ),
            (
                policy,
                "restartPolicy: ''",
                "api/required",
                field,
                "restartPolicy: ''",
            ),
        ],
    );
    accepted(
        JOB,
        &[
            (policy, "restartPolicy: OnFailure"),
            (
                policy,
                "restartPolicy: Never\n      activeDeadlineSeconds: 5",
            ),
        ],
    );
    let bare = "{apiVersion: batch/v1, kind: Job, metadata: {name: a}}";
    assert_eq!(
        faults(bare),
        [("api/required", "spec".to_owned(), bare.to_owned())]
    );
}

#[test]
fn indexed_jobs() {
    let mode = |rest: &str| format!("completionMode: Indexed\n  {rest}");
    let (range, conflict, required) = ("api/range", "api/conflict", "api/required");
    refused(
        JOB,
        &[
            (
                LIMIT,
                &mode("parallelism: 2"),
                required,
                "spec.completions",
                "completionMode: Indexed",
            ),
            (
                LIMIT,
                &mode("completions: 3\n  parallelism: 100001"),
                range,
                "spec.parallelism",
                "100001",
            ),
            (
                LIMIT,
                &mode("completions: 3\n  backoffLimitPerIndex: -1"),
                range,
                "spec.backoffLimitPerIndex",
                "-1",
            ),
            (
                LIMIT,
                &mode("completions: 3\n  maxFailedIndexes: 1"),
                required,
                "spec.backoffLimitPerIndex",
                "completionMode: Indexed",
            ),
            (
                LIMIT,
                &mode("completions: 3\n  backoffLimitPerIndex: 1\n  maxFailedIndexes: 4"),
                range,
                "spec.maxFailedIndexes",
                "4",
            ),
            (
                LIMIT,
                &mode("completions: 100001\n  backoffLimitPerIndex: 1"),
                required,
                "spec.maxFailedIndexes",
                "completionMode: Indexed",
            ),
            (
                LIMIT,
                &mode("completions: 100001\n  backoffLimitPerIndex: 1\n  maxFailedIndexes: 10001"),
                range,
                "spec.maxFailedIndexes",
                "10001",
            ),
            (
                LIMIT,
                &mode(
                    "completions: 100001\n  backoffLimitPerIndex: 1\n  maxFailedIndexes: 1\n  parallelism: 10001",
                ),
                range,
                "spec.parallelism",
                "10001",
            ),
            (
                LIMIT,
                "backoffLimitPerIndex: 1",
                conflict,
                "spec.backoffLimitPerIndex",
                "1",
            ),
            (
                LIMIT,
                "successPolicy: {rules: [{succeededCount: 1}]}",
                conflict,
                "spec.successPolicy",
                "{rules: [{succeededCount: 1}]}",
            ),
        ],
    );
    accepted(
        JOB,
        &[
            (
                LIMIT,
                &mode("completions: 3\n  backoffLimitPerIndex: 0\n  maxFailedIndexes: 3"),
            ),
            (LIMIT, &mode("completions: 200000\n  parallelism: 100000")),
            (LIMIT, &mode("completions: 0")),
            (LIMIT, "completionMode: NonIndexed"),
        ],
    );
}

#[test]
fn names_of_indexed_jobs_are_host_names() {
    let indexed = JOB.replace(LIMIT, "completionMode: Indexed\n  completions: 11");
    let (long, fits) = ("a".repeat(61), "a".repeat(60));
    refused(
        &indexed,
        &[
            (
                "name: import\nspec",
                &format!("name: {long}\nspec"),
                "api/name",
                "metadata.name",
                &long,
            ),
            (
                "name: import\nspec",
                "name: a.b\nspec",
                "api/name",
                "metadata.name",
                "a.b",
            ),
            (
                "name: import\nspec",
                "generateName: a.b\nspec",
                "api/name",
                "metadata.generateName",
                "a.b",
            ),
        ],
    );
    accepted(
        &indexed,
        &[
            ("name: import\nspec", &format!("name: {fits}\nspec")),
            ("name: import\nspec", "generateName: a-\nspec"),
        ],
    );
    accepted(JOB, &[("name: import\nspec", "name: a.b\nspec")]);
}

#[test]
fn selectors_of_jobs_are_the_servers() {
    let (conflict, labels) = ("api/conflict", "spec.template.metadata.labels");
    refused(
        JOB,
        &[
            (
                LIMIT,
                "selector: {matchLabels: {app: a}}",
                conflict,
                "spec.selector",
                "{matchLabels: {app: a}}",
            ),
            (
                LIMIT,
                "manualSelector: true",
                "api/required",
                "spec.selector",
                "manualSelector: true",
            ),
            (
                LIMIT,
                "manualSelector: true\n  selector: {matchLabels: {app: a}}",
                "api/selector-mismatch",
                labels,
                "{}",
            ),
            (
                "metadata: {}",
                "metadata: {labels: {job-name: other}}",
                conflict,
                &format!("{labels}.job-name"),
                "other",
            ),
            (
                "metadata: {}",
                "metadata: {labels: {batch.kubernetes.io/controller-uid: 5d6c}}",
                conflict,
                &format!("{labels}[batch.kubernetes.io/controller-uid]"),
                "5d6c",
            ),
        ],
    );
    accepted(
        JOB,
        &[
            (LIMIT, "selector: {}"),
            (LIMIT, "selector: {matchLabels: {job-name: import}}"),
            (
                LIMIT,
                "selector: {matchExpressions: [{key: job-name, operator: Exists}, {key: a, operator: NotIn, values: [b]}]}",
            ),
            (LIMIT, "manualSelector: true\n  selector: {}"),
            (
                "metadata: {}",
                "metadata: {labels: {job-name: import, app: a}}",
            ),
        ],
    );
}

#[test]
fn failure_policies() {
    let rules = |rules: &str| format!("podFailurePolicy: {{rules: [{rules}]}}");
    let codes = |codes: &str| rules(&format!("{{action: Ignore, onExitCodes: {{{codes}}}}}"));
    let conditions = |condition: &str| {
        rules(&format!(
            "{{action: Count, onPodConditions: [{condition}]}}"
        ))
    };
    let field = |field: &str| format!("spec.podFailurePolicy.rules[0]{field}");
    let many =
        rules(&vec!["{action: Count, onExitCodes: {operator: In, values: [1]}}"; 21].join(","));
    refused(
        JOB,
        &[
            (
                LIMIT,
                &codes("operator: Is, values: [1]"),
                "api/enum",
                &field(".onExitCodes.operator"),
                "Is",
            ),
            (
                LIMIT,
                &codes("operator: In, values: []"),
                "api/required",
                &field(".onExitCodes.values"),
                "[]",
            ),
            (
                LIMIT,
                &codes("operator: In, values: [0, 1]"),
                "api/range",
                &field(".onExitCodes.values[0]"),
                "0",
            ),
            (
                LIMIT,
                &codes("operator: In, values: [1, 1]"),
                "api/duplicate",
                &field(".onExitCodes.values[1]"),
                "1",
            ),
            (
                LIMIT,
                &codes("operator: In, values: [2, 1]"),
                "api/range",
                &field(".onExitCodes.values"),
                "[2, 1]",
            ),
            (
                LIMIT,
                &codes("operator: In, values: [1], containerName: main"),
                "api/dangling",
                &field(".onExitCodes.containerName"),
                "main",
            ),
            (
                LIMIT,
                &rules("{action: Retry, onPodConditions: [{type: A}]}"),
                "api/enum",
                &field(".action"),
                "Retry",
            ),
            (
                LIMIT,
                &rules("{action: '', onPodConditions: [{type: A}]}"),
                "api/required",
                &field(".action"),
                "''",
            ),
            (
                LIMIT,
                &rules("{action: FailIndex, onPodConditions: [{type: A}]}"),
                "api/conflict",
                &field(".action"),
                "FailIndex",
            ),
            (
                LIMIT,
                &rules("{action: Count}"),
                "api/alternatives",
                &field(""),
                "{action: Count}",
            ),
            (
                LIMIT,
                &rules(
                    "{action: Count, onPodConditions: [{type: A}], onExitCodes: {operator: In, values: [1]}}",
                ),
                "api/alternatives",
                &field(".onPodConditions"),
                "onPodConditions",
            ),
            (
                LIMIT,
                &conditions("{type: a b}"),
                "api/name",
                &field(".onPodConditions[0].type"),
                "a b",
            ),
            (
                LIMIT,
                &conditions("{type: A, status: Maybe}"),
                "api/enum",
                &field(".onPodConditions[0].status"),
                "Maybe",
            ),
            (
                LIMIT,
                &format!(
                    "{}\n  podReplacementPolicy: TerminatingOrFailed",
                    conditions("{type: A, status: 'True'}")
                ),
                "api/conflict",
                "spec.podReplacementPolicy",
                "TerminatingOrFailed",
            ),
            (
                LIMIT,
                "podReplacementPolicy: Never",
                "api/enum",
                "spec.podReplacementPolicy",
                "Never",
            ),
            (
                LIMIT,
                &many,
                "api/range",
                "spec.podFailurePolicy.rules",
                many.strip_prefix("podFailurePolicy: {rules: ")
                    .unwrap()
                    .strip_suffix('}')
                    .unwrap(),
            ),
        ],
    );
    accepted(
        JOB,
        &[
            (
                LIMIT,
                &codes("operator: NotIn, values: [0, 42], containerName: prepare"),
            ),
            (
                LIMIT,
                &conditions("{type: DisruptionTarget, status: 'False'}"),
            ),
            (
                LIMIT,
                &format!(
                    "{}\n  podReplacementPolicy: Failed",
                    codes("operator: In, values: [1]")
                ),
            ),
            (LIMIT, "podReplacementPolicy: TerminatingOrFailed"),
            (LIMIT, "podFailurePolicy: {rules: []}"),
            (
                LIMIT,
                &format!(
                    "completionMode: Indexed\n  completions: 2\n  backoffLimitPerIndex: 1\n  {}",
                    rules("{action: FailIndex, onExitCodes: {operator: In, values: [3]}}")
                ),
            ),
        ],
    );
    let failing = JOB.replace(LIMIT, &conditions("{type: A, status: 'True'}"));
    refused(
        &failing,
        &[(
            "Never",
            "OnFailure",
            "api/conflict",
            "spec.template.spec.restartPolicy",
            "OnFailure",
        )],
    );
}

#[test]
fn success_policies() {
    let rules = |rules: &str| {
        format!("completionMode: Indexed\n  completions: 10\n  successPolicy: {{rules: [{rules}]}}")
    };
    let field = |field: &str| format!("spec.successPolicy.rules{field}");
    let (count, indexes) = (field("[0].succeededCount"), field("[0].succeededIndexes"));
    refused(
        JOB,
        &[
            (LIMIT, &rules(""), "api/required", &field(""), "[]"),
            (LIMIT, &rules("{}"), "api/alternatives", &field("[0]"), "{}"),
            (
                LIMIT,
                &rules("{succeededCount: 11}"),
                "api/range",
                &count,
                "11",
            ),
            (
                LIMIT,
                &rules("{succeededCount: -1}"),
                "api/range",
                &count,
                "-1",
            ),
            (
                LIMIT,
                &rules("{succeededIndexes: '0-10'}"),
                "api/format",
                &indexes,
                "'0-10'",
            ),
            (
                LIMIT,
                &rules("{succeededIndexes: '5-3'}"),
                "api/format",
                &indexes,
                "'5-3'",
            ),
            (
                LIMIT,
                &rules("{succeededIndexes: '1,1'}"),
                "api/format",
                &indexes,
                "'1,1'",
            ),
            (
                LIMIT,
                &rules("{succeededIndexes: 'all'}"),
                "api/format",
                &indexes,
                "'all'",
            ),
            (
                LIMIT,
                &rules("{succeededIndexes: '1-2-3'}"),
                "api/format",
                &indexes,
                "'1-2-3'",
            ),
            (
                LIMIT,
                &rules("{succeededIndexes: '0,2-4', succeededCount: 5}"),
                "api/range",
                &count,
                "5",
            ),
        ],
    );
    accepted(
        JOB,
        &[
            (
                LIMIT,
                &rules("{succeededIndexes: '0,2-4,9', succeededCount: 5}"),
            ),
            (
                LIMIT,
                &rules("{succeededCount: 10}, {succeededIndexes: '0'}"),
            ),
        ],
    );
}
