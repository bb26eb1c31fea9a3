//! Output without secrets: everything that this command prints passes here, once e2e.conf is read.

use std::{
    borrow::Cow,
    io::{self, Write},
    sync::{PoisonError, RwLock, RwLockReadGuard},
};

use anstream::AutoStream;
use scenario::Secrets;

/// The secrets of the project that this process works on.
static SECRETS: RwLock<Option<Secrets>> = RwLock::new(None);

/// Keeps these out of all that is printed from now on, beside those that were declared before: `--watch` reads e2e.conf again while
/// services that know the earlier ones still run.
pub(crate) fn keep_secret(secrets: &Secrets) {
    let mut kept = SECRETS.write().unwrap_or_else(PoisonError::into_inner);
    for (_, earlier) in kept.iter().flat_map(Secrets::declared) {
        // It was long enough to be a secret.
        drop(secrets.hide_value(&earlier.into()));
    }
    *kept = Some(secrets.clone());
}

fn secrets() -> RwLockReadGuard<'static, Option<Secrets>> {
    SECRETS.read().unwrap_or_else(PoisonError::into_inner)
}

/// A text without secrets.
pub(crate) fn masked(text: &str) -> Cow<'_, str> {
    secrets().as_ref().map_or(Cow::Borrowed(text), |secrets| secrets.mask(text))
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
        match secrets().as_ref() {
            Some(secrets) => self.out.write_all(&secrets.mask_bytes(&lines)),
            None => self.out.write_all(&lines),
        }
    }
}

impl<W: Write> Write for Masked<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if secrets().as_ref().is_none_or(Secrets::is_empty) && self.rest.is_empty() {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_that_are_declared_later_are_masked_too() {
        let secret = |value: &str| Secrets::new([("KEY".to_owned(), value.to_owned())].into());
        keep_secret(&secret("an-early-key"));
        assert_eq!(masked("an-early-key, a-later-key"), "***, a-later-key");
        keep_secret(&secret("a-later-key"));
        assert_eq!(masked("an-early-key, a-later-key"), "***, ***");
    }
}
