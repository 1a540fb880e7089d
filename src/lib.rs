//! Tympan renders Kubernetes manifests from templates and per-environment values, proves that they are valid and
//! zero-trust, and hands them to git for Argo CD.
//!
//! The library holds everything; the binary only maps arguments to an exit code. A module imports only from the
//! modules declared above it (see `ARCHITECTURE.md`, kept by a test).

pub mod finding;
pub mod source;
pub mod yaml;
