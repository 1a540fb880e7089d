//! The tables, one file a part of the API. A new rule is a line in the table of its definition.

mod admission;
mod autoscaling;
mod certificate;
mod claim;
pub(super) mod cluster;
mod config;
mod container;
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
