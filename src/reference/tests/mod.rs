//! Tests of the checks on workloads and what they take.

mod application;
mod budget;
mod configuration;
mod ingress;
mod made;
mod network_policy;
mod operator;
mod service;
mod unused;
mod workload;
