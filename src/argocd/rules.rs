//! The rules of the `argocd` family.

crate::rules! {
    /// A sync or compare option that Argo CD passes over.
    SYNC_OPTION = "argocd/sync-option", Error;
    /// An annotation or label that does not do what it is there for.
    ANNOTATION = "argocd/annotation", Error;
    /// What Argo CD tells its objects by is written by hand.
    TRACKING = "argocd/tracking", Warning;
    /// A project that allows everything.
    WIDE_PROJECT = "argocd/wide-project", Warning;
    /// Argo CD deletes by itself what cannot be made again.
    PRUNE = "argocd/prune", Warning;
    /// An object that is too large for client-side apply.
    TOO_LARGE = "argocd/too-large", Error;
    /// Differences are ignored that should be seen.
    IGNORED_DIFFERENCE = "argocd/ignored-difference", Warning;
    /// Argo CD lets in, or trusts, whom it should not.
    INSECURE = "argocd/insecure", Error;
}
