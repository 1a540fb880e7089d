//! What differences open and close between workloads.

use super::{Comparison, ObjectDiff};
use crate::cluster::Cluster;
use crate::network::{Change, Versions};

/// Connections that are opened or closed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReachChange {
    /// Whether they are open now, or closed.
    pub change: Change,
    /// Where they come from.
    pub from: String,
    /// Where they go.
    pub to: String,
    /// By which ports.
    pub ports: String,
}

/// Kinds that hold nothing but data: no connection depends on them.
const DATA: &[&str] = &["ConfigMap", "Secret", "ExternalSecret", "Application"];

/// Finds what a comparison opens and closes; nothing where no object differs that could.
pub fn reach<'a>(
    comparison: &Comparison,
    before: &Cluster<'a>,
    after: &Cluster<'a>,
) -> Vec<ReachChange> {
    let matters = |object: &ObjectDiff| !DATA.contains(&object.id.kind.as_str());
    let mut found = Vec::new();
    if !comparison.objects.iter().any(matters) {
        return found;
    }
    let versions = Versions::new(before, after);
    for change in Change::ALL {
        let told: Result<(), std::convert::Infallible> = versions.changes(
            change,
            |_| true,
            |_| true,
            |changed| {
                found.push(ReachChange {
                    change,
                    from: changed.from,
                    to: changed.to,
                    ports: changed.connections.to_string(),
                });
                Ok(())
            },
        );
        match told {
            Ok(()) => {}
        }
    }
    found
}
