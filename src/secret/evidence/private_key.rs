//! Private keys: PEM, as it is and in base64.

use std::ops::Range;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;

use super::text::{byte_before, run_after};

/// What begins every PEM block.
pub(super) const PEM: &str = "-----BEGIN ";
/// The same in base64.
pub(super) const ENCODED: &str = "LS0tLS1CRUdJTi";

/// The most bytes of a header.
const HEADER: usize = 64;
/// How many bytes of base64 a key has at least; texts about keys have none.
const BODY: usize = 24;
/// How far its body is looked for: behind line breaks, blanks and headers such as `Proc-Type`.
const BEFORE_BODY: usize = 256;
/// The longest key in bytes.
const LONGEST: usize = 16 << 10;

/// Finds a private key whose PEM block begins at a place; returns its bytes.
pub(super) fn pem(text: &str, start: usize) -> Option<Range<usize>> {
    let rest = text.get(start + PEM.len()..)?;
    let header = rest.get(..rest.floor_char_boundary(HEADER))?;
    let label = header.get(..header.find("-----")?)?;
    if !label.ends_with("PRIVATE KEY") && label != "PGP PRIVATE KEY BLOCK" {
        return None;
    }
    let body = rest.get(label.len() + "-----".len()..)?;
    has_body(body).then(|| {
        let whole = body
            .get(..body.floor_char_boundary(LONGEST))
            .unwrap_or_default();
        let length = whole.find("-----").unwrap_or(whole.len());
        let from = start + PEM.len() + label.len() + "-----".len();
        start..from + length
    })
}

/// Finds a private key in base64 whose PEM block begins at a place.
pub(super) fn encoded(text: &str, start: usize) -> Option<Range<usize>> {
    let of_base64 = |byte: u8| byte.is_ascii_alphanumeric() || b"+/".contains(&byte);
    if of_base64(byte_before(text, start)) {
        return None;
    }
    // As much as shows what it is, in whole groups of four.
    let shown = run_after(text, start, 512, of_base64) - start;
    let decoded = STANDARD_NO_PAD
        .decode(text.get(start..start + shown / 4 * 4)?)
        .ok()?;
    pem(&String::from_utf8_lossy(&decoded), 0)?;
    let padded = |byte| of_base64(byte) || byte == b'=';
    Some(start..run_after(text, start, LONGEST, padded))
}

/// Tells whether enough base64 stands behind a header.
fn has_body(body: &str) -> bool {
    let mut run = 0_usize;
    let mut escaped = false;
    for byte in body.bytes().take(BEFORE_BODY + BODY) {
        // In quotes a line break is `\n`, whose letter is none of the key's.
        let of_key = (byte.is_ascii_alphanumeric() || b"+/".contains(&byte)) && !escaped;
        escaped = byte == b'\\' && !escaped;
        run = if of_key { run + 1 } else { 0 };
        if run >= BODY {
            return true;
        }
        if byte == b'<' || byte == b'$' || byte == b'{' {
            return false;
        }
    }
    false
}
