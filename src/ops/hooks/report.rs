//! What is told of the hooks and drivers of a clone.

use std::path::PathBuf;

use serde::Serialize;

use crate::git::hooks::Hook;

/// The hooks and drivers of a clone.
#[derive(Debug, Clone, Default, Serialize)]
pub struct HooksReport {
    /// The folder that Git runs hooks from.
    pub folder: PathBuf,
    /// Each hook that esker takes part in.
    pub hooks: Vec<HookStatus>,
    /// Each setting of Git that names a driver.
    pub drivers: Vec<DriverState>,
    /// Whether anything was changed.
    pub is_changed: bool,
}

/// One hook.
#[derive(Debug, Clone, Serialize)]
pub struct HookStatus {
    /// Which.
    pub hook: Hook,
    /// How it stands.
    pub state: HookState,
    /// The file that has, or would have, what calls esker.
    pub file: PathBuf,
    /// Why esker leaves that file alone.
    pub reason: Option<String>,
    /// What to do by hand instead; may have several lines.
    pub advice: Option<String>,
}

/// How a hook stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum HookState {
    /// It calls esker, by what esker wrote.
    Installed,
    /// It calls esker, by what somebody else wrote.
    ByHand,
    /// It calls esker as another release did.
    Outdated,
    /// It does not call esker.
    Absent,
    /// It does not call esker, and esker cannot change that.
    LeftAlone,
}

/// One setting of Git that names a driver.
#[derive(Debug, Clone, Serialize)]
pub struct DriverState {
    /// The setting: `merge.esker.driver`.
    pub key: String,
    /// Whether it calls esker.
    pub is_set: bool,
}

impl HooksReport {
    /// Whether everything calls esker.
    pub fn is_whole(&self) -> bool {
        let calls = |hook: &HookStatus| matches!(hook.state, HookState::Installed | HookState::ByHand);
        self.hooks.iter().all(calls) && self.drivers.iter().all(|driver| driver.is_set)
    }
}
