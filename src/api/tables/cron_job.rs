//! `CronJob`s (`k8s.io/kubernetes/pkg/apis/batch/validation`).

use crate::api::Fact::{AtLeast, OneOf, Required};
use crate::api::fact::given;
use crate::api::field::present;
use crate::api::{Context, Definition, rules, schedule};
use crate::manifest::Fault;
use crate::yaml::Node;

pub(super) const TABLE: &[Definition] = &[
    Definition {
        name: "batch.v1.CronJob",
        facts: &[("spec", Required)],
        rules: &[room_for_time],
    },
    Definition {
        name: "batch.v1.CronJobSpec",
        facts: &[
            ("schedule", Required),
            ("startingDeadlineSeconds", AtLeast(0)),
            ("successfulJobsHistoryLimit", AtLeast(0)),
            ("failedJobsHistoryLimit", AtLeast(0)),
            ("concurrencyPolicy", OneOf(&["Allow", "Forbid", "Replace"])),
        ],
        rules: &[time],
    },
    Definition {
        name: "batch.v1.JobTemplateSpec",
        facts: &[("spec", Required)],
        rules: &[generated_selector],
    },
];

fn time<'a>(_: &Context<'a>, spec: Node<'a>, faults: &mut Vec<Fault<'a>>) {
    if let Some((node, schedule)) =
        given(spec, "schedule").and_then(|node| Some((node, node.as_str()?)))
    {
        if schedule.contains("TZ") {
            let fault = Fault::new(
                &rules::FORMAT,
                node,
                "a schedule does not name its time zone",
            );
            faults.push(fault.help("name the time zone in `timeZone`"));
        } else if let Some(message) = schedule::schedule_fault(schedule) {
            let help = "write minute, hour, day of the month, month and day of the week (`30 2 * * 1-5`), or a macro such as `@daily`";
            faults.push(Fault::new(&rules::FORMAT, node, message).help(help));
        }
    }
    if let Some((node, zone)) =
        present(spec, "timeZone").and_then(|node| Some((node, node.as_str()?)))
        && let Some(message) = schedule::zone_fault(zone)
    {
        let fault = Fault::new(&rules::FORMAT, node, message);
        faults.push(fault.help(
            "take a name of the tz database, such as `Europe/Paris` or `Etc/UTC`, or leave it out",
        ));
    }
}

/// The names of its Jobs are the name of the `CronJob` and a time of 11 characters.
fn room_for_time<'a>(context: &Context<'a>, _: Node<'a>, faults: &mut Vec<Fault<'a>>) {
    let name = context.object.path(&["metadata", "name"]);
    let length = name.and_then(Node::as_str).map_or(0, str::len);
    if let Some(name) = name.filter(|_| length > 52) {
        let message =
            format!("the name of a CronJob has at most 52 characters, and this has {length}");
        faults.push(
            Fault::new(&rules::NAME, name, message)
                .help("shorten it: its Jobs have 11 characters more"),
        );
    }
}

/// Jobs of a `CronJob` have selectors made by the server.
fn generated_selector<'a>(_: &Context<'a>, template: Node<'a>, faults: &mut Vec<Fault<'a>>) {
    let Some(spec) = present(template, "spec") else {
        return;
    };
    if let Some(selector) = present(spec, "selector") {
        let message = "the server makes the selectors of a CronJob's Jobs";
        faults.push(Fault::new(&rules::CONFLICT, selector, message).help("remove `selector`"));
    }
    if let Some(manual) =
        present(spec, "manualSelector").filter(|manual| manual.as_bool() == Some(true))
    {
        let message = "the server makes the selectors of a CronJob's Jobs";
        faults.push(Fault::new(&rules::CONFLICT, manual, message).help("remove `manualSelector`"));
    }
}

#[cfg(test)]
#[allow(clippy::too_many_lines, reason = "cases are lines of a table")]
mod tests {
    use crate::api::testing::{accepted, faults_in, refused};

