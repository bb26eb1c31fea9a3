//! Reads one file: collects mistakes, and takes mappings, lists and scalars apart.

use std::{
    collections::BTreeSet,
    ops::{Range, RangeInclusive},
    path::PathBuf,
    str::FromStr,
    sync::Arc,
    time::Duration,
};

use fault::{Link, ServiceName};

use super::{
    clients::Clients,
    fields::Fields,
    files::Files,
    foreign_key,
    names::{GIVEN, Names},
    step::Inclusion,
    suggestion,
    table::{Presence, Table},
    yaml::{self, Entry, Kind, Node},
};
use crate::{Mistake, Phase, SourceFile, Span, parse_duration};

/// How keys at the top of a file begin that have no meaning here.
pub(super) const EXTENSION: &str = "x-";

/// Reads one file. What can't be read is noted as a mistake, and the rest is read all the same.
#[derive(Debug)]
pub(crate) struct Reader<'a> {
    pub(crate) file: Arc<PathBuf>,
    pub(crate) text: &'a str,
    mistakes: Vec<Mistake>,
    /// What was read and has no effect.
    pub(crate) ignored: Vec<Mistake>,
    /// The variables that expressions can name at this point of the file.
    pub(crate) names: Names,
    /// The names that all of its expressions can use besides.
    pub(crate) given: &'static [&'static str],
    /// What `env` and `secrets` hold.
    pub(crate) declared: Declared,
    /// The services of the configuration.
    pub(crate) services: Vec<ServiceName>,
    /// Those of them that run already.
    pub(crate) external: Vec<ServiceName>,
    /// The links between them.
    pub(crate) links: Vec<Link>,
    /// The clients that requests can be sent as.
    pub(crate) clients: Clients,
    /// The services that tell their circuits.
    pub(crate) circuits: Vec<ServiceName>,
    /// The other files that this one can name.
    pub(crate) files: &'a dyn Files,
    /// Those of them that it names.
    pub(crate) sources: BTreeSet<PathBuf>,
    /// The files that are being included.
    pub(crate) inclusion: Inclusion,
    /// The part of the scenario that the steps belong to which are read now.
    pub(crate) phase: Phase,
}

/// The environment variables and secrets that e2e.conf declares, by name.
#[derive(Debug, Clone, Default)]
pub(crate) struct Declared {
    pub(crate) env: BTreeSet<String>,
    pub(crate) secrets: BTreeSet<String>,
}

impl<'a> Reader<'a> {
    pub(crate) fn new(text: &'a str, file: PathBuf, files: &'a dyn Files) -> Self {
        Self {
            file: Arc::new(file),
            text,
            mistakes: Vec::new(),
            ignored: Vec::new(),
            names: Names::default(),
            given: GIVEN,
            declared: Declared::default(),
            services: Vec::new(),
            external: Vec::new(),
            links: Vec::new(),
            clients: Clients::default(),
            circuits: Vec::new(),
            files,
            sources: BTreeSet::new(),
            inclusion: Inclusion::default(),
            phase: Phase::Main,
        }
    }

