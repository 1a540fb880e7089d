//! Kubernetes' own policies, evaluated without a cluster: `ValidatingAdmissionPolicy`, its bindings and params.
//!
//! In: a policy, compiled once ([`Policy`]); requests. Out: a [`Decision`] for each.

mod binding;
mod judge;
mod matching;
mod policy;
mod request;
mod types;

pub use self::binding::Binding;
pub use self::judge::{Decision, Denial, Verdict, judge};
pub use self::policy::{ParamKind, Policy, Problem};
pub use self::request::{Kinds, Operation, Request, User};

#[cfg(test)]
mod tests;
