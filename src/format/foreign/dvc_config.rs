//! The settings of DVC, as far as they say where data lies: its cache and its remotes.
//!
//! Their form is that of Python's configobj, in which the quotes of `['remote "name"']` belong to Git's form and those around
//! it to configobj's. Git's reader takes neither.

/// Where the data of a DVC repository may be.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DvcConfig {
    /// Where the cache is, from the folder of the settings, if they say so.
    pub cache: Option<String>,
    /// The remote that is meant where none is named.
    pub default_remote: Option<String>,
    /// All remotes, in order.
    pub remotes: Vec<DvcRemote>,
}

/// A remote.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DvcRemote {
    /// What DVC calls it.
    pub name: String,
    /// Its address; a folder is meant from the folder of the settings.
    pub url: String,
    /// The server of a bucket, if it is not Amazon's.
    pub endpoint: Option<String>,
    /// The region of a bucket.
    pub region: Option<String>,
    /// The profile whose credentials are used.
    pub profile: Option<String>,
    /// Whether the credentials themselves stand there. They are not read.
    pub has_secrets: bool,
    /// Whether its objects have their own names, instead of those of their hashes.
    pub is_by_name: bool,
}

/// Reads the files, the later of which win. Lines that nobody understands are passed over, as DVC passes over its own.
pub fn dvc_config(files: &[Vec<u8>]) -> DvcConfig {
    let mut config = DvcConfig::default();
    for file in files {
        let text = String::from_utf8_lossy(file);
        let mut section = String::new();
        for line in text.lines().map(str::trim) {
            if line.is_empty() || line.starts_with('#') || line.starts_with(';') {
                continue;
            }
            match line.strip_prefix('[').and_then(|line| line.rsplit_once(']')) {
                Some((name, _)) => section = unquoted(name).to_owned(),
                None => config.take(&section, line),
            }
        }
    }
    config.resolve_names();
    config
}

impl DvcConfig {
    fn take(&mut self, section: &str, line: &str) {
        let Some((key, value)) = line.split_once('=') else { return };
        let (key, value) = (unquoted(key), value_of(value));
        let remote = section.strip_prefix("remote ").map(unquoted);
        match (section, key, remote) {
            ("cache", "dir", _) => self.cache = Some(value),
            ("core", "remote", _) => self.default_remote = Some(value),
            (_, key, Some(name)) => self.remote(name).take(key, value),
            _ => {}
        }
    }

    fn remote(&mut self, name: &str) -> &mut DvcRemote {
        let at = self.remotes.iter().position(|remote| remote.name == name).unwrap_or_else(|| {
            self.remotes.push(DvcRemote { name: name.to_owned(), ..DvcRemote::default() });
            self.remotes.len() - 1
        });
        &mut self.remotes[at]
    }

    /// `remote://name/path` is a folder of another remote.
    fn resolve_names(&mut self) {
        let bases = self.remotes.clone();
        for remote in &mut self.remotes {
            // A chain of more names than there are remotes leads nowhere.
            for _ in 0..bases.len() {
                let Some((name, path)) = remote.url.strip_prefix("remote://").and_then(|rest| rest.split_once('/'))
                else {
                    break;
                };
                let Some(base) = bases.iter().find(|base| base.name == name) else { break };
                remote.url = format!("{}/{path}", base.url.trim_end_matches('/'));
                remote.endpoint = remote.endpoint.take().or_else(|| base.endpoint.clone());
                remote.region = remote.region.take().or_else(|| base.region.clone());
                remote.profile = remote.profile.take().or_else(|| base.profile.clone());
                remote.has_secrets |= base.has_secrets;
            }
        }
    }
}

impl DvcRemote {
    fn take(&mut self, key: &str, value: String) {
        match key {
            "url" => self.url = value,
            "endpointurl" => self.endpoint = Some(value),
            "region" => self.region = Some(value),
            "profile" => self.profile = Some(value),
            "access_key_id" | "secret_access_key" | "session_token" => self.has_secrets = true,
            "version_aware" | "worktree" => self.is_by_name |= value.eq_ignore_ascii_case("true"),
            _ => {}
        }
    }
}

/// A value without its quotes, or without the comment behind it.
fn value_of(text: &str) -> String {
    let text = text.trim();
    if text.starts_with(['\'', '"']) {
        let quote = &text[..1];
        return text[1..].split(quote).next().unwrap_or_default().to_owned();
    }
    let end = text.find(" #").unwrap_or(text.len());
    text[..end].trim_end().to_owned()
}

fn unquoted(text: &str) -> &str {
    let text = text.trim();
    let inside = |quote: char| text.strip_prefix(quote)?.strip_suffix(quote);
    inside('\'').or_else(|| inside('"')).unwrap_or(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn remotes_and_the_cache_are_read_and_local_settings_win() {
        let tracked = b"[core]\n    remote = store # default\n    autostage = true\n[cache]\n    dir = ../cache\n\
            ['remote \"store\"']\n    url = s3://bucket/pre\n    endpointurl = http://127.0.0.1:9000\n\
            ['remote \"sub\"']\n    url = remote://store/deep\n['remote \"disk\"']\n    url = '../my remote'\n"
            .to_vec();
        let local =
            b"[\"remote \\\"x\\\"\"]\n['remote \"store\"']\n    profile = me\n    access_key_id = AK\n".to_vec();
        let config = dvc_config(&[tracked, local]);
        assert_eq!(config.cache.as_deref(), Some("../cache"));
        assert_eq!(config.default_remote.as_deref(), Some("store"));
        let of = |name: &str| config.remotes.iter().find(|remote| remote.name == name).unwrap();
        assert_eq!(of("store").profile.as_deref(), Some("me"));
        assert!(of("store").has_secrets);
        assert_eq!(of("sub").url, "s3://bucket/pre/deep");
        assert_eq!(of("sub").endpoint.as_deref(), Some("http://127.0.0.1:9000"));
        assert_eq!(of("disk").url, "../my remote");
    }

    #[test]
    fn names_that_lead_in_a_circle_end() {
        let text = b"['remote \"a\"']\nurl = remote://b/x\n['remote \"b\"']\nurl = remote://a/y\n[\n]\n=\n".to_vec();
        assert!(dvc_config(&[text]).remotes[0].url.starts_with("remote://"));
    }
}
