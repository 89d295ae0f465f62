//! The rules of the house, read from its sources: floors, islands, faces, forgotten files, papers.
//!
//! Each rule is a function from sources to breaches, so that it is shown to fail on sources made up for that.

mod faces;
mod files;
mod floors;
mod islands;
mod manners;
mod papers;
mod source;

use source::Source;

#[test]
fn rooms_import_only_from_floors_below() {
    none(floors::breaches(&Source::all("src")));
}

#[test]
fn a_crate_with_a_home_is_named_only_there() {
    none(islands::breaches(&Source::all("src")));
}

#[test]
fn a_face_defines_nothing() {
    none(faces::breaches(&Source::all("src")));
}

#[test]
fn every_file_says_what_it_is_for() {
    none(files::without_opening(&Source::all("src")));
    none(files::without_opening(&Source::all("tests")));
}

#[test]
fn files_are_short() {
    none(files::too_long(&Source::all("src")));
}

#[test]
fn no_file_is_forgotten() {
    let sources = [Source::all("src"), Source::all("tests")].concat();
    none(files::forgotten(&sources, &files::roots(&papers::read("Cargo.toml"))));
}

#[test]
fn the_library_is_silent_and_does_not_look_around() {
    none(manners::outspoken(&Source::all("src")));
}

#[test]
fn nothing_is_left_half_done() {
    none(manners::unwraps(&Source::all("src")));
    none(manners::globs(&Source::all("src")));
    none(manners::forbidden(&[Source::all("src"), Source::all("tests")].concat()));
}

#[test]
fn dependencies_stay_few_and_explained() {
    none(papers::too_many_packages(&papers::read("Cargo.lock")));
    none(papers::unexplained(&papers::read("Cargo.toml"), &papers::read("docs/dependencies.md")));
}

#[test]
fn the_readme_and_the_script_test_alike() {
    none(papers::other_test_command(&papers::read("README.md"), &papers::read(".ci/run")));
}

#[test]
fn every_verb_is_in_the_docs_with_examples() {
    none(papers::untold_verbs(&Source::all("src/cli/verbs"), &papers::read("docs/command-line.md")));
}

#[track_caller]
fn none(breaches: Vec<String>) {
    assert!(breaches.is_empty(), "the house has rules (docs/architecture.md):\n  {}\n", breaches.join("\n  "));
}
