//! Policies: Kubernetes' own `ValidatingAdmissionPolicy`, and what must be alike in all environments.

pub mod admission;
mod binding;
mod parity;
pub mod rules;
pub mod testing;

pub use self::admission::check;
pub use self::binding::{bind, bind_as_asked, bound_policy, is_binding, is_policy};
pub use self::parity::{Side, parity};
