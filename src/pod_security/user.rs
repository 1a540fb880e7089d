//! The user that containers run as.

use super::pod::Pod;
use super::rules;
use crate::finding::Rule;
use crate::manifest::Fault;

/// `runAsNonRoot`.
pub(super) fn non_root<'a>(pod: &Pod<'a>, faults: &mut Vec<Fault<'a>>) {
    const FIELD: &str = "runAsNonRoot";
    const RULE: &Rule = &rules::RUN_AS_NON_ROOT;
    if pod.is_exempt_in_user_namespace() {
        return;
    }
    for part in pod.parts() {
        let value = part.security(FIELD);
        if let Some(value) = value.filter(|value| value.as_bool() == Some(false)) {
            let what = format!("{part} sets `{FIELD}: false`");
            let fault = pod.forbids(RULE, value, what);
            faults.push(fault.help("set `runAsNonRoot: true`"));
        }
    }
    for part in pod.without(FIELD) {
        let what = format!("{part} does not set `{FIELD}: true`");
        let fault = pod.wants(RULE, &part, &[FIELD], what);
        faults.push(fault.help(format!(
            "set `securityContext: {{runAsNonRoot: true}}` in the {}",
            part.kind()
        )));
    }
}

/// `runAsUser`.
pub(super) fn not_zero<'a>(pod: &Pod<'a>, faults: &mut Vec<Fault<'a>>) {
    if pod.is_exempt_in_user_namespace() {
        return;
    }
    for part in pod.parts() {
        let value = part.security("runAsUser");
        if let Some(value) = value.filter(|value| value.as_int() == Some(0)) {
            let what = format!("{part} runs as user 0");
            let fault = pod.forbids(&rules::RUN_AS_USER, value, what);
            faults.push(fault.help("set another user, such as `runAsUser: 65532`"));
        }
    }
}
