use std::str::FromStr;

/// A format of other tools.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// Commands of curl, one or a file of them.
    Curl,
    /// What browsers record: HTTP Archive 1.2.
    Har,
    /// A file of hurl.
    Hurl,
    /// A document of OpenAPI 3.0 or 3.1, in JSON or YAML.
    Openapi,
    /// A collection of Postman, version 2.0 or 2.1.
    Postman,
}

impl Format {
    /// All of them, each with its name.
    pub const ALL: [(&'static str, Self); 5] = [
        ("curl", Self::Curl),
        ("har", Self::Har),
        ("openapi", Self::Openapi),
        ("hurl", Self::Hurl),
        ("postman", Self::Postman),
    ];

    /// What a text of it is, without an article.
    pub fn describe(self) -> &'static str {
        match self {
            Self::Curl => "file of curl commands",
            Self::Har => "HTTP archive",
            Self::Hurl => "hurl file",
            Self::Openapi => "OpenAPI document",
            Self::Postman => "Postman collection",
        }
    }
}

impl FromStr for Format {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        Self::ALL.iter().find(|(name, _)| *name == text).map(|(_, format)| *format).ok_or_else(|| {
            let names: Vec<_> = Self::ALL.iter().map(|(name, _)| *name).collect();
            format!("`{text}` is no format: choose one of {}", names.join(", "))
        })
    }
}
