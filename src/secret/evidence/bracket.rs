//! Values with angle brackets: what stands in for a text, and what is no text at all.

use super::value::MARKS;

/// Tells whether a name in angle brackets stands in for a text, or for a part of it between marks: `<password>`,
/// `app-<environment>`. Passwords hold such brackets, too.
pub(super) fn is_placeholder(value: &str) -> bool {
    let Some((front, rest)) = value.split_once('<') else {
        return false;
    };
    let Some((name, back)) = rest.rsplit_once('>') else {
        return false;
    };
    let ends = |c: char| MARKS.contains(&c) || c == '/';
    let apart =
        (front.is_empty() || front.ends_with(ends)) && (back.is_empty() || back.starts_with(ends));
    apart && !name.is_empty()
}

/// Tells whether a value is a type of a program, a tag or an arrow: `Option<String>`, `</b>`, `->`.
pub(super) fn is_markup(value: &str) -> bool {
    let generic = || {
        let name = value.split_once('<').map_or("", |(name, _)| name);
        let of_type = |byte: u8| byte.is_ascii_alphanumeric() || b"<>[]_:.,|?&'".contains(&byte);
        name.starts_with(|c: char| c.is_ascii_alphabetic())
            && name
                .bytes()
                .all(|byte| byte.is_ascii_alphabetic() || b"_:.".contains(&byte))
            && value.ends_with(['>', ',', ')'])
            && value.bytes().all(of_type)
    };
    ["->", "=>", ">=", "<=", "</"]
        .iter()
        .any(|mark| value.starts_with(mark))
        || generic()
}
