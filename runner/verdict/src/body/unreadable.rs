//! Why a body can't be read as what its headers say it is.

use scenario::NotJson;

/// The characters of a line that are shown around the place of a mistake in it.
const SHOWN: usize = 60;

/// Why a body can't be read. The texts fit after "`body` is …".
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum UnreadableBody {
    /// Its `Content-Encoding` names a coding that isn't supported.
    #[error("encoded as `{0}`, which can't be decoded: there are gzip, deflate, br and zstd")]
    UnknownCoding(String),
    /// It isn't what its `Content-Encoding` says.
    #[error("not valid {coding}, as its content-encoding says: {reason}")]
    NotDecodable {
        /// The coding, in lower case.
        coding: String,
        /// What is wrong with it.
        reason: String,
    },
    /// It is too large once it is decoded.
    #[error("larger than {} MiB once it is decoded", limit >> 20)]
    TooLarge {
        /// The most bytes that are decoded.
        limit: usize,
    },
    /// Its content type names a charset that doesn't exist.
    #[error("in the charset `{0}`, which isn't known")]
    UnknownCharset(String),
    /// It has a byte that isn't in the charset that its content type or its byte order mark names.
    #[error("not valid {charset} at line {line}, column {column}: byte 0x{byte:02X}")]
    NotInCharset {
        /// The charset's usual name.
        charset: &'static str,
        /// The line, counted from 1.
        line: usize,
        /// The column in characters, counted from 1.
        column: usize,
        /// The byte.
        byte: u8,
    },
    /// It isn't UTF-8, and its content type names no charset.
    #[error(
        "not text: byte {offset} of {bytes} is 0x{byte:02X}, which isn't UTF-8, and its content-type names no charset"
    )]
    NotText {
        /// Its length once it is decoded.
        bytes: usize,
        /// The position of the first byte that isn't UTF-8, counted from 0.
        offset: usize,
        /// That byte.
        byte: u8,
    },
    /// Its content type says JSON, and it isn't.
    #[error("not valid JSON at line {line}, column {column}: {reason}\n{excerpt}")]
    NotJson {
        /// The line, counted from 1.
        line: usize,
        /// The column in characters, counted from 1.
        column: usize,
        /// What is wrong there.
        reason: String,
        /// The line around the place, and a caret below the place.
        excerpt: String,
    },
}

impl UnreadableBody {
    /// The error about a text that should be JSON.
    pub(super) fn not_json(invalid: NotJson, text: &str) -> Self {
        let NotJson { line, column, reason } = invalid;
        let text = text.split('\n').nth(line - 1).unwrap_or_default();
        let skipped = column.saturating_sub(SHOWN / 2);
        let plain = |c: char| if c.is_control() { ' ' } else { c };
        let shown: String = text.chars().skip(skipped).take(SHOWN).map(plain).collect();
        let (dots, after) = (
            if skipped > 0 { "…" } else { "" },
            if text.chars().nth(skipped + SHOWN).is_some() { "…" } else { "" },
        );
        let caret = column - skipped + dots.chars().count();
        let excerpt = format!("{dots}{shown}{after}\n{:>caret$}", '^');
        Self::NotJson { line, column, reason, excerpt }
    }
}
