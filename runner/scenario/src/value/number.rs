use std::{cmp::Ordering, fmt};

use super::decimal::Decimal;

/// The most digits of a number that is kept as an integer of 64 bits and the place of its point.
const SHORT_DIGITS: usize = 18;

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
        Self(short(text.as_bytes()).unwrap_or_else(|| Repr::Long(text.into())))
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

/// The short form of a number, if it is shown in that form as it is written.
fn short(text: &[u8]) -> Option<Repr> {
    let (negative, unsigned) = match text {
        [b'-', unsigned @ ..] => (true, unsigned),
        unsigned => (false, unsigned),
    };
    if unsigned.len() > SHORT_DIGITS + 1 {
        return None;
    }
    let (mut digits, mut decimals, mut after_point) = (0_i64, 0_u8, 0_u8);
    for byte in unsigned {
        match byte {
            b'0'..=b'9' => {
                digits = digits.checked_mul(10)?.checked_add(i64::from(byte - b'0'))?;
                decimals += after_point;
            }
            b'.' => after_point = 1,
            _ => return None,
        }
    }
    let digits = if negative { -digits } else { digits };
    let loses_sign = negative && digits == 0;
    (!loses_sign && usize::from(decimals) <= SHORT_DIGITS).then_some(Repr::Short { digits, decimals })
}

/// Whether a text is a number of JSON: `-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?`.
fn is_number(text: &str) -> bool {
    use hifijson::{SliceLexer, num::LexWrite};
    let mut lexer = SliceLexer::new(text.as_bytes());
    lexer.num_string().validated().is_ok() && lexer.as_slice().is_empty()
}

impl PartialEq for Number {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
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
            Repr::Short { digits, decimals: 0 } => write!(f, "{digits}"),
            Repr::Short { digits, decimals } => {
                let sign = if *digits < 0 { "-" } else { "" };
                let unit = 10_u64.pow((*decimals).into());
                let (whole, rest) = (digits.unsigned_abs() / unit, digits.unsigned_abs() % unit);
                write!(f, "{sign}{whole}.{rest:0width$}", width = usize::from(*decimals))
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
