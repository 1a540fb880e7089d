//! The rules of a `CustomResourceDefinition` itself.

use std::collections::HashMap;

use super::{ProblemKind, Structure};
use crate::manifest::Fault;
use crate::schema::rules;
use crate::yaml::{Node, to_json};

/// Checks the rules of every version that a definition has; each fault stands at the rule's text.
pub(in crate::schema) fn check_definition<'a>(
    object: Node<'a>,
    minor: u8,
    faults: &mut Vec<Fault<'a>>,
) {
    for version in object
        .path(&["spec", "versions"])
        .into_iter()
        .flat_map(Node::items)
    {
        let Some(schema) = version.path(&["schema", "openAPIV3Schema"]) else {
            continue;
        };
        let (_, problems) = Structure::compile(&to_json(schema), minor);
        let mut places = Places::default();
        for problem in problems {
            let rule = match problem.kind {
                ProblemKind::Compile => &rules::CEL_COMPILE,
                ProblemKind::Cost => &rules::CEL_COST,
            };
            let node = places.find(schema, &problem.pointer).unwrap_or(schema);
            faults.push(Fault::new(rule, node, problem.message).help(problem.help));
        }
    }
}

/// The maps that were looked into: one look at each, however many places are asked for.
#[derive(Default)]
struct Places<'a> {
    maps: HashMap<usize, HashMap<&'a str, Node<'a>>>,
}

impl<'a> Places<'a> {
    /// Follows a JSON Pointer.
    fn find(&mut self, root: Node<'a>, pointer: &str) -> Option<Node<'a>> {
        pointer.split('/').skip(1).try_fold(root, |node, part| {
            let part = part.replace("~1", "/").replace("~0", "~");
            if node.entries().len() == 0 {
                return node.items().nth(part.parse().ok()?);
            }
            let map = self.maps.entry(node.index()).or_insert_with(|| {
                let entries = node.entries();
                entries
                    .filter_map(|(key, value)| Some((key.as_str()?, value)))
                    .collect()
            });
            map.get(part.as_str()).copied()
        })
    }
}
