//! The rules about objects as such, of the `template` family.

crate::rules! {
    /// A document is no Kubernetes object.
    MANIFEST = "template/manifest", Error;
    /// An object is in another namespace than its folder's.
    NAMESPACE = "template/namespace", Error;
    /// Two objects would have the same file, or are the same object.
    COLLISION = "template/collision", Error;
    /// An object has `generateName` where a name is needed.
    GENERATE_NAME = "template/generate-name", Error;
    /// An object's name cannot be a file's name.
    FILE_NAME = "template/file-name", Error;
}
