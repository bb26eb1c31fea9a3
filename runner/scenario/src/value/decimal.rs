use std::cmp::Ordering;

/// The decimal value of a number: 0.d₁d₂d₃… × 10^`exponent`, with the first and the last digit other than 0. Zero has no
/// digits, and no sign.
///
/// The work is bounded by the length of the text: nothing is ever written out to the size that an exponent names.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Decimal {
    pub(crate) negative: bool,
    /// The digits, as ASCII.
    pub(crate) digits: Vec<u8>,
    pub(crate) exponent: i64,
    /// The number as written, if its exponent is beyond 62 bits: such numbers are ordered by their texts.
    beyond: Option<Box<str>>,
}

/// The exponents that are calculated with.
const EXPONENTS: i64 = i64::MAX / 2;

impl Decimal {
    /// The value of a number of JSON.
    pub(super) fn of(text: &str) -> Self {
        let unsigned = text.strip_prefix('-').unwrap_or(text);
        let (mantissa, written) = unsigned.split_once(['e', 'E']).unwrap_or((unsigned, "0"));
        let point = mantissa.find('.').unwrap_or(mantissa.len());
        let mut digits: Vec<u8> = mantissa.bytes().filter(u8::is_ascii_digit).collect();
        let zeros = digits.iter().take_while(|digit| **digit == b'0').count();
        let end = digits.iter().rposition(|digit| *digit != b'0').map_or(zeros, |last| last + 1);
        digits.truncate(end);
        digits.drain(..zeros);
        if digits.is_empty() {
            return Self { negative: false, digits, exponent: 0, beyond: None };
        }
        let shift = i64::try_from(point).unwrap_or(EXPONENTS) - i64::try_from(zeros).unwrap_or(EXPONENTS);
        let exponent = written.parse().ok().filter(|exponent| (-EXPONENTS..=EXPONENTS).contains(exponent));
        let beyond = exponent.is_none().then(|| text.into());
        let exponent = exponent.unwrap_or(if written.starts_with('-') { -EXPONENTS } else { EXPONENTS });
        Self { negative: text.starts_with('-'), digits, exponent: exponent.saturating_add(shift), beyond }
    }

    /// Whether it is a whole number.
    pub(crate) fn is_whole(&self) -> bool {
        i64::try_from(self.digits.len()).is_ok_and(|digits| self.exponent >= digits) || self.digits.is_empty()
    }

    fn sign(&self) -> i8 {
        match (self.digits.is_empty(), self.negative) {
            (true, _) => 0,
            (false, true) => -1,
            (false, false) => 1,
        }
    }
}

impl Ord for Decimal {
    fn cmp(&self, other: &Self) -> Ordering {
        let magnitude = || {
            let beyond = || self.beyond.cmp(&other.beyond);
            self.exponent.cmp(&other.exponent).then_with(|| self.digits.cmp(&other.digits)).then_with(beyond)
        };
        self.sign()
            .cmp(&other.sign())
            .then_with(|| if self.negative { magnitude().reverse() } else { magnitude() })
    }
}

impl PartialOrd for Decimal {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}
