//! Tests of the checks on workloads and what they take.

mod budget;
mod configuration;
mod made;
mod unused;
mod workload;