    /// A reader of a file that this one includes. It knows the same services, links and clients, and no variable but those that
    /// are known in every file.
    pub(crate) fn of_included<'b>(&self, source: &'b SourceFile) -> Reader<'b>
    where
        'a: 'b,
    {
        Reader {
            names: self.names.of_configuration(),
            given: self.given,
            declared: self.declared.clone(),
            services: self.services.clone(),
            external: self.external.clone(),
            links: self.links.clone(),
            clients: self.clients.clone(),
            circuits: self.circuits.clone(),
            inclusion: self.inclusion.clone(),
            phase: self.phase,
            ..Reader::new(&source.text, source.path.clone(), self.files)
        }
    }

    /// The file as a tree, without the keys at its top that begin with `x-`: a place for anchors, and for what other
    /// programs read.
    pub(crate) fn tree(&mut self) -> Option<Node> {
        match yaml::parse(self.text) {
            Ok((mut node, mistakes)) => {
                for (span, message, help) in mistakes {
                    self.note(span, message, help);
                }
                if let Kind::Mapping(entries) = &mut node.kind {
                    entries.retain(|entry| !entry.key.starts_with(EXTENSION));
                }
                Some(node)
            }
            Err((span, message, help)) => {
                self.note(span, message, help);
                None
            }
        }
    }

    /// The result of reading if there was no mistake, and all mistakes in the order of the file otherwise, behind them those
    /// in files that it includes.
    pub(crate) fn finish<T>(mut self, read: Option<T>) -> Result<T, Vec<Mistake>> {
        let own = Arc::clone(&self.file);
        self.mistakes.sort_by_key(|mistake| {
            ((mistake.file != own).then(|| Arc::clone(&mistake.file)), mistake.span.offset)
        });
        match read {
            Some(read) if self.mistakes.is_empty() => Ok(read),
            _ => {
                assert!(!self.mistakes.is_empty(), "what can't be read has a mistake");
                Err(self.mistakes)
            }
        }
    }

    /// Takes the mistakes in an included file, the files that it names, and the clients that it uses.
    pub(crate) fn take_mistakes(&mut self, included: Reader<'_>) {
        self.clients = included.clients;
        self.sources.extend(included.sources);
        included.mistakes.into_iter().for_each(|mistake| self.take(mistake));
    }

    /// Takes a mistake, unless it is known.
    pub(crate) fn take(&mut self, mistake: Mistake) {
        if !self.mistakes.contains(&mistake) {
            self.mistakes.push(mistake);
        }
    }

    /// Notes a mistake and what to do about it.
    pub(crate) fn note(&mut self, span: Span, message: impl Into<String>, help: impl Into<Option<String>>) {
        self.take(Mistake { file: self.file.clone(), span, message: message.into(), help: help.into() });
    }

    /// Notes what has no effect here, and what replaces it.
    pub(crate) fn note_ignored(&mut self, span: Span, message: impl Into<String>, help: impl Into<String>) {
        let (message, help) = (message.into(), Some(help.into()));
        let ignored = Mistake { file: self.file.clone(), span, message, help };
        if !self.ignored.contains(&ignored) {
            self.ignored.push(ignored);
        }
    }

    /// Notes a value of the wrong kind.
    pub(crate) fn wrong_kind(&mut self, node: &Node, wanted: &str) {
        let message = if node.is_missing() {
            format!("the value is missing: it has to be {wanted}")
        } else {
            format!("this is {}, and has to be {wanted}", node.describe())
        };
        let word = match &node.kind {
            Kind::Text(word) if wanted.contains("`true`") => truth(word),
            _ => None,
        };
        self.note(node.span, message, word.map(|word| format!("write `{word}`")));
    }

    /// The entries of a mapping whose keys the author chooses.
    pub(crate) fn mapping<'n>(&mut self, node: &'n Node, wanted: &str) -> Option<&'n [Entry]> {
        if let Kind::Mapping(entries) = &node.kind {
            return Some(entries);
        }
        self.wrong_kind(node, wanted);
        None
    }

    /// The entries of a mapping by the keys of its table. Unknown keys and missing ones are mistakes.
    pub(crate) fn fields<'n>(&mut self, node: &'n Node, table: &'static Table) -> Option<Fields<'n>> {
        let mut fields = Fields::new(node.span, table);
        let mut meant = Vec::new();
        for entry in self.mapping(node, &described(table))? {
            if let Some(key) = table.keys().find(|key| key.name == entry.key) {
                fields.insert(key.name, entry);
            } else {
                meant.extend(suggestion::nearest(&entry.key, table.keys().map(|key| key.name)));
                let help = unknown_key(entry, table);
                self.note(entry.span, format!("unknown key `{}` in {}", entry.key, table.what), help);
            }
        }
        for key in table.keys() {
            let is_missing = key.presence == Presence::Required && fields.get(key.name).is_none();
            if is_missing && !meant.contains(&key.name) {
                let help = format!("`{}`: {}", key.name, key.doc);
                self.note(node.span, format!("{} needs the key `{}`", table.what, key.name), help);
            }
        }
        Some(fields)
    }

    /// The items of a list, or the value itself as the only one.
    pub(crate) fn one_or_more<'n>(&mut self, node: &'n Node) -> &'n [Node] {
        match &node.kind {
            Kind::List(items) => {
                if items.is_empty() {
                    self.note(node.span, "this list is empty", None);
                }
                items
            }
            _ => std::slice::from_ref(node),
        }
    }

    /// A text. A number or boolean counts as a text, as it is written.
    pub(crate) fn text(&mut self, node: &Node, wanted: &str) -> Option<String> {
        match &node.kind {
            Kind::Text(text) | Kind::Number(_, text) => Some(text.clone()),
            Kind::Boolean(_) => Some(self.written(node.span).to_owned()),
            _ => {
                self.wrong_kind(node, wanted);
                None
            }
        }
    }

    /// The text of the file at `span`.
    pub(crate) fn written(&self, span: Span) -> &str {
        self.text.get(span.offset..span.offset + span.length).unwrap_or_default()
    }

    /// The place of a part of a scalar's text; the place of the scalar where quotes or folded lines make that unknown.
    pub(crate) fn part(&self, node: &Node, text: &str, range: Range<usize>) -> Span {
        let written = self.written(node.span);
        let (Some(start), Some(part)) = (written.find(text), text.get(range.clone())) else {
            return node.span;
        };
        if text.is_empty() || written.contains('\n') {
            return node.span;
        }
        let offset = start + range.start;
        let columns = u32::try_from(written[..offset].chars().count()).unwrap_or(u32::MAX);
        Span {
            line: node.span.line,
            column: node.span.column.saturating_add(columns),
            offset: node.span.offset + offset,
            length: part.len(),
        }
    }

    /// A length of time with its unit.
    pub(crate) fn duration(&mut self, node: &Node) -> Option<Duration> {
        let (Kind::Text(text) | Kind::Number(_, text)) = &node.kind else {
            self.wrong_kind(node, "a length of time, such as `5s`");
            return None;
        };
        match parse_duration(text) {
            Ok(duration) => Some(duration),
            Err(invalid) => {
                self.note(node.span, invalid.to_string(), invalid.help());
                None
            }
        }
    }

    /// A length of time that isn't 0.
    pub(crate) fn some_time(&mut self, node: &Node) -> Option<Duration> {
        let duration = self.duration(node)?;
        if duration.is_zero() {
            let help = "say how long, such as `5s`".to_owned();
            self.note(node.span, format!("`{}` is no time at all", self.written(node.span)), help);
        }
        Some(duration)
    }

    /// A whole number within bounds.
    pub(crate) fn whole(&mut self, node: &Node, bounds: RangeInclusive<u64>) -> Option<u64> {
        let wanted = if *bounds.end() == u64::MAX {
            format!("a whole number of at least {}", bounds.start())
        } else {
            format!("a whole number from {} to {}", bounds.start(), bounds.end())
        };
        let Kind::Number(number, written) = &node.kind else {
            self.wrong_kind(node, &wanted);
            return None;
        };
        let found = number.as_u64().filter(|number| bounds.contains(number));
        if found.is_none() {
            self.note(node.span, format!("{written} is not {wanted}"), None);
        }
        found
    }

    /// `true` or `false`.
    pub(crate) fn boolean(&mut self, node: &Node) -> Option<bool> {
        if let Kind::Boolean(value) = node.kind {
            return Some(value);
        }
        self.wrong_kind(node, "`true` or `false`");
        None
    }

    /// `true`, the only value of `key`.
    pub(crate) fn only_true(&mut self, node: &Node, key: &str) -> Option<()> {
        let value = self.boolean(node)?;
        if !value {
            self.note(node.span, format!("`{key}` can only be `true`"), format!("leave `{key}` out"));
        }
        value.then_some(())
    }

    /// The value of one of these words.
    pub(crate) fn choice<T: Clone>(&mut self, node: &Node, words: &[(&str, T)]) -> Option<T> {
        let names = words.iter().map(|(word, _)| *word);
        let written =
            self.text(node, &format!("one of {}", suggestion::list(&names.clone().collect::<Vec<_>>())))?;
        let found = words.iter().find(|(word, _)| *word == written).map(|(_, value)| value.clone());
        if found.is_none() {
            self.note(
                node.span,
                format!("`{written}` has no meaning here"),
                suggestion::help(&written, names),
            );
        }
        found
    }

    /// The value that a text is parsed into.
    pub(crate) fn spelled<T: FromStr>(&mut self, node: &Node, wanted: &str) -> Option<T>
    where
        T::Err: std::fmt::Display,
    {
        let text = self.text(node, wanted)?;
        match text.parse() {
            Ok(value) => Some(value),
            Err(error) => {
                self.note(node.span, format!("`{text}` is not {wanted}: {error}"), None);
                None
            }
        }
    }
}

