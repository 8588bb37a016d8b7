//! Suggests the word that was probably meant.

/// The word that a mistyped one probably means, if only one is close.
#[must_use]
pub fn nearest(words: &[&'static str], text: &str) -> Option<&'static str> {
    let distance = |word: &&str| strsim::damerau_levenshtein(word, text);
    words.iter().copied().min_by_key(distance).filter(|word| distance(word) <= word.len() / 3)
}
