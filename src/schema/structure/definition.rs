//! The rules of a `CustomResourceDefinition` itself.

use super::{ProblemKind, Structure};
use crate::manifest::Fault;
use crate::schema::rules;
use crate::yaml::{Kind, Lookups, Node, to_json};

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
        let mut maps = Lookups::default();
        for problem in problems {
            let rule = match problem.kind {
                ProblemKind::Compile => &rules::CEL_COMPILE,
                ProblemKind::Cost => &rules::CEL_COST,
                ProblemKind::Defaults => &rules::ALTERNATIVES,
            };
            let node = find(&mut maps, schema, &problem.pointer).unwrap_or(schema);
            faults.push(Fault::new(rule, node, problem.message).help(problem.help));
        }
    }
}

/// Follows a JSON Pointer.
fn find<'a>(maps: &mut Lookups<'a>, root: Node<'a>, pointer: &str) -> Option<Node<'a>> {
    let mut parts = pointer.split('/').skip(1);
    parts.try_fold(root, |node, part| {
        if node.kind() == Kind::Seq {
            return maps.item(node, part.parse().ok()?);
        }
        maps.get(node, &part.replace("~1", "/").replace("~0", "~"))
    })
}
