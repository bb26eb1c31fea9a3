/// Whether a request follows redirects.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Follow {
    /// It doesn't: a redirect is a reply like any other.
    #[default]
    Never,
    /// It follows at most this many, one after the other.
    AtMost(u32),
}

impl Follow {
    /// How many are followed when no number is said.
    pub const USUAL: u32 = 10;
}
