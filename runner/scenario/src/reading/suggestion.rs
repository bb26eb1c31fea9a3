//! "Did you mean": the known name that is nearest to a misspelled one.

/// The help for an unknown name: the one of `known` that was probably meant, or a list of them.
pub(crate) fn help<'a>(written: &str, known: impl IntoIterator<Item = &'a str>) -> Option<String> {
    let known: Vec<&str> = known.into_iter().collect();
    let tolerance = written.chars().count() / 3;
    let distance = |name: &&&str| strsim::damerau_levenshtein(&written.to_lowercase(), &name.to_lowercase());
    let nearest = known.iter().min_by_key(distance).filter(|name| distance(name) <= tolerance);
    match nearest {
        Some(name) => Some(format!("did you mean `{name}`?")),
        None if known.is_empty() => None,
        None => Some(format!("there {} {}", if known.len() == 1 { "is" } else { "are" }, list(&known))),
    }
}

/// Names in a list for a sentence.
pub(crate) fn list(names: &[&str]) -> String {
    let quoted: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
    quoted.join(", ")
}
