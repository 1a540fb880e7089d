//! Every built-in rule, by family.

use crate::finding::Rule;
use crate::{api, manifest, policy, render, schema, values, waiver, yaml};

/// The tables of the families, in the order of the stages.
const FAMILIES: &[&[&Rule]] = &[
    values::rules::RULES,
    render::rules::RULES,
    yaml::rules::RULES,
    manifest::rules::RULES,
    schema::rules::RULES,
    api::rules::RULES,
    policy::rules::RULES,
    waiver::rules::RULES,
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
