//! Integration tests: one module per command and topic, in one binary.

#![allow(
    clippy::disallowed_methods,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::missing_docs_in_private_items,
    clippy::panic,
    clippy::print_stdout,
    clippy::string_slice,
    clippy::unwrap_used,
    reason = "a test that cannot go on says so by panicking"
)]

mod api;
mod api_server;
mod architecture;
mod argocd_plugin;
mod cel;
mod cli;
mod commit;
mod custom_resources;
mod determinism;
mod diff;
mod drift;
mod faults;
mod folders;
mod formats;
mod go_yaml;
mod handover;
mod hostile;
mod hostile_checks;
mod injection;
mod kill;
mod kubectl;
mod mistakes;
mod netpol;
mod network_pictures;
mod pod_security;
mod policies;
mod program;
mod progress;
mod project;
mod references;
mod rules;
mod schemas;
mod secrets;
mod shards;
mod waivers;
