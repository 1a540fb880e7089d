//! What differences lead to: what a reviewer must see before anything else.

use super::{FieldChange, ObjectChange, ObjectDiff, Shown};
use crate::api::changes;
use crate::finding::ResourceId;
use crate::manifest::Resource;

/// Something that a change leads to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Impact {
    /// More than an object is lost with it.
    Lost {
        /// The object that is removed.
        id: ResourceId,
        /// What goes with it.
        why: &'static str,
    },
    /// The API server refuses the change.
    Refused {
        /// The object.
        id: ResourceId,
        /// Why, in words.
        message: String,
    },
    /// An object is removed.
    Removed(ResourceId),
    /// A container gets another image.
    Image {
        /// The object.
        id: ResourceId,
        /// The image's path.
        path: String,
        /// The image that it has.
        before: String,
        /// The image that it gets.
        after: String,
    },
}

impl Impact {
    /// Returns its place among the others: the gravest comes first.
    pub const fn rank(&self) -> u8 {
        match self {
            Self::Lost { .. } => 0,
            Self::Refused { .. } => 1,
            Self::Removed(_) => 2,
            Self::Image { .. } => 3,
        }
    }

    /// Returns the word for its kind.
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Lost { .. } => "lost",
            Self::Refused { .. } => "refused",
            Self::Removed(_) => "removed",
            Self::Image { .. } => "image",
        }
    }

    /// Returns the object.
    pub const fn id(&self) -> &ResourceId {
        match self {
            Self::Lost { id, .. }
            | Self::Refused { id, .. }
            | Self::Removed(id)
            | Self::Image { id, .. } => id,
        }
    }
}

/// By group and kind: what is lost with an object.
const LOST: &[(&str, &str, &str)] = &[
    (
        "",
        "PersistentVolumeClaim",
        "its data is deleted with it, where the storage class says so",
    ),
    ("", "PersistentVolume", "its data may be deleted with it"),
    ("", "Namespace", "everything in it is deleted with it"),
    (
        "apiextensions.k8s.io",
        "CustomResourceDefinition",
        "all objects of its kind are deleted with it",
    ),
];

/// Returns what the difference of an object leads to.
pub fn impacts(diff: &ObjectDiff, old: Option<&Resource>, new: Option<&Resource>) -> Vec<Impact> {
    let id = || diff.id.clone();
    let mut found = Vec::new();
    match (&diff.change, old, new) {
        (ObjectChange::Removed, Some(old), _) => {
            let lost = LOST
                .iter()
                .find(|(group, kind, _)| (*group, *kind) == (old.group(), old.id.kind.as_str()));
            found.push(match lost {
                Some((_, _, why)) => Impact::Lost { id: id(), why },
                None => Impact::Removed(id()),
            });
        }
        (ObjectChange::Changed(fields), Some(old), Some(new)) => {
            let mut faults = Vec::new();
            changes(old.root(), new.root(), &mut faults);
            found.extend(faults.into_iter().map(|fault| Impact::Refused {
                id: id(),
                message: fault.message,
            }));
            for field in fields {
                if let FieldChange::Changed(Shown::Value(before), Shown::Value(after)) =
                    &field.change
                    && field.path.ends_with("].image")
                    && field.path.contains("ontainers[")
                {
                    found.push(Impact::Image {
                        id: id(),
                        path: field.path.clone(),
                        before: before.clone(),
                        after: after.clone(),
                    });
                }
            }
        }
        _ => {}
    }
    found
}
