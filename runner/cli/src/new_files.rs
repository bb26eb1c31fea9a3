//! Files that a command makes. What is there already is never overwritten.

use std::{
    fs::{self, OpenOptions},
    io::Write,
    path::PathBuf,
    sync::Arc,
};

use scenario::{Mistake, Span};
use verdict::{BrokenOff, Output};

use crate::Mistakes;

/// A file to be made.
#[derive(Debug)]
pub(crate) struct NewFile {
    pub(crate) path: PathBuf,
    pub(crate) text: String,
}

/// Writes all files and the folders they are in, or none if one of them is there already.
pub(crate) fn write(files: &[NewFile]) -> Result<Result<(), BrokenOff>, Mistakes> {
    check(files)?;
    for NewFile { path, text } in files {
        let folder = path.parent().map_or(Ok(()), fs::create_dir_all);
        let written = folder.and_then(|()| {
            let mut file = OpenOptions::new().write(true).create_new(true).open(path)?;
            file.write_all(text.as_bytes())
        });
        if let Err(error) = written {
            let (what, file, error) = (Output::File, Some(path.clone()), error.to_string());
            return Ok(Err(BrokenOff::NotWritten { what, file, error }));
        }
    }
    Ok(Ok(()))
}

/// Finds the files that are there already.
pub(crate) fn check(files: &[NewFile]) -> Result<(), Mistakes> {
    let there: Vec<Mistake> = files.iter().filter(|file| file.path.exists()).map(is_there).collect();
    if there.is_empty() { Ok(()) } else { Err(Mistakes(there)) }
}

fn is_there(file: &NewFile) -> Mistake {
    Mistake {
        file: Arc::new(file.path.clone()),
        span: Span::default(),
        message: "it is there already, and isn't overwritten".into(),
        help: Some("name another folder, or remove it".into()),
    }
}
