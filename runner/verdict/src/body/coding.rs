//! `Content-Encoding`: gzip, deflate, br and zstd.

use std::{
    borrow::Cow,
    io::{self, Read},
};

use flate2::read::{DeflateDecoder, MultiGzDecoder, ZlibDecoder};
use http::{HeaderMap, header::CONTENT_ENCODING};
use ruzstd::decoding::{
    FrameDecoder, StreamingDecoder,
    errors::{FrameDecoderError, ReadFrameHeaderError},
};

use super::UnreadableBody;

/// The most bytes of a decoded body: some hundred bytes can decode to gigabytes.
pub(super) const LARGEST: usize = 64 << 20;

/// The content codings in lower case, in the order in which they were applied.
pub(super) fn codings(headers: &HeaderMap) -> Vec<String> {
    let values = headers.get_all(CONTENT_ENCODING).iter().filter_map(|value| value.to_str().ok());
    values
        .flat_map(|value| value.split(','))
        .map(|name| name.trim().to_ascii_lowercase())
        .filter(|name| !name.is_empty() && name != "identity")
        .collect()
}

/// The bytes without their content codings.
pub(super) fn decode<'a>(headers: &HeaderMap, bytes: &'a [u8]) -> Result<Cow<'a, [u8]>, UnreadableBody> {
    let mut decoded = Cow::Borrowed(bytes);
    if headers.contains_key(CONTENT_ENCODING) {
        for coding in codings(headers).into_iter().rev() {
            decoded = Cow::Owned(decode_one(coding, &decoded)?);
        }
    }
    Ok(decoded)
}

fn decode_one(coding: String, bytes: &[u8]) -> Result<Vec<u8>, UnreadableBody> {
    let decoded = match coding.as_str() {
        "gzip" | "x-gzip" => read(MultiGzDecoder::new(bytes)),
        // It means zlib's format; some servers send the bare stream.
        "deflate" => {
            read(ZlibDecoder::new(bytes)).or_else(|error| read(DeflateDecoder::new(bytes)).map_err(|_| error))
        }
        "br" => read(brotli_decompressor::Decompressor::new(bytes, 4096)),
        "zstd" => zstd(bytes),
        _ => return Err(UnreadableBody::UnknownCoding(coding)),
    };
    match decoded {
        Ok(decoded) if decoded.len() > LARGEST => Err(UnreadableBody::TooLarge { limit: LARGEST }),
        Ok(decoded) => Ok(decoded),
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => {
            Err(UnreadableBody::NotDecodable { coding, reason: "it breaks off".into() })
        }
        Err(error) => Err(UnreadableBody::NotDecodable { coding, reason: error.to_string() }),
    }
}

/// Reads at most one byte more than [`LARGEST`].
fn read(decoder: impl Read) -> io::Result<Vec<u8>> {
    let mut decoded = Vec::new();
    decoder.take(LARGEST as u64 + 1).read_to_end(&mut decoded)?;
    Ok(decoded)
}

/// Decodes all frames, and leaves out those that hold no content.
fn zstd(mut bytes: &[u8]) -> io::Result<Vec<u8>> {
    let mut decoded = Vec::new();
    while !bytes.is_empty() && decoded.len() <= LARGEST {
        match StreamingDecoder::new_with_decoder(&mut bytes, FrameDecoder::new()) {
            Ok(frame) => decoded.append(&mut read(frame)?),
            Err(FrameDecoderError::ReadFrameHeaderError(ReadFrameHeaderError::SkipFrame {
                length, ..
            })) => {
                let length = usize::try_from(length).unwrap_or(usize::MAX);
                bytes = bytes.get(length..).ok_or(io::ErrorKind::UnexpectedEof)?;
            }
            Err(FrameDecoderError::ReadFrameHeaderError(error)) => return Err(io::Error::other(error)),
            Err(error) => return Err(io::Error::other(error)),
        }
    }
    Ok(decoded)
}
