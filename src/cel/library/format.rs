//! Named formats: `format.dns1123Label().validate(name)`.

use super::{Declaration, Native, Opaque, Outcome, Price, mismatch, time};
use crate::cel::eval::Meter;
use crate::cel::value::Value;

const ONE: Price = Price::Fixed(1);

/// A named format.
#[derive(Debug)]
pub struct Named {
    name: &'static str,
    /// Says what is wrong with a text.
    check: fn(&str) -> Option<String>,
}

macro_rules! formats {
    ($($name:literal = $place:literal, $make:ident, $check:expr;)+) => {
        static FORMATS: &[Named] = &[$(Named { name: $name, check: $check }),+];
        $(fn $make<'a>(_: &mut Meter, _: &[Value<'a>]) -> Outcome<'a> {
            FORMATS.get($place).map_or_else(mismatch, |format| Ok(Value::Opaque(Opaque::Format(format))))
        })+
        pub(super) const FUNCTIONS: &[Declaration] = &[
            $(Declaration(concat!("format.", $name, "() -> format"), 31, ONE, $make as Native),)+
            Declaration("format.named(string) -> optional<format>", 31, ONE, named),
            Declaration("format:validate(string) -> optional<list<string>>", 31, Price::Tenth(1), validate),
        ];
    };
}

formats! {
    "dns1123Label" = 0, dns_1123_label, |text| label(text, false, false);
    "dns1123Subdomain" = 1, dns_1123_subdomain, |text| subdomain(text, false);
    "dns1035Label" = 2, dns_1035_label, |text| label(text, true, false);
    "qualifiedName" = 3, qualified_name, qualified;
    "dns1123LabelPrefix" = 4, dns_1123_label_prefix, |text| label(text, false, true);
    "dns1123SubdomainPrefix" = 5, dns_1123_subdomain_prefix, |text| subdomain(text, true);
    "dns1035LabelPrefix" = 6, dns_1035_label_prefix, |text| label(text, true, true);
    "labelValue" = 7, label_value, value;
    "uri" = 8, uri, is_uri;
    "uuid" = 9, uuid, is_uuid;
    "byte" = 10, byte, is_byte;
    "date" = 11, date, is_date;
    "datetime" = 12, datetime, is_datetime;
}

fn named<'a>(_: &mut Meter, values: &[Value<'a>]) -> Outcome<'a> {
    let [Value::String(name)] = values else {
        return mismatch();
    };
    let found = FORMATS.iter().find(|format| *format.name == **name);
    Ok(found.map_or(Value::Optional(None), |format| {
        Value::some(Value::Opaque(Opaque::Format(format)))
    }))
}

fn validate<'a>(_: &mut Meter, values: &[Value<'a>]) -> Outcome<'a> {
    let [Value::Opaque(Opaque::Format(format)), Value::String(text)] = values else {
        return mismatch();
    };
    Ok(match (format.check)(text) {
        Some(problem) => Value::some(Value::list(vec![Value::string(&problem)])),
        None => Value::Optional(None),
    })
}

fn problem(holds: bool, message: &str) -> Option<String> {
    (!holds).then(|| message.to_owned())
}

/// Checks a label of a DNS name; a prefix, to which a name is added, may end in a dash.
fn label(text: &str, letter_first: bool, prefix: bool) -> Option<String> {
    if text.len() > 63 {
        return Some("must be no more than 63 characters".to_owned());
    }
    let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    let text = if prefix {
        text.strip_suffix('-').unwrap_or(text)
    } else {
        text
    };
    let bytes = text.as_bytes();
    let starts = bytes.first().is_some_and(|byte| {
        if letter_first {
            byte.is_ascii_lowercase()
        } else {
            plain(*byte)
        }
    });
    let ends = bytes.last().is_some_and(|byte| plain(*byte));
    let inner = bytes.iter().all(|byte| plain(*byte) || *byte == b'-');
    problem(
        starts && ends && inner,
        "a label is made of lower case letters, digits and `-`, and starts and ends with a letter or digit",
    )
}

fn subdomain(text: &str, prefix: bool) -> Option<String> {
    if text.len() > 253 {
        return Some("must be no more than 253 characters".to_owned());
    }
    let text = if prefix {
        text.strip_suffix('-').unwrap_or(text)
    } else {
        text
    };
    let part = |part: &str| {
        let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
        let bytes = part.as_bytes();
        bytes.first().is_some_and(|byte| plain(*byte))
            && bytes.last().is_some_and(|byte| plain(*byte))
            && bytes.iter().all(|byte| plain(*byte) || *byte == b'-')
    };
    problem(
        text.split('.').all(part),
        "a subdomain is made of lower case letters, digits, `-` and `.`, and starts and ends with a letter or digit",
    )
}

fn name_part(text: &str) -> bool {
    let bytes = text.as_bytes();
    text.len() <= 63
        && bytes.first().is_some_and(u8::is_ascii_alphanumeric)
        && bytes.last().is_some_and(u8::is_ascii_alphanumeric)
        && bytes
            .iter()
            .all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(byte))
}

fn qualified(text: &str) -> Option<String> {
    let name = match text.split_once('/') {
        Some((prefix, name)) => {
            if let Some(problem) = subdomain(prefix, false) {
                return Some(format!("prefix part {problem}"));
            }
            name
        }
        None => text,
    };
    problem(
        name_part(name),
        "a name is made of letters, digits, `-`, `_` and `.`, and starts and ends with a letter or digit",
    )
}

fn value(text: &str) -> Option<String> {
    problem(
        text.is_empty() || name_part(text),
        "a label's value is empty, or made of letters, digits, `-`, `_` and `.`, and starts and ends with a letter or digit",
    )
}

fn is_uri(text: &str) -> Option<String> {
    problem(super::url::is_valid(text), "this is no URI")
}

fn is_uuid(text: &str) -> Option<String> {
    let plain: String = text.chars().filter(|c| *c != '-').collect();
    let groups: Vec<usize> = text.split('-').map(str::len).collect();
    let hex = plain.bytes().all(|byte| byte.is_ascii_hexdigit());
    problem(
        hex && (groups == [32] || groups == [8, 4, 4, 4, 12]),
        "does not match the UUID format",
    )
}

fn is_byte(text: &str) -> Option<String> {
    problem(time::base64(text).is_some(), "invalid base64")
}

fn is_date(text: &str) -> Option<String> {
    problem(
        text.len() == 10 && time::parse_time_or_date(text).is_some(),
        "invalid date",
    )
}

fn is_datetime(text: &str) -> Option<String> {
    problem(time::parse_time(text).is_some(), "invalid datetime")
}
