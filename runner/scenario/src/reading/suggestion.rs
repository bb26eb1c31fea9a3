//! "Did you mean": the known name that is nearest to a misspelled one.

/// The help for an unknown name: the one of `known` that was probably meant, or a list of them.
pub fn help<'a>(written: &str, known: impl IntoIterator<Item = &'a str>) -> Option<String> {
    let known: Vec<&str> = known.into_iter().collect();
    match (nearest(written, known.iter().copied()), known.as_slice()) {
        (Some(name), _) => Some(did_you_mean(name)),
        (None, []) => None,
        (None, [only]) => Some(format!("there is `{only}`")),
        (None, _) => Some(format!("there are {}", list(&known))),
    }
}

/// The help for a name in whose place another one was probably meant.
pub(crate) fn did_you_mean(name: &str) -> String {
    format!("did you mean `{name}`?")
}

/// The one of `known` that was probably meant by an unknown name.
pub fn nearest<'a>(written: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let tolerance = written.chars().count() / 3;
    let distance = |name: &str| strsim::damerau_levenshtein(&written.to_lowercase(), &name.to_lowercase());
    let nearest = known.into_iter().map(|name| (distance(name), name)).min_by_key(|(distance, _)| *distance);
    nearest.filter(|(distance, _)| *distance <= tolerance).map(|(_, name)| name)
}

/// Names in a list for a sentence.
pub(crate) fn list(names: &[&str]) -> String {
    let quoted: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
    quoted.join(", ")
}
