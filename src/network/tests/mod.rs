mod brute;
mod cases;
mod diff;
mod draw;
mod engine;
mod others;
mod rules;

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::sync::Arc;

use super::*;
use crate::cluster::{Cluster, Settings};
use crate::manifest::{Resource, Scopes, flatten};
use crate::yaml::{Limits, read};

pub(super) fn resources(yaml: &str) -> Vec<Resource> {
    let stream = read(&Arc::from(yaml), &Limits::default());
    assert!(stream.problems.is_empty(), "{:?}", stream.problems);
    let documents = stream.documents.into_iter().flat_map(flatten);
    documents.map(Resource::new).collect()
}

/// Every connection that is open, by the names of its ends.
pub(super) fn open(
    resources: &[Resource],
    settings: &Settings,
) -> BTreeMap<(String, String), Connections> {
    let cluster = Cluster::new(resources.iter().collect(), Scopes::default(), settings);
    let reach = Reach::new(&cluster);
    let mut open = BTreeMap::new();
    let told = connections::<Infallible>(
        &reach,
        |_| true,
        |_| true,
        |one| {
            let before = open.insert((one.from.to_owned(), one.to.to_owned()), one.connections);
            assert!(before.is_none(), "{} => {} is told twice", one.from, one.to);
            Ok(())
        },
    );
    told.unwrap();
    open
}

/// Looks at objects together.
pub(super) fn cluster<'a>(resources: &'a [Resource], settings: &'a Settings) -> Cluster<'a> {
    Cluster::new(resources.iter().collect(), Scopes::default(), settings)
}
