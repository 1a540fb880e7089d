//! The tables, one file a part of the API. A new rule is a line in the table of its definition.

mod admission;
mod autoscaling;
mod certificate;
mod claim;
pub(super) mod cluster;
mod config;
mod container;
mod custom_resource;
mod deprecated;
mod device;
mod disruption;
mod downward;
mod endpoints;
mod flowcontrol;
mod ingress;
mod job;
mod meta;
mod network_policy;
mod persistent_volume;
mod pod;
mod probe;
mod quota;
mod rbac;
mod resources;
mod scheduling;
mod security;
mod service;
mod storage;
mod volume;
mod workload;

use super::Definition;

/// Returns what is said about every definition; one definition may be in several tables.
pub(super) fn all() -> impl Iterator<Item = &'static Definition> {
    [
        admission::TABLE,
        autoscaling::TABLE,
        certificate::TABLE,
        claim::TABLE,
        cluster::TABLE,
        config::TABLE,
        container::TABLE,
        custom_resource::TABLE,
        deprecated::TABLE,
        device::TABLE,
        disruption::TABLE,
        downward::TABLE,
        endpoints::TABLE,
        flowcontrol::TABLE,
        ingress::TABLE,
        job::TABLE,
        meta::TABLE,
        network_policy::TABLE,
        persistent_volume::TABLE,
        pod::TABLE,
        probe::TABLE,
        quota::TABLE,
        rbac::TABLE,
        resources::TABLE,
        scheduling::TABLE,
        security::TABLE,
        service::TABLE,
        storage::TABLE,
        volume::TABLE,
        workload::TABLE,
    ]
    .into_iter()
    .flatten()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::all;
    use crate::api::Fact::{AtMostOneOf, ExactlyOneOf};
    use crate::schema::{Kubernetes, KubernetesVersion};

    /// A name with a slip in it would never be met, and nobody would notice.
    #[test]
    fn tables_name_definitions_and_fields_that_there_are() {
        let versions: Vec<_> = KubernetesVersion::all()
            .filter_map(Kubernetes::of)
            .collect();
        let mut wrong = Vec::new();
        for definition in all() {
            let known: BTreeSet<&str> = versions
                .iter()
                .flat_map(|version| {
                    version
                        .numbers(definition.name)
                        .into_iter()
                        .flat_map(|number| version.fields(number))
                })
                .collect();
            if known.is_empty() {
                wrong.push(format!("{} is no definition", definition.name));
            }
            for (field, fact) in definition.facts {
                let fields: &[&str] = match fact {
                    ExactlyOneOf(fields) | AtMostOneOf(fields) => fields,
                    _ => &[field],
                };
                let unknown = fields.iter().filter(|field| !known.contains(*field));
                wrong.extend(
                    unknown.map(|field| format!("{} has no field {field}", definition.name)),
                );
            }
        }
        assert!(wrong.is_empty(), "{wrong:#?}");
    }
}
