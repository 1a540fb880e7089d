//! Schemas: what fields an object may have, and what may be in them.
//!
//! In: objects. Out: faults, or that there is no schema. The schemas of Kubernetes' own kinds are part of the program,
//! for each of its versions; those of custom resources come from the project and from the objects themselves.

mod catalogue;
mod check;
mod effort;
mod format;
mod history;
mod import;
mod kubernetes;
mod pattern;
mod required;
pub mod rules;
mod shape;
mod structure;
mod words;

pub use self::catalogue::{Catalogue, CheckedBy, is_of_status};
pub use self::check::Visitor;
pub(crate) use self::check::check_value;
pub(crate) use self::effort::Effort;
pub use self::effort::Share;
pub use self::format::{is_cidr, is_duration};
pub use self::import::import;
pub use self::kubernetes::{Kubernetes, KubernetesVersion};
pub(crate) use self::pattern::Patterns;
