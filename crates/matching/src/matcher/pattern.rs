//! Words with `?` and `*` (QUERY.md rule 9, S12, S13).

/// A folded word with wildcards.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Pattern {
    /// `None` is one character of some spelling.
    chars: Vec<Option<char>>,
    /// Anything may follow.
    rest: bool,
    /// What a match begins with.
    literal: String,
}

impl Pattern {
    pub(crate) fn new(text: &str) -> Pattern {
        let (body, rest) = text.strip_suffix('*').map_or((text, false), |body| (body, true));
        let chars: Vec<Option<char>> = body.chars().map(|c| Some(c).filter(|&c| c != '?')).collect();
        let literal = chars.iter().map_while(|c| *c).collect();
        Pattern { chars, rest, literal }
    }

    /// The characters every match begins with.
    pub(crate) fn literal_prefix(&self) -> &str {
        &self.literal
    }

    /// Whether a folded word fits. `?` takes one character or one of the pairs that spell ä, ö, ü and ß.
    pub(crate) fn matches(&self, word: &str) -> bool {
        let Some(tail) = word.strip_prefix(self.literal.as_str()) else { return false };
        let pattern = &self.chars[self.literal.chars().count()..];
        if pattern.is_empty() {
            return self.rest || tail.is_empty();
        }
        let tail: Vec<char> = tail.chars().collect();
        let mut reached = vec![false; tail.len() + 1];
        reached[0] = true;
        for wanted in pattern {
            let mut next = vec![false; tail.len() + 1];
            for at in (0..tail.len()).filter(|&at| reached[at]) {
                match wanted {
                    Some(c) => next[at + 1] |= tail[at] == *c,
                    None => {
                        next[at + 1] = true;
                        if tail.get(at + 1).is_some_and(|&second| is_one_letter(tail[at], second)) {
                            next[at + 2] = true;
                        }
                    }
                }
            }
            reached = next;
        }
        if self.rest { reached.contains(&true) } else { reached[tail.len()] }
    }
}

/// Two folded characters that also have a spelling as one.
fn is_one_letter(first: char, second: char) -> bool {
    matches!((first, second), ('a' | 'o' | 'u', 'e') | ('s', 's'))
}

#[cfg(test)]
mod tests {
    use super::Pattern;

    #[test]
    fn a_question_mark_is_one_character_of_some_spelling() {
        for (pattern, yes, no) in [
            ("m?ller", "miller mueller moeller", "mller maaller muellers"),
            ("m??ller", "mueller maaller", "miller"),
            ("sch?n", "schon schoen", "schn schooon"),
            ("stra?e", "strasse strase", "strae"),
            ("m?ll*", "muell muellabfuhr mill", "ml mul"),
            ("schoe*", "schoen schoe", "schon"),
        ] {
            let pattern = Pattern::new(pattern);
            assert!(yes.split(' ').all(|word| pattern.matches(word)), "{pattern:?} {yes}");
            assert!(no.split(' ').all(|word| !pattern.matches(word)), "{pattern:?} {no}");
        }
    }
}
