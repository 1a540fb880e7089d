//! Argo CD's config management plugin: what Argo CD asks of a run, and what it is told there is to ask.
//!
//! In: the variables that its plugin server sets. Out: a [`Request`], the values that it overrides as a text of their
//! own, and what can be asked ([`announcements`]). The contract is that of Argo CD's documentation, "Config Management
//! Plugins", and of `cmpserver/plugin` in its source.

mod announce;
mod overrides;
mod request;

pub use self::announce::{ENVIRONMENT, NAMESPACES, VALUES, announcements};
pub use self::overrides::overrides;
pub use self::request::{PluginError, Request, application};

/// The plugin file: what Argo CD runs, and for what. There is nothing to discover by: an Application names the plugin,
/// which saves Argo CD a second copy of the repository.
pub const PLUGIN_FILE: &str = include_str!("plugin.yaml");
