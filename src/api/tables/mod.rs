//! The tables, one file a part of the API. A new rule is a line in the table of its definition.

mod admission;
mod autoscaling;
mod container;
mod custom_resource;
mod disruption;
mod downward;
mod job;
mod meta;
mod pod;
mod probe;
mod resources;
mod scheduling;
mod security;
mod service;
mod volume;
mod workload;

use super::Definition;

/// Returns what is said about every definition; one definition may be in several tables.
pub(super) fn all() -> impl Iterator<Item = &'static Definition> {
    [
        meta::TABLE,
        service::TABLE,
        pod::TABLE,
        container::TABLE,
        volume::TABLE,
        probe::TABLE,
        resources::TABLE,
        scheduling::TABLE,
        security::TABLE,
        downward::TABLE,
        workload::TABLE,
        job::TABLE,
        custom_resource::TABLE,
        admission::TABLE,
        autoscaling::TABLE,
        disruption::TABLE,
    ]
    .into_iter()
    .flatten()
}
