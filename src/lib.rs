//! Tympan renders Kubernetes manifests from templates and per-environment values, proves that they are valid and
//! zero-trust, and hands them to git for Argo CD.
//!
//! The library holds everything; the binary only maps arguments to an exit code. A module imports only from the
//! modules declared above it (see `ARCHITECTURE.md`, kept by a test).

#![cfg_attr(
    test,
    allow(clippy::too_many_lines, reason = "tables of cases are long")
)]

// The order below is that of the layers; blank lines keep rustfmt from sorting them.

pub mod date;

pub mod digest;

pub mod progress;

pub mod shard;

pub mod source;

pub mod finding;

pub mod yaml;

pub mod project;

pub mod values;

pub mod render;

pub mod manifest;

pub mod cel;

pub mod schema;

pub mod api;

pub mod cluster;

pub mod reference;

pub mod pod_security;

pub mod rbac;

pub mod secret;

pub mod argocd;

pub mod network;

pub mod policy;

pub mod waiver;

pub mod pipeline;

pub mod output;

pub mod registry;

pub mod plugin;

pub mod report;

pub mod git;

pub mod diff;

pub mod exit;

pub mod error;

pub mod cli;