    const CRON_JOB: &str = "
apiVersion: batch/v1
kind: CronJob
metadata:
  name: import
spec:
  schedule: '*/10 * * * *'
  suspend: false
  jobTemplate:
    spec:
      backoffLimit: 4
      template:
        spec:
          restartPolicy: OnFailure
          containers: [{name: import, image: a:1}]
";

    #[test]
    fn cron_jobs() {
        let (schedule, extra) = ("schedule: '*/10 * * * *'", "suspend: false");
        let long = "a".repeat(53);
        refused(
            CRON_JOB,
            &[
                (
                    schedule,
                    "schedule: '@dayly'",
                    "api/format",
                    "spec.schedule",
                    "'@dayly'",
                ),
                (
                    schedule,
                    "schedule: 60 * * * *",
                    "api/format",
                    "spec.schedule",
                    "60 * * * *",
                ),
                (
                    schedule,
                    "schedule: ''",
                    "api/required",
                    "spec.schedule",
                    "''",
                ),
                (
                    schedule,
                    "schedule: TZ=UTC 0 0 * * *",
                    "api/format",
                    "spec.schedule",
                    "TZ=UTC 0 0 * * *",
                ),
                (
                    schedule,
                    "schedule: CRON_TZ=UTC 0 0 * * *",
                    "api/format",
                    "spec.schedule",
                    "CRON_TZ=UTC 0 0 * * *",
                ),
                (
                    extra,
                    "timeZone: Europe/Pariss",
                    "api/format",
                    "spec.timeZone",
                    "Europe/Pariss",
                ),
                (
                    extra,
                    "timeZone: Local",
                    "api/format",
                    "spec.timeZone",
                    "Local",
                ),
                (extra, "timeZone: ''", "api/format", "spec.timeZone", "''"),
                (
                    extra,
                    "startingDeadlineSeconds: -1",
                    "api/range",
                    "spec.startingDeadlineSeconds",
                    "-1",
                ),
                (
                    extra,
                    "successfulJobsHistoryLimit: -1",
                    "api/range",
                    "spec.successfulJobsHistoryLimit",
                    "-1",
                ),
                (
                    extra,
                    "failedJobsHistoryLimit: -1",
                    "api/range",
                    "spec.failedJobsHistoryLimit",
                    "-1",
                ),
                (
                    extra,
                    "concurrencyPolicy: Skip",
                    "api/enum",
                    "spec.concurrencyPolicy",
                    "Skip",
                ),
                (
                    "backoffLimit: 4",
                    "backoffLimit: -4",
                    "api/range",
                    "spec.jobTemplate.spec.backoffLimit",
                    "-4",
                ),
                (
                    "OnFailure",
                    "Always",
                    "api/enum",
                    "spec.jobTemplate.spec.template.spec.restartPolicy",
                    "Always",
                ),
                (
                    "name: import\nspec",
                    &format!("name: {long}\nspec"),
                    "api/name",
                    "metadata.name",
                    &long,
                ),
            ],
        );
        accepted(
            CRON_JOB,
            &[
                (schedule, "schedule: '@every 1h30m'"),
                (schedule, "schedule: 0 8 * JAN mon-fri"),
                (extra, "timeZone: Etc/UTC"),
                (
                    extra,
                    "timeZone: null\n  startingDeadlineSeconds: 0\n  successfulJobsHistoryLimit: 0",
                ),
                (extra, "concurrencyPolicy: Replace"),
                (
                    "name: import\nspec",
                    &format!("name: {}\nspec", "a".repeat(52)),
                ),
            ],
        );
        assert_eq!(faults_in(37, CRON_JOB), []);
    }

    #[test]
    fn selectors_are_the_servers() {
        refused(
            CRON_JOB,
            &[
                (
                    "backoffLimit: 4",
                    "manualSelector: true",
                    "api/conflict",
                    "spec.jobTemplate.spec.manualSelector",
                    "true",
                ),
                (
                    "backoffLimit: 4",
                    "selector: {}",
                    "api/conflict",
                    "spec.jobTemplate.spec.selector",
                    "{}",
                ),
            ],
        );
    }
}
