//! IP addresses and ranges of them.

use std::fmt;
use std::net::IpAddr;

use super::{Declaration, Opaque, Outcome, Price, failure, mismatch};
use crate::cel::eval::Meter;
use crate::cel::value::Value;

const ONE: Price = Price::Fixed(1);
const READ: Price = Price::Tenth(0);

pub(super) const FUNCTIONS: &[Declaration] = &[
    Declaration("ip(string) -> ip", 30, READ, ip),
    Declaration("isIP(string) -> bool", 30, READ, is_ip),
    Declaration("ip.isCanonical(string) -> bool", 30, READ, is_canonical),
    Declaration("ip:family() -> int", 30, ONE, family),
    Declaration("ip:isUnspecified() -> bool", 30, ONE, is_unspecified),
    Declaration("ip:isLoopback() -> bool", 30, ONE, is_loopback),
    Declaration(
        "ip:isLinkLocalMulticast() -> bool",
        30,
        ONE,
        is_link_local_multicast,
    ),
    Declaration(
        "ip:isLinkLocalUnicast() -> bool",
        30,
        ONE,
        is_link_local_unicast,
    ),
    Declaration("ip:isGlobalUnicast() -> bool", 30, ONE, is_global_unicast),
    Declaration("cidr(string) -> cidr", 30, READ, cidr),
    Declaration("isCIDR(string) -> bool", 30, READ, is_cidr),
    Declaration(
        "cidr:containsIP(string) -> bool",
        30,
        Price::Tenth(1),
        contains_ip,
    ),
    Declaration("cidr:containsIP(ip) -> bool", 30, ONE, contains_ip),
    Declaration(
        "cidr:containsCIDR(string) -> bool",
        30,
        Price::Tenth(1),
        contains_cidr,
    ),
    Declaration("cidr:containsCIDR(cidr) -> bool", 30, ONE, contains_cidr),
    Declaration("cidr:ip() -> ip", 30, ONE, ip_of),
    Declaration("cidr:masked() -> cidr", 30, ONE, masked),
    Declaration("cidr:prefixLength() -> int", 30, ONE, prefix_length),
];

/// A range of addresses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cidr {
    address: IpAddr,
    bits: u8,
}

impl fmt::Display for Cidr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.address, self.bits)
    }
}

impl Cidr {
    fn width(self) -> u8 {
        if self.address.is_ipv4() { 32 } else { 128 }
    }

    fn contains(self, other: IpAddr) -> bool {
        self.address.is_ipv4() == other.is_ipv4()
            && leading(number(self.address), self.width(), self.bits)
                == leading(number(other), self.width(), self.bits)
    }

    fn first(self) -> IpAddr {
        let width = self.width();
        let bits = leading(number(self.address), width, self.bits);
        let shifted = bits.checked_shl(u32::from(width - self.bits)).unwrap_or(0);
        match self.address {
            IpAddr::V4(_) => IpAddr::V4(u32::try_from(shifted).unwrap_or(0).into()),
            IpAddr::V6(_) => IpAddr::V6(shifted.into()),
        }
    }
}

fn number(address: IpAddr) -> u128 {
    match address {
        IpAddr::V4(address) => u128::from(u32::from(address)),
        IpAddr::V6(address) => u128::from(address),
    }
}

/// Returns the first bits of an address.
fn leading(number: u128, width: u8, bits: u8) -> u128 {
    number
        .checked_shr(u32::from(width.saturating_sub(bits)))
        .unwrap_or(0)
}

/// Reads an address; an IPv4 address inside IPv6 is refused, as the server does.
fn parse_ip(text: &str) -> Option<IpAddr> {
    let address: IpAddr = text.parse().ok()?;
    let mapped = matches!(address, IpAddr::V6(address) if address.to_ipv4_mapped().is_some());
    (!mapped).then_some(address)
}

fn parse_cidr(text: &str) -> Option<Cidr> {
    let (address, bits) = text.rsplit_once('/')?;
    let address = parse_ip(address)?;
    let plain =
        bits.bytes().all(|byte| byte.is_ascii_digit()) && (bits == "0" || !bits.starts_with('0'));
    let bits: u8 = bits.parse().ok()?;
    let cidr = Cidr { address, bits };
    (plain && bits <= cidr.width()).then_some(cidr)
}

fn ip<'a>(_: &mut Meter, values: &[Value<'a>]) -> Outcome<'a> {
    let [Value::String(text)] = values else {
        return mismatch();
    };
    match parse_ip(text) {
        Some(address) => Ok(Value::Opaque(Opaque::Ip(address))),
        None => failure("this string is no IP address"),
    }
}

fn is_ip<'a>(_: &mut Meter, values: &[Value<'a>]) -> Outcome<'a> {
    match values {
        [Value::String(text)] => Ok(Value::Bool(parse_ip(text).is_some())),
        _ => mismatch(),
    }
}

