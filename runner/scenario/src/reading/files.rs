//! The files that a scenario names: what it includes, tables, bodies.

use std::{
    collections::BTreeMap,
    fmt,
    path::{Component, Path, PathBuf},
    sync::Arc,
};

use super::{
    media_type::media_type,
    reader::Reader,
    yaml::{Kind, Node},
};
use crate::{BodyFile, Mistake};

/// Gives the content of files, so that reading needs no file system.
pub trait Files: fmt::Debug {
    /// The content of the file at `path`, which is absolute or relative to where the scenario's own path is. The error is a
    /// fragment that fits "it can't be read: …".
    fn read(&self, path: &Path) -> Result<Arc<[u8]>, String>;
}

/// Files held in memory.
impl Files for BTreeMap<PathBuf, Vec<u8>> {
    fn read(&self, path: &Path) -> Result<Arc<[u8]>, String> {
        self.get(path).map(|content| content.as_slice().into()).ok_or_else(|| "there is no such file".into())
    }
}

/// The path of a file, and what is in it.
type Content = (PathBuf, Arc<[u8]>);

impl Reader<'_> {
    /// The content of the file that `node` names, relative to the folder of the file that is read, with its path. That it can't
    /// be read is noted.
    pub(crate) fn content(&mut self, node: &Node) -> Option<Content> {
        self.readable(node)?.map_err(|mistake| self.take(mistake)).ok()
    }

    /// The same, with the mistake that it can't be read. `None` if `node` names no file, which is noted.
    pub(crate) fn readable(&mut self, node: &Node) -> Option<Result<Content, Mistake>> {
        let named = self.text(node, "the path of a file")?;
        let path = self.file.parent().unwrap_or(Path::new("")).join(&named);
        let path = without_detours(&path);
        Some(match self.files.read(&path) {
            Ok(content) => {
                self.sources.insert(path.clone());
                Ok((path, content))
            }
            Err(error) => {
                let mut help = "a path is relative to the folder of the file that names it".to_owned();
                if let Some(chain) = self.inclusion.told() {
                    help = format!("{help}, which is included here: {chain}");
                }
                let message = format!("`{named}` can't be read: {error}");
                Err(Mistake { file: self.file.clone(), span: node.span, message, help: Some(help) })
            }
        })
    }
}

/// The same path without `.`, and without a folder that is left again by `..`, as far as that can be told from its text.
fn without_detours(path: &Path) -> PathBuf {
    let mut short = PathBuf::new();
    for component in path.components() {
        match (component, short.components().next_back()) {
            (Component::CurDir, _) => {}
            (Component::ParentDir, Some(Component::Normal(_))) => _ = short.pop(),
            _ => short.push(component),
        }
    }
    short
}

/// The file that `node` names, to be sent.
pub(crate) fn body_file(reader: &mut Reader<'_>, node: &Node) -> Option<BodyFile> {
    if let Kind::Text(text) = &node.kind
        && text.contains("${")
    {
        let help = "a file is read before the run: write its path itself".to_owned();
        reader.note(node.span, "the path of a file can't hold an expression", help);
        return None;
    }
    let (path, content) = reader.content(node)?;
    let media_type = media_type(&path);
    Some(BodyFile { path, content, media_type })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_has_no_folder_that_it_leaves_again() {
        for (path, expected) in [
            ("scenarios/../steps/x.yaml", "steps/x.yaml"),
            ("./a/./b.csv", "a/b.csv"),
            ("../../steps/x.yaml", "../../steps/x.yaml"),
            ("a/b/../../../x.yaml", "../x.yaml"),
            ("/a/../x.yaml", "/x.yaml"),
        ] {
            assert_eq!(without_detours(Path::new(path)), Path::new(expected), "{path}");
        }
    }
}
