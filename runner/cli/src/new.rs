//! Makes the first files of a project, of documents or of what listens.

use std::path::Path;

use http::Uri;
use import::{Found, NewProject};
use verdict::BrokenOff;

use crate::{
    Exit, Mistakes,
    arguments::New,
    disk_files::DiskFiles,
    import::{not_readable, text_of},
    listening,
    new_files::{self, NewFile},
    output::{print, show_broken_off, show_mistakes, write_error, write_note},
    project::configuration,
};

/// Makes e2e.conf, first scenarios and invariants in the folder that is named.
pub(crate) fn new(arguments: &New) -> Exit {
    match try_new(arguments) {
        Ok(Ok(exit)) => exit,
        Ok(Err(broken)) => show_broken_off(&broken),
        Err(mistakes) => show_mistakes(&mistakes),
    }
}

fn try_new(arguments: &New) -> Result<Result<Exit, BrokenOff>, Mistakes> {
    // Without `./` before each file.
    let folder = arguments.folder.strip_prefix(".").unwrap_or(&arguments.folder);
    let configuration_file = folder.join("e2e.conf");
    // Before services are asked, which takes time.
    new_files::check(&[NewFile { path: configuration_file.clone(), text: String::new() }])?;
    let found = match found(arguments)? {
        Ok(found) => found,
        Err(broken) => {
            let exit = show_broken_off(&broken);
            write_note("nothing was written; name the addresses that answer, and add the others to e2e.conf");
            return Ok(Ok(exit));
        }
    };
    let first = match found.as_slice() {
        [] => format!(
            "write the address of your service into {}, and then\n      ",
            configuration_file.display()
        ),
        _ => String::new(),
    };
    let project = import::new_project(found).map_err(|error| {
        let file = arguments.openapi.first().map_or(Path::new("openapi.json"), |file| file.as_path());
        not_readable(file, &error)
    })?;
    let new = |(path, text): &(String, String)| NewFile { path: folder.join(path), text: text.clone() };
    let files: Vec<_> = project.files.iter().map(new).collect();
    if let Err(broken) = new_files::write(&files)? {
        return Ok(Err(broken));
    }
    // What can't be read is told now, rather than by the next command.
    configuration(Some(&configuration_file), &[], &DiskFiles::default())?;
    show_losses(&project);
    Ok(Ok(print(&summary(folder, &project, &first), Exit::Passed)))
}

/// What the arguments name.
fn found(arguments: &New) -> Result<Result<Vec<Found>, BrokenOff>, Mistakes> {
    let mut found = Vec::new();
    for file in &arguments.openapi {
        let document = text_of(file)?;
        import::check_document(&document).map_err(|error| not_readable(file, &error))?;
        found.push(Found { document: Some(document), ..Found::default() });
    }
    let local = |port: &u16| format!("http://localhost:{port}").parse::<Uri>().expect("a host and a port");
    let addresses: Vec<Uri> =
        arguments.url.iter().cloned().chain(arguments.ports.iter().map(local)).collect();
    if let ([described], [address]) = (found.as_mut_slice(), addresses.as_slice()) {
        described.base_url = Some(address.clone());
        return Ok(Ok(found));
    }
    if addresses.is_empty() {
        return Ok(Ok(found));
    }
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = match runtime {
        Ok(runtime) => runtime,
        Err(error) => {
            return Err(Mistakes::one(
                "e2e.conf".into(),
                format!("nothing can be asked: {error}"),
                "try again",
            ));
        }
    };
    let asked = runtime.block_on(async {
        let mut answered = Vec::new();
        for address in &addresses {
            answered.push(listening::ask(address).await?);
        }
        Ok::<_, BrokenOff>(answered)
    });
    Ok(asked.map(|answered| found.into_iter().chain(answered).collect()))
}

fn show_losses(project: &NewProject) {
    if project.losses.is_empty() {
        return;
    }
    let lines = project.losses.iter().map(|(service, loss)| format!("  {service}: {loss}\n"));
    write_error(&format!("not made into steps:\n{}", lines.collect::<String>()));
}

/// What was found and written, and the command that comes next.
fn summary(folder: &Path, project: &NewProject, first: &str) -> String {
    let width = project.services.iter().map(|(name, _)| name.chars().count()).max().unwrap_or(0);
    let services = project.services.iter().map(|(name, about)| format!("  {name:width$}  {about}\n"));
    let files = project.files.iter().map(|(path, _)| format!("  {}\n", folder.join(path).display()));
    let configuration = folder.join("e2e.conf");
    let is_here = folder.as_os_str().is_empty();
    let option = if is_here { String::new() } else { format!(" --config {}", configuration.display()) };
    format!(
        "services:\n{}\nwritten:\n{}\nnext: {first}runner {}{option}\n",
        services.collect::<String>(),
        files.collect::<String>(),
        folder.join("scenarios").display()
    )
}
