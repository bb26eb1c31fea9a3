//! Texts of other tools in, scenarios out.

#![expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]

mod cases;
mod curl;
mod hurl;
mod postman;
mod projects;
mod untrusted;

use std::{path::Path, sync::Arc};

use import::{Format, Import, KnownService, Origin};
use scenario::{File, Files, read_configuration, read_file_with};

/// What the language gets in other changes: a text with one of these can't be read back yet.
const NOT_READ_YET: &[&str] = &["uuid()", "now()", "random("];

/// Files of any name, for requests that send some.
#[derive(Debug)]
struct AnyFile;

impl Files for AnyFile {
    fn read(&self, _: &Path) -> Result<Arc<[u8]>, String> {
        Ok(b"content".as_slice().into())
    }
}

/// The services that the tests' texts call.
pub(crate) fn known() -> Vec<KnownService> {
    let service =
        |(name, url): (&str, &str)| KnownService { name: name.into(), base_url: Some(url.parse().unwrap()) };
    [("users-service", "http://localhost:5002"), ("orders-service", "http://localhost:5003")]
        .map(service)
        .into()
}

/// Imports a text, and reads the scenarios back that were made of it.
pub(crate) fn imported(format: Format, name: &str, text: &str) -> Import {
    let known = known();
    let import = import::import(format, text, &Origin { name, services: &known }).unwrap();
    check_readable(&import);
    import
}

/// Reads the scenarios back with the services that they need.
pub(crate) fn check_readable(import: &Import) {
    let known = known();
    let names =
        known.iter().map(|service| &service.name).chain(import.services.iter().map(|service| &service.name));
    let service = |name| format!("  {name}: {{ base_url: 'http://localhost:1' }}\n");
    let services: Vec<_> = names.map(service).collect();
    let configuration =
        read_configuration(&format!("services:\n{}", services.concat()), "e2e.conf".into()).unwrap();
    for scenario in &import.scenarios {
        if NOT_READ_YET.iter().any(|key| scenario.text.contains(key)) {
            continue;
        }
        match read_file_with(&scenario.text, scenario.file.clone().into(), &configuration, &AnyFile) {
            Ok(File::Scenario(read)) => assert_eq!(read.name, scenario.name),
            Ok(other) => panic!("{other:?}"),
            Err(mistakes) => panic!("{}\n{mistakes:#?}", scenario.text),
        }
    }
}

/// What was made of a text, as one text: the scenarios, the services and what isn't carried over.
pub(crate) fn shown(import: &Import) -> String {
    let scenarios = import.scenarios.iter().map(|scenario| format!("# {}\n{}", scenario.file, scenario.text));
    let services = import.services.iter().map(|service| {
        format!("service {}: {}\n", service.name, service.base_url.as_deref().unwrap_or("unknown"))
    });
    let losses = import.losses.iter().map(|loss| format!("{loss}\n"));
    let rest: String = services.chain(losses).collect();
    format!("{}---\n{rest}", scenarios.collect::<String>())
}
