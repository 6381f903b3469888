//! Hashes of terms. A collision costs time and nothing else: whoever looks something up compares the text as well.

/// What a hashed text is: the same letters as a word and as a prefix are different keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Space {
    Word,
    Literal,
    Emoji,
    WordPrefix,
    LiteralPrefix,
    LinkWord,
    LinkPrefix,
    Field(crate::language::fields::FieldName),
}

impl Space {
    fn seed(self) -> u64 {
        let tag = match self {
            Space::Word => 1,
            Space::Literal => 2,
            Space::Emoji => 3,
            Space::WordPrefix => 4,
            Space::LiteralPrefix => 5,
            Space::LinkWord => 6,
            Space::LinkPrefix => 7,
            Space::Field(name) => 16 + name as u64,
        };
        (0xcbf2_9ce4_8422_2325 ^ tag).wrapping_mul(FNV_PRIME)
    }
}

const FNV_PRIME: u64 = 0x0000_0100_0000_01b3;

/// FNV-1a with a final mix.
pub(crate) fn hash(space: Space, text: &str) -> u64 {
    finish(text.bytes().fold(space.seed(), step))
}

/// The hashes of the prefixes of a text with 1, 2, … characters, at most `longest`.
pub(crate) fn prefix_hashes(space: Space, text: &str, longest: usize) -> impl Iterator<Item = u64> {
    let mut state = space.seed();
    text.chars().take(longest).map(move |c| {
        let mut bytes = [0; 4];
        state = c.encode_utf8(&mut bytes).bytes().fold(state, step);
        finish(state)
    })
}

fn step(state: u64, byte: u8) -> u64 {
    (state ^ u64::from(byte)).wrapping_mul(FNV_PRIME)
}

fn finish(state: u64) -> u64 {
    let mixed = (state ^ (state >> 32)).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    mixed ^ (mixed >> 29)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_hash_of_a_prefix_is_the_hash_of_its_text() {
        let prefixes: Vec<u64> = prefix_hashes(Space::WordPrefix, "größe", 4).collect();
        assert_eq!(prefixes, ["g", "gr", "grö", "größ"].map(|text| hash(Space::WordPrefix, text)));
        assert_ne!(hash(Space::Word, "gr"), hash(Space::WordPrefix, "gr"));
    }
}
