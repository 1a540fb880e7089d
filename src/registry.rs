//! Every built-in rule, by family.

use crate::finding::Rule;

/// The tables of the families, in the order of the stages.
const FAMILIES: &[&[&Rule]] = &[
    crate::values::rules::RULES,
    crate::render::rules::RULES,
    crate::yaml::rules::RULES,
    crate::manifest::rules::RULES,
    crate::schema::rules::RULES,
    crate::api::rules::RULES,
    crate::reference::rules::RULES,
    crate::rbac::rules::RULES,
    crate::secret::rules::RULES,
    crate::argocd::rules::RULES,
    crate::pod_security::rules::RULES,
    crate::network::rules::RULES,
    crate::policy::rules::RULES,
    crate::waiver::rules::RULES,
    crate::output::rules::RULES,
];

/// Returns every rule.
pub fn rules() -> Vec<&'static Rule> {
    let mut rules: Vec<&'static Rule> = FAMILIES
        .iter()
        .flat_map(|family| family.iter().copied())
        .collect();
    rules.sort_by(|a, b| a.id.cmp(&b.id));
    rules
}
