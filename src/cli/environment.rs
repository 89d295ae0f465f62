//! The environment, read once into plain values: homes, `ESKER_*` settings, Git's variables, colour wishes.

use std::ffi::OsString;
use std::path::PathBuf;

use super::failure::Failure;

/// Each variable that sets what a configuration key sets, and that key.
pub const SETTINGS: [(&str, &str); 6] = [
    ("ESKER_REMOTE", "core.remote"),
    ("ESKER_THREADS", "core.threads"),
    ("ESKER_CACHE_DIR", "cache.dir"),
    ("ESKER_CACHE_COMPRESSION", "cache.compression"),
    ("ESKER_CACHE_MODE", "cache.mode"),
    ("ESKER_GIT_STAGE", "git.stage"),
];

/// What the environment says.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Environment {
    /// The user's own configuration file, which need not be there: `~/.config/esker/config.toml`.
    pub user_config: Option<PathBuf>,
    /// The user's folder for what can be made again: `~/.cache/esker`.
    pub user_cache: Option<PathBuf>,
    /// Configuration that comes from variables, in the order of [`SETTINGS`].
    pub settings: Vec<Setting>,
    /// Where Git says that it is, as inside a hook.
    pub git: GitPlaces,
    /// Whether and where to colour.
    pub colours: Colours,
    /// Whether the terminal can move its cursor (`TERM` is not `dumb`).
    pub moves_cursor: bool,
    /// Whether hooks are to do nothing (`ESKER_SKIP_HOOKS`).
    pub skips_hooks: bool,
}

/// One configuration value from a variable.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Setting {
    /// The key: `core.remote`.
    pub key: &'static str,
    /// The value, as text.
    pub value: String,
    /// The variable, for messages and `config list --show-origin`.
    pub variable: &'static str,
}

/// Git's own variables; a relative path starts at the current folder.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct GitPlaces {
    /// `GIT_DIR`.
    pub dir: Option<PathBuf>,
    /// `GIT_WORK_TREE`.
    pub worktree: Option<PathBuf>,
    /// `GIT_INDEX_FILE`.
    pub index: Option<PathBuf>,
}

/// What the user wants of colours.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Colours {
    /// On a terminal.
    #[default]
    Auto,
    /// Nowhere: `NO_COLOR`, `CLICOLOR=0`, a dumb terminal.
    Never,
    /// Everywhere: `CLICOLOR_FORCE`.
    Always,
}

impl Environment {
    /// The environment of this process.
    pub fn of_process() -> Result<Environment, Failure> {
        Environment::read(|name| std::env::var_os(name))
    }

    /// The environment that `variable` tells. An empty variable is as good as none.
    ///
    /// # Errors
    /// A setting that is not UTF-8.
    pub fn read(variable: impl Fn(&str) -> Option<OsString>) -> Result<Environment, Failure> {
        let filled = |name: &str| variable(name).filter(|value| !value.is_empty());
        let path = |name: &str| filled(name).map(PathBuf::from);
        let is_dumb = filled("TERM").is_some_and(|term| term == "dumb");
        let no = |name: &str| filled(name).is_some_and(|value| value == "0");
        let colours = match () {
            () if filled("NO_COLOR").is_some() => Colours::Never,
            () if filled("CLICOLOR_FORCE").is_some() && !no("CLICOLOR_FORCE") => Colours::Always,
            () if no("CLICOLOR") || is_dumb => Colours::Never,
            () => Colours::Auto,
        };
        Ok(Environment {
            user_config: user_folder(path("XDG_CONFIG_HOME"), path("HOME"), ".config").map(|it| it.join("config.toml")),
            user_cache: user_folder(path("XDG_CACHE_HOME"), path("HOME"), ".cache"),
            settings: settings(filled)?,
            git: GitPlaces { dir: path("GIT_DIR"), worktree: path("GIT_WORK_TREE"), index: path("GIT_INDEX_FILE") },
            colours,
            moves_cursor: !is_dumb,
            skips_hooks: filled("ESKER_SKIP_HOOKS").is_some_and(|value| value != "0"),
        })
    }
}

impl Colours {
    /// Whether a stream is coloured that is a terminal or not.
    pub fn wanted(self, is_terminal: bool) -> bool {
        match self {
            Colours::Auto => is_terminal,
            Colours::Never => false,
            Colours::Always => true,
        }
    }
}

/// The folder of esker in one of the user's own, which a variable names, or which is `usual` at home.
fn user_folder(named: Option<PathBuf>, home: Option<PathBuf>, usual: &str) -> Option<PathBuf> {
    // The XDG rules: a relative path is to be ignored.
    let named = named.filter(|path| path.is_absolute());
    Some(named.or_else(|| home.map(|home| home.join(usual)))?.join("esker"))
}

fn settings(filled: impl Fn(&str) -> Option<OsString>) -> Result<Vec<Setting>, Failure> {
    let mut settings = Vec::new();
    for (variable, key) in SETTINGS {
        let Some(value) = filled(variable) else { continue };
        let value = value.into_string();
        let value = value.map_err(|_| Failure::usage(format!("the variable {variable} is not UTF-8"), None))?;
        settings.push(Setting { key, value, variable });
    }
    Ok(settings)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(variables: &[(&str, &str)]) -> Environment {
        let find = |name: &str| variables.iter().find(|(known, _)| *known == name).map(|(_, value)| value.into());
        Environment::read(find).unwrap()
    }

    #[test]
    fn the_users_configuration_is_found_by_the_xdg_rules() {
        let config = |variables| read(variables).user_config;
        assert_eq!(config(&[("HOME", "/h")]), Some("/h/.config/esker/config.toml".into()));
        assert_eq!(config(&[("HOME", "/h"), ("XDG_CONFIG_HOME", "/x")]), Some("/x/esker/config.toml".into()));
        assert_eq!(config(&[("HOME", "/h"), ("XDG_CONFIG_HOME", "x")]), Some("/h/.config/esker/config.toml".into()));
        assert_eq!(config(&[]), None);
        assert_eq!(read(&[("HOME", "/h")]).user_cache, Some("/h/.cache/esker".into()));
        assert_eq!(read(&[("HOME", "/h"), ("XDG_CACHE_HOME", "/x")]).user_cache, Some("/x/esker".into()));
    }

    #[test]
    fn no_color_wins_over_all_other_wishes() {
        let colours = |variables| read(variables).colours;
        assert_eq!(colours(&[("NO_COLOR", "1"), ("CLICOLOR_FORCE", "1")]), Colours::Never);
        assert_eq!(colours(&[("NO_COLOR", ""), ("CLICOLOR_FORCE", "1")]), Colours::Always);
        assert_eq!(colours(&[("CLICOLOR_FORCE", "0")]), Colours::Auto);
        assert_eq!(colours(&[("CLICOLOR", "0")]), Colours::Never);
        assert_eq!(colours(&[("TERM", "dumb")]), Colours::Never);
    }

    #[test]
    fn settings_keep_the_name_of_their_variable() {
        let environment = read(&[("ESKER_REMOTE", "backup"), ("ESKER_THREADS", "")]);
        let setting = environment.settings.iter().find(|setting| setting.key == "core.remote").unwrap();
        assert_eq!((setting.value.as_str(), setting.variable), ("backup", "ESKER_REMOTE"));
        assert!(environment.settings.iter().all(|setting| setting.key != "core.threads"));
    }
}
