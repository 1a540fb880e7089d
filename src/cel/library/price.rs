//! What calls cost: the API server's table, for values and for estimated sizes.

use crate::cel::value::Value;

/// What a call costs, by the sizes of its arguments.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Price {
    /// So much.
    Fixed(u64),
    /// A tenth of the size of an argument.
    Tenth(usize),
    /// The size of an argument.
    Size(usize),
    /// A tenth of the smaller of two sizes.
    Smaller,
    /// A tenth of both sizes.
    Both,
    /// Looking for a text in a text: the product of the tenths.
    Search,
    /// Looking for a pattern in a text.
    Pattern,
    /// The product of two sizes.
    Product,
    /// A fifth of the size of what it gives.
    Result,
}

impl Price {
    /// Returns the price as far as the arguments decide it.
    pub(crate) fn before(self, values: &[Value<'_>]) -> u64 {
        if let Self::Fixed(price) = self {
            return price;
        }
        let size = |at: usize| values.get(at).map_or(1, Value::size);
        self.of(size(0), size(1), size(2), 0)
    }

    /// Returns the price as far as what the call gives decides it.
    pub(crate) fn after(self, value: &Value<'_>) -> u64 {
        if self == Self::Result {
            self.of(0, 0, 0, value.size())
        } else {
            0
        }
    }

    /// Returns the price of sizes.
    pub(crate) fn of(self, first: u64, second: u64, third: u64, result: u64) -> u64 {
        let at = |place: usize| match place {
            0 => first,
            1 => second,
            _ => third,
        };
        match self {
            Self::Fixed(price) => price,
            Self::Tenth(place) => tenth(at(place)),
            Self::Size(place) => at(place),
            Self::Smaller => tenth(first.min(second)),
            Self::Both => tenth(first.saturating_add(second)),
            Self::Search => tenth(first).saturating_mul(tenth(second)),
            Self::Pattern => tenth(first.saturating_add(1)).saturating_mul(second.div_ceil(4)),
            Self::Product => first.saturating_mul(second),
            Self::Result => result.div_ceil(5),
        }
    }
}

fn tenth(size: u64) -> u64 {
    size.div_ceil(10)
}
