//! Tests on what a person reads, on hand-made histories.

mod curl;
mod diagnostics;
mod exchange;
mod files;
mod sample;
mod snapshot;
mod sweep;
mod terminal;
mod timeline;

use std::path::Path;

/// Compares a text that a person reads with the one that was accepted.
pub(crate) fn check_text(name: &str, text: &str) {
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path(Path::new(env!("CARGO_MANIFEST_DIR")).join("../../snapshots/report"));
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.bind(|| insta::assert_snapshot!(name, text));
}

/// A text as it looks where there are no colours.
fn plain(text: &str) -> String {
    anstream::adapter::strip_str(text).to_string()
}