/// What a mapping with the keys of a table is: those that it needs, where the table is called by its key.
fn described(table: &Table) -> String {
    if !table.what.starts_with('`') {
        return table.what.to_owned();
    }
    let needed = table.names(Presence::Required);
    let names = if needed.is_empty() { table.names(Presence::OneOf) } else { needed };
    if names.is_empty() {
        "a mapping".to_owned()
    } else {
        format!("a mapping with {}", suggestion::list(&names))
    }
}

/// The boolean that a word of older YAML means.
fn truth(word: &str) -> Option<bool> {
    match word.to_lowercase().as_str() {
        "yes" | "on" | "y" => Some(true),
        "no" | "off" | "n" => Some(false),
        _ => None,
    }
}

/// The help for a key that a table doesn't have.
fn unknown_key(entry: &Entry, table: &Table) -> Option<String> {
    let key = entry.key.as_str();
    if let Some((name, value)) = key.split_once(':').filter(|_| entry.value.is_missing()) {
        return Some(format!("a blank has to follow the colon: `{name}: {value}`"));
    }
    if let Some(help) = foreign_key::help(key, table.what) {
        return Some(help.to_owned());
    }
    if suggestion::nearest(key, table.keys().map(|key| key.name)).is_none()
        && let Some(within) = table.keys().find(|known| known.shape.has_key(key))
    {
        return Some(format!("it belongs within `{}`", within.name));
    }
    suggestion::help(key, table.keys().map(|key| key.name))
}

/// All values of `read`. Every one of them is read, also after a mistake, so that all mistakes are found.
pub(crate) fn all<T, C: FromIterator<T>>(read: impl Iterator<Item = Option<T>>) -> Option<C> {
    read.collect::<Vec<_>>().into_iter().collect()
}
