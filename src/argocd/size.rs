//! The size of an object as JSON, as client-side apply keeps it.

use crate::yaml::{Kind, Node};

/// The most bytes that all annotations of an object may have.
pub(super) const LARGEST: usize = 256 << 10;

/// Returns the length of an object as JSON without blanks, where it is more than annotations may have.
pub(super) fn too_large(object: Node<'_>) -> Option<usize> {
    // Nothing is shorter in JSON but the quotes and blanks around it.
    let roughly = roughly(object);
    (roughly > LARGEST / 2)
        .then(|| length(object))
        .filter(|length| *length > LARGEST)
}

/// Returns about how long an object is, without a look into its texts.
fn roughly(object: Node<'_>) -> usize {
    let document = object.document();
    let nodes = (object.index()..object.end_index()).filter_map(|index| document.node(index));
    nodes
        .map(|node| node.as_str().map_or(1, str::len) + 3)
        .sum()
}

fn length(node: Node<'_>) -> usize {
    match node.kind() {
        Kind::Null => 4,
        Kind::Bool if node.as_bool() == Some(true) => 4,
        Kind::Bool => 5,
        Kind::Int => node.as_int().unwrap_or_default().to_string().len(),
        Kind::Float => 1,
        Kind::Str => text(node.as_str().unwrap_or_default()),
        Kind::Seq => {
            1 + node
                .items()
                .map(|item| length(item) + 1)
                .sum::<usize>()
                .max(1)
        }
        Kind::Map => {
            let entries = node.entries();
            let entries = entries.map(|(key, value)| length(key) + length(value) + 2);
            1 + entries.sum::<usize>().max(1)
        }
    }
}

fn text(text: &str) -> usize {
    let bytes = text.bytes().map(|byte| match byte {
        b'"' | b'\\' | b'\n' | b'\r' | b'\t' => 2,
        0..=0x1F => 6,
        _ => 1,
    });
    2 + bytes.sum::<usize>()
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::yaml::{Limits, read};

    #[test]
    fn the_length_is_that_of_json() {
        for json in [
            r#"{"a":[1,-20,true,false,null],"b":{},"c":[],"d":"x\ny\"z\\é"}"#,
            "[]",
            r#"{"a":{"b":{"c":["d"]}}}"#,
        ] {
            let stream = read(&Arc::from(json), &Limits::default());
            assert_eq!(length(stream.documents[0].root()), json.len(), "{json}");
        }
    }

    #[test]
    fn only_what_is_larger_than_annotations_may_be_is_told() {
        let of = |count: usize| {
            let yaml = format!("data: {{a: {}}}\n", "x".repeat(count));
            let stream = read(&Arc::from(yaml.as_str()), &Limits::default());
            too_large(stream.documents[0].root())
        };
        // `{"data":{"a":""}}` is 17 bytes.
        assert_eq!(of(LARGEST - 17), None);
        assert_eq!(of(LARGEST - 16), Some(LARGEST + 1));
        assert_eq!(of(10), None);
    }
}
