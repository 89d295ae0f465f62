//! One thing that was looked at, and how it is.

use serde::Serialize;

use crate::ops::error::Error;

/// How a thing is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Health {
    /// As it should be.
    Ok,
    /// Something may be amiss, and work goes on.
    Warn,
    /// Some verbs will not do.
    Fail,
}

/// One thing that was looked at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Check {
    /// What.
    pub name: &'static str,
    /// How it is.
    pub state: Health,
    /// What was found.
    pub message: String,
    /// What to type, if something should be done.
    pub hint: Option<String>,
}

/// All that was looked at.
#[derive(Debug, Clone, Serialize)]
pub struct DoctorReport {
    /// In the order in which it should be put right.
    pub checks: Vec<Check>,
    /// The worst of all.
    pub state: Health,
}

impl Check {
    /// It is as it should be.
    pub fn ok(name: &'static str, message: impl Into<String>) -> Check {
        Check { name, state: Health::Ok, message: message.into(), hint: None }
    }

    /// Something may be amiss.
    pub fn warn(name: &'static str, message: impl Into<String>, hint: impl Into<String>) -> Check {
        Check { name, state: Health::Warn, message: message.into(), hint: Some(hint.into()) }
    }

    /// Some verb will answer with this error.
    pub fn fail(name: &'static str, error: &Error) -> Check {
        Check { name, state: Health::Fail, message: error.to_string(), hint: error.hint() }
    }
}

impl DoctorReport {
    /// All checks, and the worst of them.
    pub fn of(checks: Vec<Check>) -> DoctorReport {
        let state = checks.iter().map(|check| check.state).max().unwrap_or(Health::Ok);
        DoctorReport { checks, state }
    }
}
