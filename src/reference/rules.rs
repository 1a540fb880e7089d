//! The rules of the `reference` family.

crate::rules! {
    /// A name of an object that is not there.
    MISSING = "reference/missing", Error;
    /// A key that a ConfigMap or a Secret does not have.
    MISSING_KEY = "reference/missing-key", Error;
    /// A selector that selects no pod.
    SELECTS_NOTHING = "reference/selects-nothing", Warning;
    /// A thing of which Kubernetes takes one only has two.
    OVERLAP = "reference/overlap", Error;
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
}
