//! Network reach: who may talk to whom.
//!
//! In: a [`Cluster`](crate::cluster::Cluster). Out: a [`Reach`], which knows for any two ends what may go from one to
//! the other, and finds every connection that is open ([`Pairs`]). The semantics are those of the `networking/v1` API:
//! a connection is open where the policies about its source let it out and those about its target let it in; a pod that
//! no policy isolates is open.

mod address;
mod admin;
mod borders;
mod change;
mod check;
mod cilium;
mod declared;
mod diff;
pub mod draw;
mod engine;
mod flows;
mod ingress;
mod interval;
mod list;
mod model;
mod pairs;
mod peer;
mod policy;
mod port;
mod reach;
pub mod rules;
mod service;
mod why;

pub use self::address::{Family, Partition, Range};
pub use self::borders::Borders;
pub use self::check::check;
pub use self::declared::Declared;
pub use self::diff::{Change, Changed, Versions};
pub use self::engine::{Engine, Share};
pub use self::interval::Intervals;
pub use self::list::{Connection, Name, connections, names};
pub use self::model::{Class, Inventory, Namespace, Workload};
pub use self::pairs::{Pairs, Seen};
pub use self::peer::{End, Numbering, PeerId};
pub use self::policy::{
    Action, Both, Direction, Entity, Namespaces, Note, Peer, Pods, Ports, Tier,
};
pub use self::port::{Connections, Protocol};
pub use self::reach::{Policy, Reach, Rule};
pub use self::service::Exposure;
pub use self::why::{Reason, reasons};

#[cfg(test)]
mod tests;
