//! References between the objects of an environment: what is named and not there, and what chooses nothing.

use crate::cluster::{Cluster, Found};

/// Checks the objects of an environment.
pub fn check<'a>(_cluster: &Cluster<'a>) -> Vec<Found<'a>> {
    Vec::new()
}
