//! Bytes to text, by a byte order mark or the charset that the content type names.

use std::borrow::Cow;

use encoding_rs::{DecoderResult, Encoding, UTF_8};

use super::UnreadableBody;

/// The text in `bytes`. It is UTF-8 unless a byte order mark or else `charset` says otherwise.
pub(super) fn decode<'a>(bytes: &'a [u8], charset: Option<&str>) -> Result<Cow<'a, str>, UnreadableBody> {
    let (encoding, mark) = match (Encoding::for_bom(bytes), charset) {
        (Some(marked), _) => marked,
        (None, None) => (UTF_8, 0),
        (None, Some(name)) => match Encoding::for_label(name.as_bytes()) {
            Some(encoding) if encoding != encoding_rs::REPLACEMENT => (encoding, 0),
            _ => return Err(UnreadableBody::UnknownCharset(name.to_owned())),
        },
    };
    let decoded = encoding.decode_without_bom_handling_and_without_replacement(&bytes[mark..]);
    decoded.ok_or_else(|| malformed(encoding, bytes, mark, charset))
}

/// The error for bytes that aren't in `encoding` from a place after the byte order mark on.
fn malformed(
    encoding: &'static Encoding,
    bytes: &[u8],
    mark: usize,
    charset: Option<&str>,
) -> UnreadableBody {
    let mut decoder = encoding.new_decoder_without_bom_handling();
    let room = decoder.max_utf8_buffer_length_without_replacement(bytes.len()).unwrap_or(0);
    let mut before = String::with_capacity(room);
    let (result, read) = decoder.decode_to_string_without_replacement(&bytes[mark..], &mut before, true);
    let offset = match result {
        DecoderResult::Malformed(length, after) => mark + read - usize::from(length) - usize::from(after),
        DecoderResult::InputEmpty | DecoderResult::OutputFull => mark + read,
    };
    let byte = bytes.get(offset).copied().unwrap_or_default();
    match charset {
        None if mark == 0 => UnreadableBody::NotText { bytes: bytes.len(), offset, byte },
        _ => UnreadableBody::NotInCharset {
            charset: encoding.name(),
            line: before.matches('\n').count() + 1,
            column: before.rsplit('\n').next().unwrap_or_default().chars().count() + 1,
            byte,
        },
    }
}
