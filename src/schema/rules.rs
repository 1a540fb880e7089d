//! The rules of the `schema` family.

crate::rules! {
    /// No schema is known for a kind.
    UNKNOWN_KIND = "schema/unknown-kind", Error;
    /// A key that is no field.
    UNKNOWN_FIELD = "schema/unknown-field", Error;
    /// A field that must be there is not.
    MISSING_FIELD = "schema/missing-field", Error;
    /// A value of another type.
    TYPE = "schema/type", Error;
    /// A value that is none of those listed.
    ENUM = "schema/enum", Error;
    /// A text that is not of its format.
    FORMAT = "schema/format", Error;
    /// A number or size outside its bounds.
    RANGE = "schema/range", Error;
    /// A text that does not match its pattern.
    PATTERN = "schema/pattern", Error;
    /// None, or too many, of the alternatives fit.
    ALTERNATIVES = "schema/alternatives", Error;
    /// An item of a list that is there twice.
    DUPLICATE_ITEM = "schema/duplicate-item", Error;
    /// A rule of a custom resource's schema that does not hold.
    CEL = "schema/cel", Error;
    /// A rule of a definition that the API server cannot compile.
    CEL_COMPILE = "schema/cel-compile", Error;
    /// A rule of a definition that may cost more than the API server allows.
    CEL_COST = "schema/cel-cost", Error;
}
