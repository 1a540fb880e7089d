//! Addresses and ranges of addresses, as the server reads them.
//!
//! Its older fields take what Go took before 1.17 (`k8s.io/utils/net`, `ParseIPSloppy`): leading zeros in an IPv4 address,
//! which stand for nothing, and bits behind a range's mask.

use std::net::{IpAddr, Ipv4Addr};

/// A range of addresses: `10.0.0.0/8`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Range {
    address: IpAddr,
    bits: u8,
}

/// Reads an address.
pub(super) fn parse_address(text: &str) -> Option<IpAddr> {
    match text.parse::<IpAddr>() {
        Ok(address) => Some(address.to_canonical()),
        Err(_) => parse_with_zeros(text).map(IpAddr::V4),
    }
}

fn parse_with_zeros(text: &str) -> Option<Ipv4Addr> {
    let mut octets = [0_u8; 4];
    let mut parts = text.split('.');
    for octet in &mut octets {
        let part = parts.next()?;
        if part.is_empty() || !part.bytes().all(|byte| byte.is_ascii_digit()) {
            return None;
        }
        *octet = parse_number(part)?;
    }
    parts.next().is_none().then(|| octets.into())
}

/// Reads digits, with zeros before them.
fn parse_number(text: &str) -> Option<u8> {
    let plain = text.trim_start_matches('0');
    if plain.is_empty() {
        Some(0)
    } else {
        plain.parse().ok()
    }
}

/// Reads a range.
pub(super) fn parse_range(text: &str) -> Option<Range> {
    let (address, bits) = text.split_once('/')?;
    let (v6, address) = (address.contains(':'), parse_address(address)?);
    if bits.is_empty() || !bits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let bits = parse_number(bits)?;
    (bits <= if v6 { 128 } else { 32 }).then_some(Range { address, bits })
}

impl Range {
    /// Tells whether another range is a part of this one, and not all of it.
    pub(super) fn has_part(self, other: Self) -> bool {
        let masked = |address: IpAddr, bits: u8| match address {
            IpAddr::V4(address) => u128::from(u32::from(address)) >> 32_u8.saturating_sub(bits),
            IpAddr::V6(address) => match 128_u8.saturating_sub(bits) {
                128 => 0,
                shift => u128::from(address) >> shift,
            },
        };
        self.address.is_ipv4() == other.address.is_ipv4()
            && masked(self.address, self.bits) == masked(other.address, self.bits)
            && self.bits < other.bits
    }
}

/// Returns what is special about an address that nothing outside its machine or network can reach, or nothing
/// (`ValidateNonSpecialIP`).
pub(super) fn special(address: IpAddr) -> Option<&'static str> {
    let (unicast, multicast) = match address {
        IpAddr::V4(v4) => (v4.is_link_local(), v4.octets().starts_with(&[224, 0, 0])),
        IpAddr::V6(v6) => (
            v6.is_unicast_link_local(),
            v6.segments()
                .first()
                .is_some_and(|head| head & 0xff0f == 0xff02),
        ),
    };
    match address {
        _ if address.is_unspecified() => Some("unspecified (0.0.0.0 or ::)"),
        _ if address.is_loopback() => Some("a loopback address (127.0.0.0/8 or ::1)"),
        _ if unicast => Some("link-local (169.254.0.0/16 or fe80::/10)"),
        _ if multicast => Some("link-local multicast (224.0.0.0/24 or ff02::/10)"),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_read_as_go_did() {
        for (text, canonical) in [
            ("10.0.0.1", "10.0.0.1"),
            ("010.000.0.01", "10.0.0.1"),
            ("2001:DB8::1", "2001:db8::1"),
            ("::ffff:10.0.0.1", "10.0.0.1"),
        ] {
            assert_eq!(
                parse_address(text)
                    .map(|address| address.to_string())
                    .as_deref(),
                Some(canonical)
            );
        }
        for text in [
            "",
            "10.0.0",
            "10.0.0.256",
            "10.0.0.1.1",
            "10.0.0.x",
            "fe80::1%eth0",
            "10.0.0.1/8",
            " 10.0.0.1",
        ] {
            assert_eq!(parse_address(text), None, "{text}");
        }
        for text in [
            "10.0.0.0/8",
            "10.1.2.3/8",
            "10.0.0.0/08",
            "0.0.0.0/0",
            "::/0",
            "2001:db8::/128",
        ] {
            assert!(parse_range(text).is_some(), "{text}");
        }
        for text in [
            "",
            "10.0.0.0",
            "10.0.0.0/33",
            "10.0.0.0/",
            "10.0.0.0/-1",
            "::/129",
            "10.0.0/8",
            "10.0.0.0/8/8",
        ] {
            assert_eq!(parse_range(text), None, "{text}");
        }
    }

    #[test]
    fn a_part_of_a_range_is_smaller_and_inside() {
        let has = |range: &str, part: &str| {
            parse_range(range)
                .unwrap()
                .has_part(parse_range(part).unwrap())
        };
        assert!(has("10.0.0.0/8", "10.1.0.0/16"));
        assert!(has("0.0.0.0/0", "10.1.0.0/16"));
        assert!(has("::/0", "2001:db8::/32"));
        assert!(has("10.0.0.0/8", "10.255.0.1/32"));
        assert!(!has("10.0.0.0/8", "10.0.0.0/8"));
        assert!(!has("10.0.0.0/8", "11.0.0.0/16"));
        assert!(!has("10.0.0.0/16", "10.0.0.0/8"));
        assert!(!has("10.0.0.0/8", "2001:db8::/32"));
    }

    #[test]
    fn special_addresses_are_known() {
        for text in [
            "0.0.0.0",
            "::",
            "127.0.0.1",
            "127.9.9.9",
            "::1",
            "169.254.1.1",
            "fe80::1",
            "224.0.0.1",
            "ff02::1",
            "ff12::1",
        ] {
            assert!(special(parse_address(text).unwrap()).is_some(), "{text}");
        }
        for text in [
            "10.0.0.1",
            "255.255.255.255",
            "224.0.1.1",
            "2001:db8::1",
            "ff05::1",
            "fc00::1",
        ] {
            assert_eq!(special(parse_address(text).unwrap()), None, "{text}");
        }
    }
}
