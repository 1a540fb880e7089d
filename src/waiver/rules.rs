//! The rules of the `waiver` family.

crate::rules! {
    /// A waiver whose last day is past.
    EXPIRED = "waiver/expired", Error;
    /// A waiver whose last day is near.
    EXPIRING = "waiver/expiring", Warning;
    /// A waiver of something that is not found.
    UNUSED = "waiver/unused", Warning;
}
