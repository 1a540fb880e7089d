//! The tables, one file a part of the API. A new rule is a line in the table of its definition.

mod job;
mod meta;
mod service;
mod workload;

use super::Definition;

/// Returns what is said about every definition; one definition may be in several tables.
pub(super) fn all() -> impl Iterator<Item = &'static Definition> {
    [job::TABLE, meta::TABLE, service::TABLE, workload::TABLE].into_iter().flatten()
}
