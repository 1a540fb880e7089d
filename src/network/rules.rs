//! The rules of the `network` family.

crate::rules! {
    /// A connection that is open, and that no flow declares.
    UNDECLARED_FLOW = "network/undeclared-flow", Error;
    /// A flow that is closed.
    BLOCKED_FLOW = "network/blocked-flow", Error;
    /// A flow with an end that is not there.
    UNUSED_FLOW = "network/unused-flow", Warning;
    /// Pods that no policy isolates.
    NO_DEFAULT_DENY = "network/no-default-deny", Warning;
    /// Pods that may call others, but not look their names up.
    NO_DNS = "network/no-dns", Warning;
    /// A policy about pods for which no policy holds.
    HOST_NETWORK = "network/host-network", Warning;
    /// Pods that a load balancer opens to the internet.
    EXPOSED_TO_INTERNET = "network/exposed-to-internet", Warning;
    /// Connections that are open now, and were not before.
    OPENED_FLOW = "network/opened-flow", Note;
    /// Connections that were open before.
    CLOSED_FLOW = "network/closed-flow", Note;
    /// A part of a policy that is not taken as it is written.
    APPROXIMATED = "network/approximated", Note;
}
