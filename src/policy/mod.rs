//! Policies: Kubernetes' own `ValidatingAdmissionPolicy`, and what must be alike in all environments.

pub mod admission;

use crate::cluster::{Cluster, Found};

/// Checks the objects of an environment.
pub fn check<'a>(_cluster: &Cluster<'a>) -> Vec<Found<'a>> {
    Vec::new()
}
