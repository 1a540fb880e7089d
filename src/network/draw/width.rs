//! How wide texts are, in fonts that one does not have at hand.

/// Returns the width of a text in a sans-serif font of a size: that of a wide one, so that every other has room.
pub(super) fn width(text: &str, size: f64) -> f64 {
    text.chars().map(char_width).sum::<f64>() * size
}

fn char_width(char: char) -> f64 {
    match char {
        'i' | 'j' | 'l' | '\'' | '|' => 0.3,
        '.' | ',' | ':' | ';' | ' ' | '!' | '/' | '(' | ')' | '[' | ']' | 't' | 'f' | '-' => 0.39,
        'r' => 0.42,
        'm' | 'w' | 'M' | 'W' | '@' | '%' | '→' | '←' => 0.95,
        'A'..='Z' | '=' | '+' | '<' | '>' => 0.75,
        '\0'..='\u{2ff}' => 0.62,
        _ => 1.05,
    }
}
