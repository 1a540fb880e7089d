//! The rules of the `secret` family.

crate::rules! {
    /// A Secret with contents.
    MANIFEST = "secret/manifest", Error;
    /// A key or token that is known by its form.
    CREDENTIAL = "secret/credential", Error;
    /// A password in an address.
    ADDRESS = "secret/address", Error;
    /// A password or token that is written out.
    LITERAL = "secret/literal", Error;
    /// A password that everybody knows.
    DEFAULT_PASSWORD = "secret/default-password", Error;
}
