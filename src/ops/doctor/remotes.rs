//! Which remotes are configured, without asking any.

use std::path::Path;

use crate::ops::error::Error;
use crate::ops::project::Project;

use super::check::Check;

/// Whether a push would know where to.
pub fn check(project: &Project) -> Check {
    let all = project.config().remotes();
    let names: Vec<String> = all.iter().map(|remote| remote.name.clone()).collect();
    let hint = |error: &Error| error.hint().unwrap_or_default();
    match project.remote_settings(None) {
        Ok(meant) => {
            let url = project.absolute_url(&meant.url);
            let place = url.strip_prefix("file://").unwrap_or(&url);
            let others: Vec<&str> = names.iter().map(String::as_str).filter(|name| *name != meant.name).collect();
            let also = if others.is_empty() { String::new() } else { format!("; also {}", others.join(", ")) };
            let message = format!("{} is {}{also}", meant.name, meant.url);
            if !place.contains("://") && !Path::new(place).is_dir() {
                let message = format!("{} is not there: {}", meant.name, meant.url);
                return Check::warn("remotes", message, "the first `esker push` makes the folder, or correct its url");
            }
            Check::ok("remotes", message)
        }
        Err(error @ (Error::NoRemote | Error::WhichRemote { .. })) => {
            Check::warn("remotes", error.to_string(), hint(&error))
        }
        Err(error) => Check::fail("remotes", &error),
    }
}
