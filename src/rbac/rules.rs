//! The rules of the `rbac` family.

crate::rules! {
    /// A rule that allows every verb, resource or API group.
    WILDCARD = "rbac/wildcard", Error;
    /// A binding to `cluster-admin`.
    CLUSTER_ADMIN = "rbac/cluster-admin", Error;
    /// A binding to everybody.
    EVERYBODY = "rbac/everybody", Error;
    /// Rights that let their holder give itself more: `bind`, `escalate`, `impersonate`.
    ESCALATE = "rbac/escalate", Error;
    /// Reading Secrets that are not named.
    READ_SECRETS = "rbac/read-secrets", Error;
    /// Writing Secrets that are not named.
    WRITE_SECRETS = "rbac/write-secrets", Error;
    /// Making pods, by themselves or by a controller.
    CREATE_PODS = "rbac/create-pods", Error;
    /// Running programs in pods that are there.
    EXEC = "rbac/exec", Error;
    /// Asking for tokens of ServiceAccounts.
    TOKEN_REQUEST = "rbac/token-request", Error;
    /// Control over admission: webhooks and policies.
    WEBHOOK_CONTROL = "rbac/webhook-control", Error;
    /// Control over the cluster's certificates.
    CERTIFICATES = "rbac/certificates", Error;
    /// The way to nodes: their kubelets, and volumes of their file systems.
    NODES = "rbac/nodes", Error;
    /// A token that is mounted, of a ServiceAccount without rights.
    UNUSED_TOKEN = "rbac/unused-token", Warning;
    /// The `default` ServiceAccount in use.
    DEFAULT_ACCOUNT = "rbac/default-service-account", Warning;
}
