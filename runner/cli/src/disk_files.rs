//! The files on disk that a scenario names.

use std::{
    cell::RefCell,
    collections::BTreeMap,
    fs::{self, File},
    hash::{DefaultHasher, Hasher},
    io::{self, Read},
    path::{Path, PathBuf},
    sync::Arc,
};

use scenario::Files;

/// The largest file that is read, in bytes.
const LARGEST: u64 = 64 << 20;

/// What files held when they were read: a number that is another one for another content, by path.
pub(crate) type Contents = BTreeMap<PathBuf, u64>;

/// The files of this machine, with paths relative to the working folder.
#[derive(Debug, Default)]
pub(crate) struct DiskFiles(RefCell<Contents>);

impl DiskFiles {
    /// Reads a file of text.
    pub(crate) fn text(&self, path: &Path) -> io::Result<String> {
        let text = fs::read_to_string(path)?;
        self.note(path, text.as_bytes());
        Ok(text)
    }

    fn note(&self, path: &Path, content: &[u8]) {
        let mut hasher = DefaultHasher::new();
        hasher.write(content);
        self.0.borrow_mut().insert(path.to_owned(), hasher.finish());
    }

    /// What was read.
    pub(crate) fn into_contents(self) -> Contents {
        self.0.into_inner()
    }
}

impl Files for DiskFiles {
    fn read(&self, path: &Path) -> Result<Arc<[u8]>, String> {
        let content = content(path).map_err(|error| error.to_string())?;
        self.note(path, &content);
        if content.len() as u64 > LARGEST {
            return Err(format!("it has more than {} MiB", LARGEST >> 20));
        }
        Ok(content.into())
    }
}

/// The content up to one byte more than is read.
fn content(path: &Path) -> io::Result<Vec<u8>> {
    let mut content = Vec::new();
    File::open(path)?.take(LARGEST + 1).read_to_end(&mut content)?;
    Ok(content)
}
