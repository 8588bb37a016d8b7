//! The word that somebody meant.

/// The word that is meant by one with a slip of the finger in it, where it is clear which.
#[must_use]
pub fn nearest(words: &[&'static str], text: &str) -> Option<&'static str> {
    let distance = |word: &&str| strsim::damerau_levenshtein(word, text);
    words.iter().copied().min_by_key(distance).filter(|word| distance(word) <= word.len() / 3)
}
