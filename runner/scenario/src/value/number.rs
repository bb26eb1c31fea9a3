use std::{cmp::Ordering, fmt};

use super::decimal::Decimal;

/// The most decimals of a number that is kept as an integer of 64 bits and the place of its point.
const SHORT_DECIMALS: usize = 18;
/// The digits that 64 bits always hold.
const U64_DIGITS: usize = 19;

/// A number as it was written: it is compared by its decimal value, and shown and sent with the digits it came with.
#[derive(Clone)]
pub struct Number(Repr);

#[derive(Clone)]
enum Repr {
    /// The digits, of which the last `decimals` stand after the point: 1.10 is 110 with two decimals.
    Short { digits: i64, decimals: u8 },
    /// Any other number of JSON: one with more digits or an exponent, and `-0`.
    Long(Box<str>),
}

impl Number {
    /// The number that this text is in JSON; `None` when it is none.
    pub fn parse(text: &str) -> Option<Self> {
        is_number(text).then(|| Self::from_json(text))
    }

    /// The number in a text that is known to be one of JSON.
    pub(super) fn from_json(text: &str) -> Self {
        match Repr::short(text.as_bytes()) {
            Some((short, [])) => Self(short),
            _ => Self(Repr::Long(text.into())),
        }
    }

    /// Reads a number from the beginning of a text, and returns it with the rest; `None` for those that are rare: with an
    /// exponent, or with more digits than 64 bits hold.
    pub(super) fn short_from(text: &[u8]) -> Option<(Self, &[u8])> {
        let (short, rest) = Repr::short(text)?;
        Some((Self(short), rest))
    }

    /// The number in a text that may be written as YAML and expressions allow: `+5`, `007`, `.5` or `5.`.
    pub(crate) fn from_loose(text: &str) -> Option<Self> {
        let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
        let sign = if text.starts_with('-') { "-" } else { "" };
        let (mantissa, exponent) = unsigned.split_at(unsigned.find(['e', 'E']).unwrap_or(unsigned.len()));
        let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
        if whole.is_empty() && fraction.is_empty() {
            return None;
        }
        let whole = match whole.trim_start_matches('0') {
            "" => "0",
            digits => digits,
        };
        let point = if fraction.is_empty() { "" } else { "." };
        Self::parse(&format!("{sign}{whole}{point}{fraction}{exponent}"))
    }

    /// The shortest number that is nearest to this one; `None` for infinities and what is no number.
    pub fn from_f64(number: f64) -> Option<Self> {
        serde_json::Number::from_f64(number).map(|number| Self::from_json(&number.to_string()))
    }

    /// The nearest number of 64 bits, which may be infinite.
    pub fn as_f64(&self) -> f64 {
        self.to_string().parse().unwrap_or(f64::NAN)
    }

    /// A whole number that is written without point and exponent, if it is within 64 bits without a sign.
    pub fn as_u64(&self) -> Option<u64> {
        match &self.0 {
            Repr::Short { digits, decimals: 0 } => u64::try_from(*digits).ok(),
            Repr::Short { .. } => None,
            Repr::Long(text) => text.parse().ok(),
        }
    }

    /// Its digits without a point, and how many of them stand after it; `None` when there are more than 18, or an
    /// exponent.
    pub(crate) fn short(&self) -> Option<(i64, u8)> {
        match self.0 {
            Repr::Short { digits, decimals } => Some((digits, decimals)),
            Repr::Long(_) => None,
        }
    }

    /// Whether it is written as a whole number, without point and exponent.
    pub(crate) fn is_integer(&self) -> bool {
        match &self.0 {
            Repr::Short { decimals, .. } => *decimals == 0,
            Repr::Long(text) => !text.contains(['.', 'e', 'E']),
        }
    }

    pub(crate) fn decimal(&self) -> Decimal {
        match &self.0 {
            Repr::Short { .. } => Decimal::of(&self.to_string()),
            Repr::Long(text) => Decimal::of(text),
        }
    }
}

/// The most characters of a short number: a sign, 19 digits, and a point.
const LONGEST: usize = 21;

