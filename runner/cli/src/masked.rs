//! Output without secrets: everything that this command prints passes here, once e2e.conf is read.

use std::{
    borrow::Cow,
    io::{self, Write},
    sync::OnceLock,
};

use anstream::AutoStream;
use scenario::Secrets;

/// The secrets of the project that this process works on.
static SECRETS: OnceLock<Secrets> = OnceLock::new();

/// Keeps these out of all that is printed from now on.
pub(crate) fn keep_secret(secrets: &Secrets) {
    // The first are those of the command's own e2e.conf.
    SECRETS.get_or_init(|| secrets.clone());
}

/// A text without secrets.
pub(crate) fn masked(text: &str) -> Cow<'_, str> {
    SECRETS.get().map_or(Cow::Borrowed(text), |secrets| secrets.mask(text))
}

/// The standard output.
pub(crate) fn stdout() -> Masked<AutoStream<io::Stdout>> {
    Masked::new(anstream::stdout())
}

/// The standard error.
pub(crate) fn stderr() -> Masked<AutoStream<io::Stderr>> {
    Masked::new(anstream::stderr())
}

/// A writer that masks secrets. It writes whole lines, and what is left when it is flushed.
#[derive(Debug)]
pub(crate) struct Masked<W: Write> {
    out: W,
    /// What isn't written yet.
    rest: Vec<u8>,
}

impl<W: Write> Masked<W> {
    fn new(out: W) -> Self {
        Self { out, rest: Vec::new() }
    }

    fn write_masked(&mut self, bytes: usize) -> io::Result<()> {
        let lines: Vec<u8> = self.rest.drain(..bytes).collect();
        match SECRETS.get() {
            Some(secrets) => self.out.write_all(&secrets.mask_bytes(&lines)),
            None => self.out.write_all(&lines),
        }
    }
}

impl<W: Write> Write for Masked<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if SECRETS.get().is_none_or(Secrets::is_empty) && self.rest.is_empty() {
            return self.out.write(bytes);
        }
        self.rest.extend_from_slice(bytes);
        if let Some(end) = self.rest.iter().rposition(|byte| *byte == b'\n') {
            self.write_masked(end + 1)?;
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.write_masked(self.rest.len())?;
        self.out.flush()
    }
}

impl<W: Write> Drop for Masked<W> {
    fn drop(&mut self) {
        // A caller that needs the error flushes before.
        drop(self.flush());
    }
}
