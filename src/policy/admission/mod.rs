//! Kubernetes' own policies, evaluated without a cluster: `ValidatingAdmissionPolicy`, its bindings and params.
//!
//! In: a policy, compiled once ([`Policy`]); requests. Out: a [`Decision`] for each.

mod binding;
mod check;
mod judge;
mod matching;
mod params;
mod policy;
mod report;
mod request;
mod run;
mod seen;
mod tally;
mod types;
mod value;

pub use self::binding::Binding;
pub use self::check::check;
pub use self::judge::{Decision, Denial, Verdict, judge};
pub use self::policy::{ParamKind, Policy, Problem};
pub use self::request::{Kinds, Operation, Request, User};
pub use self::seen::Definitions;
pub use self::tally::Tally;

#[cfg(test)]
mod tests;
