use std::path::{Component, Path, PathBuf};

/// The path of a file as it is named in a folder. Both are absolute, or relative to the same folder; an absolute file stays
/// as it is in a folder that isn't.
pub fn path_between(folder: &Path, file: &Path) -> PathBuf {
    if file.is_absolute() && !folder.is_absolute() {
        return file.to_owned();
    }
    let named = |component: &Component<'_>| *component != Component::CurDir;
    let (mut from, mut to) =
        (folder.components().filter(named).peekable(), file.components().filter(named).peekable());
    while from.peek().is_some() && from.peek() == to.peek() {
        from.next();
        to.next();
    }
    from.map(|_| Component::ParentDir).chain(to).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_named_from_a_folder() {
        for (folder, file, expected) in [
            ("a", "a/b.png", "b.png"),
            ("a/c", "a/b.png", "../b.png"),
            ("", "a/b.png", "a/b.png"),
            ("a", "./a/b.png", "b.png"),
            ("/a/b", "/a/c/d", "../c/d"),
            ("a", "/b", "/b"),
        ] {
            assert_eq!(
                path_between(Path::new(folder), Path::new(file)),
                Path::new(expected),
                "{folder} {file}"
            );
        }
    }
}
