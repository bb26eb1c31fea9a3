//! Turns what other tools write into scenarios.

use std::{
    fmt::Write as _,
    fs,
    io::{self, Read},
    path::{Path, PathBuf},
};

use import::{Format, Import, KnownService, NotReadable, Origin};

use crate::{
    Exit, Mistakes,
    arguments::{Import as Arguments, ImportFormat, ImportedFile},
    disk_files::DiskFiles,
    new_files::{self, NewFile},
    output::{print, show_broken_off, show_mistakes, write_error},
    project::{configuration, nearest},
};

/// Writes the scenarios that a text is turned into on stdout, or into the folder that is named.
pub(crate) fn import(arguments: &Arguments) -> Exit {
    match try_import(arguments) {
        Ok(exit) => exit,
        Err(mistakes) => show_mistakes(&mistakes),
    }
}

fn try_import(arguments: &Arguments) -> Result<Exit, Mistakes> {
    let (format, file) = match &arguments.format {
        ImportFormat::Curl(curl) => (Format::Curl, named_file(&curl.words)?),
        ImportFormat::Har(ImportedFile { file }) => (Format::Har, Some(file.clone())),
        ImportFormat::Openapi(ImportedFile { file }) => (Format::Openapi, Some(file.clone())),
        ImportFormat::Hurl(ImportedFile { file }) => (Format::Hurl, Some(file.clone())),
        ImportFormat::Postman(ImportedFile { file }) => (Format::Postman, Some(file.clone())),
    };
    let (text, name) = match (&file, &arguments.format) {
        (Some(file), _) => (text_of(file)?, file.clone()),
        (None, ImportFormat::Curl(curl)) => (command(&curl.words), "curl".into()),
        (None, _) => unreachable!("all other formats have a file"),
    };
    let services = services(arguments.config.as_deref())?;
    let stem =
        name.file_stem().filter(|_| name != Path::new("-")).map(|stem| stem.to_string_lossy().into_owned());
    let origin = Origin { name: stem.as_deref().unwrap_or("imported"), services: &services };
    let imported = import::import(format, &text, &origin).map_err(|error| not_readable(&name, &error))?;
    let Some(folder) = &arguments.output else {
        show_losses(&imported, &name);
        let texts: Vec<_> = match imported.scenarios.as_slice() {
            [only] => vec![only.text.clone()],
            all => all.iter().map(|scenario| format!("# {}\n{}", scenario.file, scenario.text)).collect(),
        };
        return Ok(print(&texts.join("---\n"), Exit::Passed));
    };
    let new = |scenario: &import::ImportedScenario| NewFile {
        path: folder.join(&scenario.file),
        text: scenario.text.clone(),
    };
    let files: Vec<_> = imported.scenarios.iter().map(new).collect();
    if let Err(broken) = new_files::write(&files)? {
        return Ok(show_broken_off(&broken));
    }
    show_losses(&imported, &name);
    let listed: Vec<_> = files.iter().map(|file| format!("  {}\n", file.path.display())).collect();
    let missing: Vec<_> = imported.services.iter().map(|service| format!("`{}`", service.name)).collect();
    let first = match missing.as_slice() {
        [] => String::new(),
        missing => format!("add {} to the `services` of e2e.conf, then ", missing.join(", ")),
    };
    let told = format!("written:\n{}\nnext: {first}runner {}\n", listed.concat(), folder.display());
    Ok(print(&told, Exit::Passed))
}

/// The file that the words behind `curl` name, unless they are a command.
fn named_file(words: &[String]) -> Result<Option<PathBuf>, Mistakes> {
    match words {
        [] => {
            Err(Mistakes::one("curl".into(), "there is no command", "name a file, `-`, or write the command"))
        }
        [only] if only == "-" || (Path::new(only).is_file() && !only.contains("://")) => {
            Ok(Some(only.into()))
        }
        // In a command of curl, no option follows a file that is there.
        [first, second, ..] if Path::new(first).is_file() && second.starts_with('-') => {
            let option = second.split_once('=').map_or(second.as_str(), |(option, _)| option);
            let help = format!("write `runner import curl {option} … {first}`");
            Err(Mistakes::one(first.into(), format!("`{option}` has to stand before the file"), help))
        }
        _ => Ok(None),
    }
}

/// The command of curl that words are, quoted for a shell.
fn command(words: &[String]) -> String {
    let quoted = words.iter().map(|word| format!("'{}'", word.replace('\'', "'\\''")));
    let curl = (words.first().map(String::as_str) != Some("curl")).then(|| "curl".to_owned());
    curl.into_iter().chain(quoted).collect::<Vec<_>>().join(" ")
}

/// The text of a file, or of stdin for `-`.
pub(crate) fn text_of(file: &Path) -> Result<String, Mistakes> {
    let most = import::LARGEST as u64 + 1;
    let mut text = String::new();
    let read = if file == Path::new("-") {
        io::stdin().take(most).read_to_string(&mut text)
    } else {
        fs::File::open(file).and_then(|file| file.take(most).read_to_string(&mut text))
    };
    read.map_err(|error| Mistakes::unreadable(file, &error))?;
    Ok(text)
}

pub(crate) fn not_readable(file: &Path, error: &NotReadable) -> Mistakes {
    Mistakes::at(file.to_path_buf(), error.line.unwrap_or(0), error.reason.clone())
}

/// The services of e2e.conf, if there is one.
fn services(named: Option<&Path>) -> Result<Vec<KnownService>, Mistakes> {
    if named.is_none() && nearest(&[]).is_none() {
        return Ok(Vec::new());
    }
    let configuration = configuration(named, &[], &DiskFiles::default())?;
    let known = |service: &scenario::Service| KnownService {
        name: service.name.to_string(),
        base_url: service.base_url.clone(),
    };
    Ok(configuration.services.iter().map(known).collect())
}

/// Tells what isn't carried over, and what e2e.conf needs.
fn show_losses(imported: &Import, file: &Path) {
    let mut text = String::new();
    if !imported.losses.is_empty() {
        let mut entries: Vec<_> = imported
            .losses
            .iter()
            .filter(|loss| !loss.entry.is_empty())
            .map(|loss| (loss.line, &loss.entry))
            .collect();
        entries.sort();
        entries.dedup();
        let of = match entries.len() {
            0 => String::new(),
            some => format!(", in {some} of {}", report::count(imported.entries, "request")),
        };
        text = format!("not carried over{of}:\n");
        for loss in &imported.losses {
            let place = loss.line.map_or(String::new(), |line| format!("{}:{line}: ", file.display()));
            let entry = if loss.entry.is_empty() { String::new() } else { format!("{}: ", loss.entry) };
            writeln!(text, "  {place}{entry}{}", loss.message).expect("a text takes all");
        }
    }
    if !imported.services.is_empty() {
        text.push_str("e2e.conf needs under `services`:\n");
        for service in &imported.services {
            let (url, comment) = match &service.base_url {
                Some(url) => (url.as_str(), ""),
                None => ("http://localhost:8080", "    # write its address here"),
            };
            writeln!(text, "  {}: {{ base_url: \"{url}\" }}{comment}", service.name)
                .expect("a text takes all");
        }
    }
    if !text.is_empty() {
        write_error(&text);
    }
}
