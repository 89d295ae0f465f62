//! Where what calls esker belongs, and what stands in the way there.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use crate::base::AtPath;
use crate::git::hooks::{self, Hook, Manager, Owner};

use super::super::error::Error;
use super::super::project::Project;
use super::super::publish::read_if_there;
use super::report::{HookState, HookStatus};

/// The files in which people tell their hook managers what to run.
const SETTINGS_OF_MANAGERS: [&str; 9] = [
    ".pre-commit-config.yaml",
    "lefthook.yml",
    "lefthook.yaml",
    "lefthook.toml",
    "lefthook.json",
    ".lefthook.yml",
    ".lefthook.yaml",
    ".lefthook.toml",
    ".config/lefthook.yml",
];

/// A hook and its file.
pub struct Place {
    /// How it stands.
    pub status: HookStatus,
    /// The bytes of the file, if it is there.
    pub old: Option<Vec<u8>>,
}

/// Looks at one hook in the folder of hooks.
pub fn look(project: &Project, folder: &Path, hook: Hook) -> Result<Place, Error> {
    let mut file = folder.join(hook.name());
    if folder.ends_with(".husky/_") {
        let own = folder.parent().unwrap_or(folder).join(hook.name());
        let line = format!("esker hook {hook} \"$@\"");
        let reason = "husky writes the hooks here";
        return by_hand(project, own, hook, reason, &format!("add this line to .husky/{hook}: {line}"));
    }
    if folder.exists() && !folder.is_dir() {
        let reason = format!("core.hooksPath is {}, which is no folder", folder.display());
        return by_hand(project, file, hook, &reason, "run `git config --unset core.hooksPath`, then again");
    }
    if let Some(Owner::Manager(Manager::PreCommit)) = read(&file)?.as_deref().map(hooks::owner) {
        // pre-commit runs the hook that was there before it, which it keeps under this name.
        file.set_extension("legacy");
    }
    let Ok(metadata) = fs::symlink_metadata(&file) else {
        return Ok(Place { status: status(hook, HookState::Absent, file), old: None });
    };
    if !metadata.is_file() {
        let advice = format!("call `esker hook {hook} \"$@\"` from it");
        return by_hand(project, file, hook, "it is a link, or no file", &advice);
    }
    let old = read(&file)?.unwrap_or_default();
    if hooks::has_block(&old) {
        let is_current = hooks::with_block(Some(&old), hook) == old || is_alone_and_current(&old, hook);
        let is_run = metadata.permissions().mode() & 0o111 != 0;
        let state = if is_current && is_run { HookState::Installed } else { HookState::Outdated };
        return Ok(Place { status: status(hook, state, file), old: Some(old) });
    }
    match hooks::owner(&old) {
        Owner::Manager(_) => by_hand(project, file, hook, "lefthook writes it", &lefthook(hook)),
        Owner::Program => {
            let advice = format!("call `esker hook {hook}` from it, with the same arguments and standard input");
            by_hand(project, file, hook, "it is no shell script", &advice)
        }
        Owner::Shell if metadata.permissions().mode() & 0o111 == 0 => {
            let advice = format!("run `chmod +x {}`, then again", file.display());
            by_hand(project, file, hook, "it is not executable, so that Git does not run it", &advice)
        }
        Owner::Shell => {
            let state = if calls_esker(&old, hook) { HookState::ByHand } else { HookState::Absent };
            Ok(Place { status: status(hook, state, file), old: Some(old) })
        }
    }
}

fn is_alone_and_current(old: &[u8], hook: Hook) -> bool {
    hooks::with_block(None, hook) == old
}

fn status(hook: Hook, state: HookState, file: PathBuf) -> HookStatus {
    HookStatus { hook, state, file, reason: None, advice: None }
}

/// A hook whose file is not for us to change; somebody may have added the call already.
fn by_hand(project: &Project, file: PathBuf, hook: Hook, reason: &str, advice: &str) -> Result<Place, Error> {
    let settings = SETTINGS_OF_MANAGERS.iter().map(|name| project.root().join(name));
    for place in settings.chain([file.clone()]) {
        if read(&place).ok().flatten().is_some_and(|text| calls_esker(&text, hook)) {
            return Ok(Place { status: status(hook, HookState::ByHand, place), old: None });
        }
    }
    let (reason, advice) = (Some(reason.to_owned()), Some(advice.to_owned()));
    let status = HookStatus { reason, advice, ..status(hook, HookState::LeftAlone, file) };
    Ok(Place { status, old: None })
}

fn calls_esker(text: &[u8], hook: Hook) -> bool {
    String::from_utf8_lossy(text).contains(&format!("esker hook {hook}"))
}

fn lefthook(hook: Hook) -> String {
    let stdin = if hook == Hook::PrePush { "\n      use_stdin: true" } else { "" };
    format!("add this to lefthook.yml:\n{hook}:\n  commands:\n    esker:\n      run: esker hook {hook} {{0}}{stdin}")
}

fn read(file: &PathBuf) -> Result<Option<Vec<u8>>, Error> {
    if fs::metadata(file).is_ok_and(|metadata| !metadata.is_file()) {
        return Ok(None);
    }
    Ok(read_if_there(file)?)
}

/// Makes a file one that Git runs.
pub fn make_executable(file: &Path) -> Result<(), Error> {
    let mut permissions = fs::metadata(file).at("read", file)?.permissions();
    permissions.set_mode(permissions.mode() | 0o755);
    Ok(fs::set_permissions(file, permissions).at("write", file)?)
}
