use std::fmt;

/// A position counted from 1, as a person reads it: `1st`, `2nd`, `11th`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ordinal(pub u64);

impl fmt::Display for Ordinal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ending = match (self.0 % 100, self.0 % 10) {
            (11..=13, _) => "th",
            (_, 1) => "st",
            (_, 2) => "nd",
            (_, 3) => "rd",
            _ => "th",
        };
        write!(f, "{}{ending}", self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_ordinal_ends_as_it_is_spoken() {
        let shown = [1, 2, 3, 4, 10, 11, 12, 13, 21, 22, 103, 111, 112].map(|n| Ordinal(n).to_string());
        let expected = [
            "1st", "2nd", "3rd", "4th", "10th", "11th", "12th", "13th", "21st", "22nd", "103rd", "111th",
            "112th",
        ];
        assert_eq!(shown, expected);
    }
}