fn is_canonical<'a>(_: &mut Meter, values: &[Value<'a>]) -> Outcome<'a> {
    let [Value::String(text)] = values else {
        return mismatch();
    };
    match parse_ip(text) {
        Some(address) => Ok(Value::Bool(address.to_string() == **text)),
        None => failure("this string is no IP address"),
    }
}

fn test<'a>(values: &[Value<'a>], holds: impl Fn(IpAddr) -> bool) -> Outcome<'a> {
    match values {
        [Value::Opaque(Opaque::Ip(address))] => Ok(Value::Bool(holds(*address))),
        _ => mismatch(),
    }
}

fn family<'a>(_: &mut Meter, values: &[Value<'a>]) -> Outcome<'a> {
    match values {
        [Value::Opaque(Opaque::Ip(address))] => {
            Ok(Value::Int(if address.is_ipv4() { 4 } else { 6 }))
        }
        _ => mismatch(),
    }
}

fn is_unspecified<'a>(_: &mut Meter, values: &[Value<'a>]) -> Outcome<'a> {
    test(values, |address| address.is_unspecified())
}

fn is_loopback<'a>(_: &mut Meter, values: &[Value<'a>]) -> Outcome<'a> {
    test(values, |address| address.is_loopback())
}

fn link_local(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => address.is_link_local(),
        IpAddr::V6(address) => address.is_unicast_link_local(),
    }
}

fn is_link_local_multicast<'a>(_: &mut Meter, values: &[Value<'a>]) -> Outcome<'a> {
    test(values, |address| match address {
        IpAddr::V4(address) => matches!(address.octets(), [224, 0, 0, _]),
        IpAddr::V6(address) => matches!(address.octets(), [0xff, scope, ..] if scope & 0x0f == 2),
    })
}

fn is_link_local_unicast<'a>(_: &mut Meter, values: &[Value<'a>]) -> Outcome<'a> {
    test(values, link_local)
}

fn is_global_unicast<'a>(_: &mut Meter, values: &[Value<'a>]) -> Outcome<'a> {
    test(values, |address| {
        let broadcast = matches!(address, IpAddr::V4(address) if address.is_broadcast());
        !(broadcast
            || address.is_unspecified()
            || address.is_loopback()
            || address.is_multicast()
            || link_local(address))
    })
}

fn cidr<'a>(_: &mut Meter, values: &[Value<'a>]) -> Outcome<'a> {
    let [Value::String(text)] = values else {
        return mismatch();
    };
    match parse_cidr(text) {
        Some(cidr) => Ok(Value::Opaque(Opaque::Cidr(cidr))),
        None => failure("this string is no range of addresses"),
    }
}

fn is_cidr<'a>(_: &mut Meter, values: &[Value<'a>]) -> Outcome<'a> {
    match values {
        [Value::String(text)] => Ok(Value::Bool(parse_cidr(text).is_some())),
        _ => mismatch(),
    }
}

fn contains_ip<'a>(_: &mut Meter, values: &[Value<'a>]) -> Outcome<'a> {
    let (cidr, address) = match values {
        [
            Value::Opaque(Opaque::Cidr(cidr)),
            Value::Opaque(Opaque::Ip(address)),
        ] => (cidr, Some(*address)),
        [Value::Opaque(Opaque::Cidr(cidr)), Value::String(text)] => (cidr, parse_ip(text)),
        _ => return mismatch(),
    };
    match address {
        Some(address) => Ok(Value::Bool(cidr.contains(address))),
        None => failure("this string is no IP address"),
    }
}

fn contains_cidr<'a>(_: &mut Meter, values: &[Value<'a>]) -> Outcome<'a> {
    let (cidr, other) = match values {
        [
            Value::Opaque(Opaque::Cidr(cidr)),
            Value::Opaque(Opaque::Cidr(other)),
        ] => (cidr, Some(*other)),
        [Value::Opaque(Opaque::Cidr(cidr)), Value::String(text)] => (cidr, parse_cidr(text)),
        _ => return mismatch(),
    };
    match other {
        Some(other) => Ok(Value::Bool(
            cidr.bits <= other.bits && cidr.contains(other.address),
        )),
        None => failure("this string is no range of addresses"),
    }
}

fn ip_of<'a>(_: &mut Meter, values: &[Value<'a>]) -> Outcome<'a> {
    match values {
        [Value::Opaque(Opaque::Cidr(cidr))] => Ok(Value::Opaque(Opaque::Ip(cidr.address))),
        _ => mismatch(),
    }
}

fn masked<'a>(_: &mut Meter, values: &[Value<'a>]) -> Outcome<'a> {
    match values {
        [Value::Opaque(Opaque::Cidr(cidr))] => Ok(Value::Opaque(Opaque::Cidr(Cidr {
            address: cidr.first(),
            bits: cidr.bits,
        }))),
        _ => mismatch(),
    }
}

fn prefix_length<'a>(_: &mut Meter, values: &[Value<'a>]) -> Outcome<'a> {
    match values {
        [Value::Opaque(Opaque::Cidr(cidr))] => Ok(Value::Int(i64::from(cidr.bits))),
        _ => mismatch(),
    }
}
