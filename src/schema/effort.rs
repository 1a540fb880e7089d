//! What may be done for one object.
//!
//! Schemas of custom resources are input, and so is what they are applied to: alternatives of alternatives, defaults in
//! defaults and rules of each item multiply, and would take for ever where somebody means harm. So every object has its
//! share of the steps of a run. No real object comes near it; what is left when it is spent is not checked, which is said.

use std::cell::Cell;

use super::rules;
use crate::manifest::Fault;
use crate::yaml::Node;

/// What a run's work is shared among.
#[derive(Clone, Copy, Debug)]
pub struct Share {
    /// So many objects.
    pub objects: usize,
    /// So many schemas of custom resources.
    pub schemas: usize,
}

impl Default for Share {
    fn default() -> Self {
        Self {
            objects: 1,
            schemas: 1,
        }
    }
}

/// What may still be done for one object.
#[derive(Debug)]
pub(crate) struct Effort {
    /// So many nodes may be looked at, by one part of the schema each.
    steps: Cell<usize>,
    /// So many faults may be told.
    faults: Cell<usize>,
    /// So many names may be compared to find the one that was meant.
    guesses: Cell<usize>,
    /// So much work may the rules in CEL be.
    work: usize,
    /// Whether it was told that nothing is left.
    told: Cell<bool>,
    /// What the object is checked by.
    by: String,
}

impl Effort {
    /// Makes what may be done for an object of a custom resource; `by` names its schema.
    pub(super) fn of_custom(object: Node<'_>, share: Share, by: String) -> Self {
        let nodes = size(object);
        let part = |all: usize, least: usize| (all / share.objects.max(1)).max(least);
        Self {
            steps: Cell::new(part(10_000_000, 1_000) + 32 * nodes),
            faults: Cell::new(part(50_000, 5).min(10_000) + (2 * nodes).min(10_000)),
            guesses: Cell::new((part(2_000_000, 0) + 50 * nodes).min(100_000)),
            work: (part(20_000_000, 2_000) + 64 * nodes).min(20_000_000),
            told: Cell::new(false),
            by,
        }
    }

    /// Makes what may be done for the defaults of a schema. Whoever asks says by [`Effort::too_much`] that it is spent.
    pub(crate) fn of_defaults(schema: Node<'_>) -> Self {
        Self {
            steps: Cell::new(100_000 + 8 * size(schema)),
            faults: Cell::new(10_000),
            told: Cell::new(true),
            ..Self::of_kubernetes()
        }
    }

    /// Makes what may be done by Kubernetes' own schemas: they mean no harm, so an object takes as long as it is large.
    pub(super) fn of_kubernetes() -> Self {
        Self {
            steps: Cell::new(usize::MAX),
            faults: Cell::new(usize::MAX),
            guesses: Cell::new(100_000),
            work: 0,
            told: Cell::new(false),
            by: "this schema".to_owned(),
        }
    }

    /// Takes steps; tells whether they may be taken.
    pub(crate) fn take(&self, steps: usize) -> bool {
        let left = self.steps.get().checked_sub(steps);
        self.steps.set(left.unwrap_or_default());
        left.is_some()
    }

    /// Takes the place of a fault; tells whether there is one. Where there is none, there are no steps either.
    pub(super) fn may_tell(&self) -> bool {
        let left = self.faults.get().checked_sub(1);
        self.faults.set(left.unwrap_or_default());
        if left.is_none() {
            self.steps.set(0);
        }
        left.is_some()
    }

    /// Tells whether so many names may be compared.
    pub(super) fn may_guess(&self, names: usize) -> bool {
        let left = self.guesses.get().checked_sub(names);
        self.guesses.set(left.unwrap_or_default());
        left.is_some()
    }

    /// Returns how much work the rules in CEL may be.
    pub(super) fn work(&self) -> u64 {
        self.work as u64
    }

    /// Tells whether nothing is left.
    pub(crate) fn is_spent(&self) -> bool {
        self.steps.get() == 0
    }

    /// Gives up at a node, and says so the first time.
    pub(super) fn give_up<'a>(&self, node: Node<'a>) -> Option<Fault<'a>> {
        self.steps.set(0);
        let told = self.told.replace(true);
        (!told).then(|| self.too_much(node))
    }

    /// Says that nothing is left.
    pub(crate) fn too_much<'a>(&self, node: Node<'a>) -> Fault<'a> {
        let message = format!(
            "to check this by {} is more work than is done for one object: what follows is not checked",
            self.by
        );
        let fault = Fault::new(&rules::ALTERNATIVES, node, message);
        fault.help("give the schema fewer `allOf`, `anyOf`, `oneOf`, defaults or rules, or the object fewer items")
    }
}

/// Returns the number of nodes of a subtree.
fn size(node: Node<'_>) -> usize {
    node.end_index().saturating_sub(node.index())
}
