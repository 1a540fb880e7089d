//! The rules of the `template` family.

crate::rules! {
    /// The template's own syntax is wrong.
    SYNTAX = "template/syntax", Error;
    /// An expression reads something that does not exist.
    UNDEFINED = "template/undefined", Error;
    /// A function, filter or operator refuses what it was given.
    FAILED = "template/failed", Error;
    /// An included or imported template does not exist, or is outside `templates/`.
    INCLUDE = "template/include", Error;
    /// A template used up its fuel, recursion or output.
    LIMIT = "template/limit", Error;
    /// A map, a list or null was made part of a text.
    COLLECTION_IN_TEXT = "template/collection-in-text", Error;
    /// A value that YAML cannot hold.
    VALUE = "template/value", Error;
    /// A value stands in a tag, an anchor or a directive.
    PLACEMENT = "template/placement", Error;
    /// A template or value holds one of the two characters that Tympan keeps for itself.
    RESERVED_CHARACTER = "template/reserved-character", Error;
}