impl Repr {
    /// Reads a number that fits the short form from the beginning of a text; also returns the rest.
    fn short(text: &[u8]) -> Option<(Self, &[u8])> {
        let (negative, unsigned) = match text {
            [b'-', unsigned @ ..] => (true, unsigned),
            unsigned => (false, unsigned),
        };
        let (number, rest) = digits(0, unsigned);
        let whole = unsigned.len() - rest.len();
        let (number, rest, decimals) = match rest {
            [b'.', fraction @ ..] => {
                let (number, rest) = digits(number, fraction);
                (number, rest, fraction.len() - rest.len())
            }
            rest => (number, rest, 0),
        };
        let needs_digit = whole == 0 || (decimals == 0 && rest.len() + whole < unsigned.len());
        let leads_with_zero = whole > 1 && unsigned[0] == b'0';
        let loses_sign = negative && number == 0;
        let is_long = whole + decimals > U64_DIGITS || decimals > SHORT_DECIMALS;
        if needs_digit || leads_with_zero || loses_sign || is_long || matches!(rest, [b'e' | b'E', ..]) {
            return None;
        }
        let digits = i64::try_from(number).ok()?;
        let digits = if negative { -digits } else { digits };
        Some((Self::Short { digits, decimals: u8::try_from(decimals).ok()? }, rest))
    }
}

/// Appends the digits at the beginning of a text to a number, which wraps around if there are more than 64 bits hold.
fn digits(mut number: u64, text: &[u8]) -> (u64, &[u8]) {
    let mut rest = text;
    while let [digit @ b'0'..=b'9', after @ ..] = rest {
        number = number.wrapping_mul(10).wrapping_add(u64::from(digit - b'0'));
        rest = after;
    }
    (number, rest)
}

/// Whether a text is a number of JSON: `-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?`.
fn is_number(text: &str) -> bool {
    use hifijson::{SliceLexer, num::LexWrite};
    let mut lexer = SliceLexer::new(text.as_bytes());
    lexer.num_string().validated().is_ok() && lexer.as_slice().is_empty()
}

impl PartialEq for Number {
    fn eq(&self, other: &Self) -> bool {
        match (&self.0, &other.0) {
            (Repr::Short { digits: a, decimals: before }, Repr::Short { digits: b, decimals: after })
                if before == after =>
            {
                a == b
            }
            (Repr::Long(a), Repr::Long(b)) if a == b => true,
            _ => self.cmp(other) == Ordering::Equal,
        }
    }
}

impl Eq for Number {}

impl Ord for Number {
    fn cmp(&self, other: &Self) -> Ordering {
        match (self.short(), other.short()) {
            (Some((a, before)), Some((b, after))) if before == after => a.cmp(&b),
            (Some((a, before)), Some((b, after))) => {
                // At most 18 decimals of at most 19 digits: far from the end of 128 bits.
                let aligned = |digits: i64, decimals: u8| i128::from(digits) * 10_i128.pow(decimals.into());
                aligned(a, after.saturating_sub(before)).cmp(&aligned(b, before.saturating_sub(after)))
            }
            _ => self.decimal().cmp(&other.decimal()),
        }
    }
}

impl PartialOrd for Number {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl fmt::Display for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Repr::Long(text) => f.write_str(text),
            Repr::Short { digits, decimals } => {
                let (mut buffer, mut at) = ([0; LONGEST], LONGEST);
                let mut put = |byte| {
                    at -= 1;
                    buffer[at] = byte;
                };
                let (mut rest, mut place) = (digits.unsigned_abs(), 0);
                while rest > 0 || place <= *decimals {
                    if place == *decimals && place > 0 {
                        put(b'.');
                    }
                    put(b'0' + u8::try_from(rest % 10).unwrap_or_default());
                    (rest, place) = (rest / 10, place + 1);
                }
                if *digits < 0 {
                    put(b'-');
                }
                f.write_str(std::str::from_utf8(&buffer[at..]).unwrap_or_default())
            }
        }
    }
}

impl fmt::Debug for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Number({self})")
    }
}

impl From<i64> for Number {
    fn from(number: i64) -> Self {
        Self(Repr::Short { digits: number, decimals: 0 })
    }
}

impl From<u64> for Number {
    fn from(number: u64) -> Self {
        i64::try_from(number).map_or_else(|_| Self::from_json(&number.to_string()), Self::from)
    }
}
