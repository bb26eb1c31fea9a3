//! The content of a simulated file, kept in pages.

use std::{collections::BTreeMap, io, ops::Range, sync::Arc};

/// Bytes in a page. Only pages that were written take memory.
const PAGE: usize = 4096;

/// The bytes of one page, copied only when a page that is kept elsewhere too is written.
pub(crate) type Page = Arc<[u8; PAGE]>;

/// The content of a file. Bytes in pages that were never written are zero.
#[derive(Debug, Default)]
pub(crate) struct FileImage {
    pages: BTreeMap<u64, Page>,
    len: u64,
}

/// A change of a file.
#[derive(Debug)]
pub(crate) enum Change {
    Write { offset: u64, data: Box<[u8]> },
    Len(u64),
}

impl FileImage {
    /// The length in bytes.
    pub(crate) fn len(&self) -> u64 {
        self.len
    }

    /// Fills `out` with the bytes at `offset`. Fails beyond the end.
    pub(crate) fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        if span(offset, out.len()) > self.len {
            return Err(io::Error::new(io::ErrorKind::UnexpectedEof, "read beyond the end of the file"));
        }
        for piece in Piece::of(offset, out.len()) {
            let target = &mut out[piece.data];
            match self.pages.get(&piece.page) {
                Some(page) => target.copy_from_slice(&page[piece.within]),
                None => target.fill(0),
            }
        }
        Ok(())
    }

    /// Puts these pages in place of the present ones, and sets the length. `None` removes a page.
    pub(crate) fn restore(&mut self, pages: BTreeMap<u64, Option<Page>>, len: u64) {
        for (index, page) in pages {
            match page {
                Some(page) => drop(self.pages.insert(index, page)),
                None => drop(self.pages.remove(&index)),
            }
        }
        self.len = len;
    }

    /// Makes a change. Calls `before` with each page as it was before.
    pub(crate) fn apply(&mut self, change: &Change, before: &mut impl FnMut(u64, Option<&Page>)) {
        match change {
            Change::Write { offset, data } => {
                for piece in Piece::of(*offset, data.len()) {
                    before(piece.page, self.pages.get(&piece.page));
                    let data = &data[piece.data];
                    if let Ok(whole) = <[u8; PAGE]>::try_from(data) {
                        self.pages.insert(piece.page, Arc::new(whole));
                    } else {
                        let page = self.pages.entry(piece.page).or_insert_with(|| Arc::new([0; PAGE]));
                        Arc::make_mut(page)[piece.within].copy_from_slice(data);
                    }
                }
                self.len = self.len.max(span(*offset, data.len()));
            }
            Change::Len(len) => {
                if *len < self.len {
                    self.cut(*len, before);
                }
                self.len = *len;
            }
        }
    }

    /// Removes the bytes beyond `len`, so that they are zero when the file grows again.
    fn cut(&mut self, len: u64, before: &mut impl FnMut(u64, Option<&Page>)) {
        let page_size = span(0, PAGE);
        for (index, page) in self.pages.split_off(&len.div_ceil(page_size)) {
            before(index, Some(&page));
        }
        let rest = usize::try_from(len % page_size).expect("a page is small");
        if rest > 0
            && let Some(page) = self.pages.get_mut(&(len / page_size))
        {
            before(len / page_size, Some(page));
            Arc::make_mut(page)[rest..].fill(0);
        }
    }
}

/// The part of a byte range that lies in one page.
struct Piece {
    /// The number of the page.
    page: u64,
    /// The part of the page.
    within: Range<usize>,
    /// The same part, counted from the beginning of the byte range.
    data: Range<usize>,
}

impl Piece {
    /// Splits `len` bytes from `offset` on at the borders of pages.
    fn of(offset: u64, len: usize) -> impl Iterator<Item = Self> {
        let mut done = 0;
        std::iter::from_fn(move || {
            if done == len {
                return None;
            }
            let position = span(offset, done);
            let start = usize::try_from(position % span(0, PAGE)).expect("a page is small");
            let size = (PAGE - start).min(len - done);
            let data = done..done + size;
            done += size;
            Some(Self { page: position / span(0, PAGE), within: start..start + size, data })
        })
    }
}

/// The position after `len` bytes from `offset` on.
pub(crate) fn span(offset: u64, len: usize) -> u64 {
    offset + u64::try_from(len).expect("lengths fit 64 bits")
}
