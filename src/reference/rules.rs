//! The rules of the `reference` family.

crate::rules! {
    /// A name of an object that is not there.
    MISSING = "reference/missing", Error;
    /// A key that a ConfigMap or a Secret does not have.
    MISSING_KEY = "reference/missing-key", Error;
    /// A selector that selects no pod.
    SELECTS_NOTHING = "reference/selects-nothing", Warning;
    /// A number of replicas besides that of an autoscaler.
    SCALED_REPLICAS = "reference/scaled-replicas", Warning;
    /// A disruption budget that lets no pod go.
    DISRUPTION_BUDGET = "reference/disruption-budget", Warning;
    /// A ConfigMap that nothing uses.
    UNUSED_CONFIG_MAP = "reference/unused-config-map", Note;
    /// A Secret that nothing uses.
    UNUSED_SECRET = "reference/unused-secret", Note;
    /// A ServiceAccount that nothing uses.
    UNUSED_SERVICE_ACCOUNT = "reference/unused-service-account", Note;
    /// A claim that no pod uses.
    UNUSED_CLAIM = "reference/unused-claim", Note;
    /// A Service that selects the pods of programs that have nothing to do with each other.
    SELECTS_TOO_MUCH = "reference/selects-too-much", Warning;
    /// A port that is named and not there.
    MISSING_PORT = "reference/missing-port", Error;
    /// A Service's port that leads to a number that no container declares.
    UNDECLARED_PORT = "reference/undeclared-port", Warning;
    /// The Service of a StatefulSet that gives its pods no names.
    GOVERNING_SERVICE = "reference/governing-service", Warning;
    /// Two objects that claim the same.
    CONFLICT = "reference/conflict", Error;
    /// A reference to what is there, but may not be used.
    NOT_ALLOWED = "reference/not-allowed", Error;
    /// A path of the repository that nothing is rendered to.
    MISSING_PATH = "reference/missing-path", Error;
}
