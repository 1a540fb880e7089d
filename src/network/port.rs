//! Protocols and ports: what of a connection policies speak of.

use std::fmt;

use super::interval::Intervals;

/// The ports there are.
const FIRST: u32 = 1;
/// The last of them.
const LAST: u32 = 65_535;

/// A protocol that has ports; policies know no other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Protocol {
    /// SCTP.
    Sctp,
    /// TCP.
    Tcp,
    /// UDP.
    Udp,
}

impl Protocol {
    /// Every protocol, in the order in which they are shown.
    pub const ALL: [Self; 3] = [Self::Sctp, Self::Tcp, Self::Udp];

    /// Reads a protocol's name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|one| one.as_str() == name)
    }

    /// Returns its name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Sctp => "SCTP",
            Self::Tcp => "TCP",
            Self::Udp => "UDP",
        }
    }
}

/// What may be connected: ports of each protocol.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Connections([Intervals; 3]);

impl Connections {
    /// Every port of every protocol.
    pub fn all() -> Self {
        Self(std::array::from_fn(|_| Intervals::one(FIRST, LAST)))
    }

    /// Every port of a protocol.
    pub fn of_protocol(protocol: Protocol) -> Self {
        Self::of(protocol, FIRST, LAST)
    }

    /// The ports of a protocol between two, both included; ports that there are none of are left out.
    pub fn of(protocol: Protocol, first: u32, last: u32) -> Self {
        let mut connections = Self::default();
        *connections.ports_mut(protocol) = Intervals::one(first.max(FIRST), last.min(LAST));
        connections
    }

    /// Returns the ports of a protocol.
    pub fn ports(&self, protocol: Protocol) -> &Intervals {
        let Self([sctp, tcp, udp]) = self;
        match protocol {
            Protocol::Sctp => sctp,
            Protocol::Tcp => tcp,
            Protocol::Udp => udp,
        }
    }

    fn ports_mut(&mut self, protocol: Protocol) -> &mut Intervals {
        let Self([sctp, tcp, udp]) = self;
        match protocol {
            Protocol::Sctp => sctp,
            Protocol::Tcp => tcp,
            Protocol::Udp => udp,
        }
    }

    /// Tells whether nothing may be connected.
    pub fn is_empty(&self) -> bool {
        self.0.iter().all(Intervals::is_empty)
    }

    /// Tells whether everything may be.
    pub fn is_all(&self) -> bool {
        self.0.iter().all(|ports| ports.parts() == [(FIRST, LAST)])
    }

    /// Tells whether a port may be.
    pub fn contains(&self, protocol: Protocol, port: u32) -> bool {
        self.ports(protocol).contains(port)
    }

    /// Adds what another may connect.
    pub fn add(&mut self, other: &Self) {
        for (mine, theirs) in self.0.iter_mut().zip(&other.0) {
            mine.add(theirs);
        }
    }

    /// Returns what both may connect.
    #[must_use]
    pub fn and(&self, other: &Self) -> Self {
        Self(std::array::from_fn(|at| {
            self.zip(other, at, Intervals::and)
        }))
    }

    /// Returns what another may not connect.
    #[must_use]
    pub fn without(&self, other: &Self) -> Self {
        Self(std::array::from_fn(|at| {
            self.zip(other, at, Intervals::without)
        }))
    }

    fn zip(
        &self,
        other: &Self,
        at: usize,
        with: fn(&Intervals, &Intervals) -> Intervals,
    ) -> Intervals {
        let both = self.0.get(at).zip(other.0.get(at));
        both.map(|(mine, theirs)| with(mine, theirs))
            .unwrap_or_default()
    }

    /// Tells whether both may connect something.
    pub fn meets(&self, other: &Self) -> bool {
        let mut both = self.0.iter().zip(&other.0);
        both.any(|(mine, theirs)| mine.meets(theirs))
    }

    /// Returns each interval of ports with its protocol, in the order in which they are shown.
    pub fn parts(&self) -> impl Iterator<Item = (Protocol, u32, u32)> + '_ {
        let protocols = Protocol::ALL.into_iter().zip(&self.0);
        protocols.flat_map(|(protocol, ports)| {
            let parts = ports.parts().iter();
            parts.map(move |(first, last)| (protocol, *first, *last))
        })
    }
}

impl fmt::Display for Connections {
    /// `TCP 80,443,UDP 53`, `TCP 1-100`, `All Connections`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_all() {
            return f.write_str("All Connections");
        }
        if self.is_empty() {
            return f.write_str("No Connections");
        }
        let mut before = None;
        for (protocol, first, last) in self.parts() {
            if before.is_some() {
                f.write_str(",")?;
            }
            if before != Some(protocol) {
                write!(f, "{} ", protocol.as_str())?;
            }
            before = Some(protocol);
            write!(f, "{first}")?;
            if first != last {
                write!(f, "-{last}")?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn connections_are_shown_by_protocol() {
        let mut some = Connections::of(Protocol::Udp, 53, 53);
        assert_eq!(some.to_string(), "UDP 53");
        some.add(&Connections::of(Protocol::Tcp, 80, 81));
        some.add(&Connections::of(Protocol::Tcp, 8050, 8050));
        some.add(&Connections::of(Protocol::Tcp, 8090, 8090));
        assert_eq!(some.to_string(), "TCP 80-81,8050,8090,UDP 53");
        some.add(&Connections::of_protocol(Protocol::Sctp));
        assert_eq!(some.to_string(), "SCTP 1-65535,TCP 80-81,8050,8090,UDP 53");
        assert_eq!(Connections::all().to_string(), "All Connections");
        assert_eq!(Connections::default().to_string(), "No Connections");
    }

    #[test]
    fn ports_that_there_are_none_of_are_left_out() {
        assert!(Connections::of(Protocol::Tcp, 0, 0).is_empty());
        assert!(Connections::of(Protocol::Tcp, 70_000, 80_000).is_empty());
        assert!(Connections::of(Protocol::Tcp, 9, 8).is_empty());
        let all = Protocol::ALL.map(|one| Connections::of(one, 0, u32::MAX));
        let together = all.iter().fold(Connections::default(), |mut sum, one| {
            sum.add(one);
            sum
        });
        assert!(together.is_all());
    }

    #[test]
    fn sides_meet_in_what_both_may() {
        let tcp = Connections::of(Protocol::Tcp, 80, 90);
        let udp = Connections::of(Protocol::Udp, 80, 90);
        assert!(!tcp.meets(&udp) && tcp.and(&udp).is_empty());
        assert_eq!(tcp.and(&Connections::all()), tcp);
        let left = Connections::all().without(&tcp);
        assert!(!left.contains(Protocol::Tcp, 85) && left.contains(Protocol::Udp, 85));
        assert_eq!(Protocol::parse("TCP"), Some(Protocol::Tcp));
        assert_eq!(Protocol::parse("tcp"), None);
    }
}
