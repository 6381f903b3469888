//! Small things every text from outside goes through.

/// Takes out what the stores and terminals choke on: NUL (PostgreSQL refuses it) and the other C0/C1 controls but tab and line ends.
pub fn clean(text: &str) -> String {
    text.chars().filter(|c| !c.is_control() || matches!(c, '\t' | '\n' | '\r')).collect()
}

/// The first `max` characters, at a character border, with "…" when something is left out.
pub fn excerpt(text: &str, max: usize) -> String {
    let one_line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    match one_line.char_indices().nth(max) {
        None => one_line,
        Some((cut, _)) => format!("{}…", one_line[..cut].trim_end()),
    }
}

/// Cuts to at most `max` bytes at a character border. The flag says whether something was cut.
pub fn truncate(text: &str, max: usize) -> (&str, bool) {
    if text.len() <= max {
        return (text, false);
    }
    let mut end = max;
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    (&text[..end], true)
}
