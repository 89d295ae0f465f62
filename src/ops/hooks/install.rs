//! Putting hooks and drivers into a clone, and taking them out again without a trace.

use std::fs;

use crate::base::AtPath;
use crate::git::hooks::{Hook, Without, with_block, without_block};

use super::super::error::Error;
use super::super::project::Project;
use super::super::publish::Undo;
use super::drivers;
use super::place::{Place, look, make_executable};
use super::report::{HookState, HooksReport};

/// How hooks and drivers stand.
pub fn hooks_status(project: &Project) -> Result<HooksReport, Error> {
    let folder = project.repo().hooks_dir()?;
    let places = Hook::ALL.into_iter().map(|hook| look(project, &folder, hook).map(|place| place.status));
    let hooks = places.collect::<Result<_, Error>>()?;
    Ok(HooksReport { folder, hooks, drivers: drivers::states(project.repo())?, is_changed: false })
}

/// Puts a block into each hook that may have one, and names the drivers. What is there stays.
///
/// # Errors
/// After any error all hooks are as they were.
pub fn hooks_install(project: &Project) -> Result<HooksReport, Error> {
    change(project, |project, undo| {
        let folder = project.repo().hooks_dir()?;
        let mut is_changed = false;
        for hook in Hook::ALL {
            let Place { status, old } = look(project, &folder, hook)?;
            if !matches!(status.state, HookState::Absent | HookState::Outdated) {
                continue;
            }
            fs::create_dir_all(&folder).at("make", &folder)?;
            let is_new = old.is_none();
            let new = with_block(old.as_deref(), hook);
            undo.replace(status.file.clone(), old, &new)?;
            if is_new || status.state == HookState::Outdated {
                make_executable(&status.file)?;
            }
            is_changed = true;
        }
        Ok(is_changed | drivers::set(project.repo())?)
    })
}

/// Takes out what `hooks_install` put in; each file is then what it was before.
///
/// # Errors
/// After any error all hooks are as they were.
pub fn hooks_uninstall(project: &Project) -> Result<HooksReport, Error> {
    change(project, |project, undo| {
        let folder = project.repo().hooks_dir()?;
        let mut is_changed = false;
        for hook in Hook::ALL {
            let Place { status, old: Some(old) } = look(project, &folder, hook)? else { continue };
            match without_block(&old) {
                Without::Same(_) => continue,
                Without::Nothing => undo.remove(status.file, old)?,
                Without::Rest(rest) => undo.replace(status.file, Some(old), &rest)?,
            }
            is_changed = true;
        }
        Ok(is_changed | drivers::unset(project.repo())?)
    })
}

fn change(
    project: &Project,
    deed: impl FnOnce(&Project, &mut Undo) -> Result<bool, Error>,
) -> Result<HooksReport, Error> {
    let mut undo = Undo::default();
    match deed(project, &mut undo) {
        Ok(is_changed) => Ok(HooksReport { is_changed, ..hooks_status(project)? }),
        Err(error) => {
            undo.put_back();
            Err(error)
        }
    }
}
