//! References between the objects of an environment: what is named and not there, and what chooses nothing.
//!
//! In: a [`Cluster`]. Out: faults of what names or selects others. Each check looks at one kind of reference; all share
//! `References`, which knows what is there and what has been named. What nothing names is told last.

mod access;
mod application;
mod binding;
mod budget;
mod configuration;
mod fields;
mod foreign;
mod gateway;
mod ingress;
mod issuer;
mod made;
mod monitor;
mod names;
mod network_policy;
mod port;
mod program;
mod references;
mod repository;
pub mod rules;
mod scaling;
mod secret_store;
mod selection;
mod service;
mod unseen;
mod unused;
mod webhook;
mod workload;

use std::rc::Rc;

use self::references::References;
use crate::cluster::{Cluster, Found, Index};

/// A look at one kind of reference.
type Check = for<'a> fn(&mut References<'_, 'a>);

/// The checks, in their order; those of what nothing names come last.
const CHECKS: &[Check] = &[
    configuration::check,
    workload::check,
    binding::check,
    scaling::check,
    budget::check,
    service::check,
    ingress::check,
    gateway::check,
    network_policy::check,
    monitor::check,
    webhook::check,
    issuer::check,
    secret_store::check,
    application::check,
    unused::check,
];

/// Checks the objects of an environment.
pub fn check<'a>(cluster: &Cluster<'a>) -> Vec<Found<'a>> {
    // One object alone says nothing about the others.
    if cluster.len() < 2 && !cluster.settings().whole {
        return Vec::new();
    }
    run(References::new(cluster))
}

fn run<'a>(mut references: References<'_, 'a>) -> Vec<Found<'a>> {
    for check in CHECKS {
        check(&mut references);
    }
    references.into_found()
}

/// Returns Argo CD's Applications with the objects that each delivers, where it reads what this project renders.
pub fn deliveries(cluster: &Cluster<'_>) -> Vec<(Index, Rc<[Index]>)> {
    application::deliveries(cluster)
}

#[cfg(test)]
mod testing;
#[cfg(test)]
mod tests;
