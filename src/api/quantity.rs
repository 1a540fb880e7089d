//! Quantities as `k8s.io/apimachinery/pkg/api/resource` reads them, exactly: `500m`, `2`, `1.5Gi`, `1e3`.

use crate::yaml::{Kind, Node};

/// What a quantity counts: a billionth, the finest that the server keeps.
const NANOS: u32 = 9;

/// A quantity.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Quantity {
    nanos: i128,
    form: Form,
}

/// How a quantity is written, which is how the server writes it again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    /// With a unit of 1000: `500m`, `2G`, or none.
    Decimal,
    /// With a unit of 1024: `2Gi`.
    Binary,
    /// With an exponent: `1e3`.
    Exponent,
}

impl Quantity {
    /// Reads a value; nothing where it is none.
    pub(super) fn of(node: Node<'_>) -> Option<Self> {
        match node.kind() {
            Kind::Str => Self::parse(node.as_str()?),
            Kind::Int => Some(Self {
                nanos: i128::from(node.as_int()?) * 10_i128.pow(NANOS),
                form: Form::Decimal,
            }),
            Kind::Float => Self::parse(&node.as_float()?.to_string()),
            _ => None,
        }
    }

    /// Reads a text. As on the server, space around it does not matter, and figures that are left out are zero.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
        let end = unsigned
            .find(|c: char| !c.is_ascii_digit() && c != '.')
            .unwrap_or(unsigned.len());
        let (figures, unit) = unsigned.split_at_checked(end)?;
        let (whole, fraction) = figures.split_once('.').unwrap_or((figures, ""));
        if text.is_empty() || fraction.contains('.') {
            return None;
        }
        let (twos, tens, form) = unit_of(unit)?;
        let digits = whole.bytes().chain(fraction.bytes());
        let figure = digits.fold(0_i128, |sum, digit| {
            sum.saturating_mul(10)
                .saturating_add(i128::from(digit - b'0'))
        });
        let tens = i64::from(tens) + i64::from(NANOS) - i64::try_from(fraction.len()).ok()?;
        let nanos = shifted(figure.saturating_mul(1 << twos), tens);
        Some(Self {
            nanos: if text.starts_with('-') { -nanos } else { nanos },
            form,
        })
    }

    /// Returns how it is written.
    pub(super) fn form(self) -> Form {
        self.form
    }

    /// Returns it in billionths.
    pub(super) fn nanos(self) -> i128 {
        self.nanos
    }

    /// Returns it as an integer, where it is one.
    pub(super) fn whole(self) -> Option<i128> {
        let one = 10_i128.pow(NANOS);
        (self.nanos % one == 0).then_some(self.nanos / one)
    }
}

/// Returns the powers of two and of ten that a unit stands for.
fn unit_of(unit: &str) -> Option<(u32, i32, Form)> {
    const DECIMAL: &[(&str, i32)] = &[
        ("", 0),
        ("n", -9),
        ("u", -6),
        ("m", -3),
        ("k", 3),
        ("M", 6),
        ("G", 9),
        ("T", 12),
        ("P", 15),
        ("E", 18),
    ];
    const BINARY: &[(&str, u32)] = &[
        ("Ki", 10),
        ("Mi", 20),
        ("Gi", 30),
        ("Ti", 40),
        ("Pi", 50),
        ("Ei", 60),
    ];
    if let Some((_, tens)) = DECIMAL.iter().find(|(name, _)| *name == unit) {
        return Some((0, *tens, Form::Decimal));
    }
    if let Some((_, twos)) = BINARY.iter().find(|(name, _)| *name == unit) {
        return Some((*twos, 0, Form::Binary));
    }
    let exponent = unit.strip_prefix(['e', 'E'])?;
    Some((0, exponent.parse().ok()?, Form::Exponent))
}

/// Multiplies by a power of ten; what is finer than the last figure is rounded up.
fn shifted(figure: i128, tens: i64) -> i128 {
    let power = u32::try_from(tens.unsigned_abs()).unwrap_or(u32::MAX);
    match (10_i128.checked_pow(power), tens >= 0) {
        (Some(factor), true) => figure.saturating_mul(factor),
        (Some(factor), false) => figure / factor + i128::from(figure % factor != 0),
        (None, true) if figure != 0 => i128::MAX,
        (None, _) => i128::from(figure != 0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantities_are_read_as_the_server_reads_them() {
        const ONE: i128 = 1_000_000_000;
        for (text, nanos) in [
            ("1", ONE),
            ("500m", ONE / 2),
            ("1.5Gi", 1_610_612_736 * ONE),
            (".5", ONE / 2),
            ("5.", 5 * ONE),
            ("1e3", 1000 * ONE),
            ("1E3", 1000 * ONE),
            ("1e-3", ONE / 1000),
            ("1e+3", 1000 * ONE),
            ("-1", -ONE),
            ("+1k", 1000 * ONE),
            ("1E", 1_000_000_000_000_000_000 * ONE),
            ("100n", 100),
            ("0.1n", 1),
            ("007", 7 * ONE),
            (" 1 ", ONE),
            ("m", 0),
            (".", 0),
            ("0e99", 0),
            ("1e999999999", i128::MAX),
            ("1e-999999999", 1),
        ] {
            assert_eq!(
                Quantity::parse(text).map(Quantity::nanos),
                Some(nanos),
                "{text}"
            );
        }
        for text in [
            "", " ", "1.2.3", "1 Gi", "1gi", "1KB", "1K", "two", "1e", "0x1", "1Mb", "--1",
            "1e3Gi", "1_000", "1,5", "e",
        ] {
            assert_eq!(Quantity::parse(text), None, "{text}");
        }
    }

    #[test]
    fn equal_quantities_are_equal_whatever_their_units() {
        for (one, other) in [
            ("300m", "0.3"),
            ("1Gi", "1024Mi"),
            ("1e3", "1k"),
            ("0.1", "100m"),
        ] {
            assert_eq!(
                Quantity::parse(one).unwrap().nanos(),
                Quantity::parse(other).unwrap().nanos()
            );
        }
        assert_eq!(Quantity::parse("1500m").unwrap().whole(), None);
        assert_eq!(Quantity::parse("2000m").unwrap().whole(), Some(2));
    }
}
