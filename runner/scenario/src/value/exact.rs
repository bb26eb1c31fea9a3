use super::{Decimal, Number};

/// The most digits after the point of a number that is calculated with.
const DECIMALS: u32 = 100;

/// A number to calculate with: its digits, at most 38, of which the last `decimals` stand after the point.
#[derive(Clone, Copy)]
pub(crate) struct Exact {
    pub(crate) digits: i128,
    pub(crate) decimals: u32,
}

impl Exact {
    /// `None` for a number of more digits.
    pub(crate) fn of(number: &Number) -> Option<Self> {
        if let Some((digits, decimals)) = number.short() {
            return Some(Self { digits: digits.into(), decimals: decimals.into() });
        }
        let Decimal { negative, digits, exponent, .. } = number.decimal();
        let mut value = 0_i128;
        for digit in &digits {
            value = value.checked_mul(10)?.checked_add(i128::from(digit - b'0'))?;
        }
        let value = if negative { -value } else { value };
        let decimals = i64::try_from(digits.len()).ok()?.checked_sub(exponent)?;
        if decimals < 0 {
            let zeros = u32::try_from(decimals.unsigned_abs()).ok()?;
            return Some(Self { digits: value.checked_mul(10_i128.checked_pow(zeros)?)?, decimals: 0 });
        }
        let decimals = u32::try_from(decimals).ok().filter(|decimals| *decimals <= DECIMALS)?;
        Some(Self { digits: value, decimals })
    }

    /// The sum, if it has at most 38 digits.
    pub(crate) fn plus(self, other: Self) -> Option<Self> {
        let decimals = self.decimals.max(other.decimals);
        let aligned = |exact: Self| exact.digits.checked_mul(10_i128.checked_pow(decimals - exact.decimals)?);
        Some(Self { digits: aligned(self)?.checked_add(aligned(other)?)?, decimals })
    }

    /// The same number without zeros at the end of its decimals.
    pub(crate) fn shortest(mut self) -> Self {
        while self.decimals > 0 && self.digits % 10 == 0 {
            self = Self { digits: self.digits / 10, decimals: self.decimals - 1 };
        }
        self
    }

    /// The number as it is written, without zeros at the end of its decimals.
    pub(crate) fn number(self) -> Number {
        let Self { digits, decimals } = self.shortest();
        let (sign, decimals) = (if digits < 0 { "-" } else { "" }, decimals as usize);
        let digits = format!("{:0>width$}", digits.unsigned_abs(), width = decimals + 1);
        let (whole, rest) = digits.split_at(digits.len() - decimals);
        Number::from_json(&if rest.is_empty() {
            format!("{sign}{whole}")
        } else {
            format!("{sign}{whole}.{rest}")
        })
    }
}
