//! What must not stand in a file of esker: secrets, commands, ways out of the project.

/// Whether a remote may have this name: letters, digits, `.`, `_`, `-`, of which the last and `.` not in front.
pub fn is_remote_name(name: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"._-".contains(&byte);
    (1..=64).contains(&name.len()) && name.bytes().all(plain) && !name.starts_with(['.', '-'])
}

/// What is wrong with a URL, as half a sentence that does not repeat it; `None` if it may stand in a file.
pub fn url_fault(url: &str) -> Option<&'static str> {
    if url.is_empty() || url.chars().any(char::is_control) {
        return Some("the url is empty or holds control characters");
    }
    if url.starts_with('-') {
        return Some("the url begins with `-`");
    }
    if has_secret(url) {
        return Some("the url holds a password or a token: leave it out, and give it in the environment or a profile");
    }
    None
}

fn has_secret(url: &str) -> bool {
    let Some((scheme, rest)) = url.split_once("://") else { return false };
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let query = rest.split_once('?').map_or("", |(_, query)| query);
    let user = authority.rsplit_once('@').map_or("", |(user, _)| user);
    // Tokens of code forges stand where the user does, with no password after them.
    let is_web = scheme.eq_ignore_ascii_case("http") || scheme.eq_ignore_ascii_case("https");
    user.contains(':') || (is_web && !user.is_empty()) || sounds_secret(query) || query.contains("ignature=")
}

/// Whether the name of a key says that it holds a secret.
pub fn sounds_secret(name: &str) -> bool {
    let name = name.to_ascii_lowercase().replace('-', "_");
    let words = ["secret", "password", "passwd", "passphrase", "token", "credential", "access_key", "accesskey"];
    words.iter().chain(&["api_key", "apikey", "private_key"]).any(|word| name.contains(word))
}

/// Whether the name of a key says that its value would be run.
pub fn sounds_like_command(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    ["command", "cmd", "exec", "hook", "script", "shell", "program", "helper", "run"].iter().any(|w| name.contains(w))
}

/// What is wrong with a folder that a tracked file names, as half a sentence.
///
/// Whoever can push to a repository could otherwise make esker write where they like in each clone.
pub fn tracked_folder_fault(folder: &str) -> Option<&'static str> {
    let is_drive = folder.as_bytes().get(1) == Some(&b':');
    if folder.starts_with(['/', '\\', '~']) || is_drive {
        return Some("a file that Git tracks may name only a folder inside the project, by a relative path");
    }
    let mut names = folder.split(['/', '\\']);
    if names.clone().any(|name| name == "..") {
        return Some("the folder lies outside the project, which a file that Git tracks may not ask for");
    }
    if names.any(|name| name.trim_end_matches(['.', ' ']).eq_ignore_ascii_case(".git")) {
        return Some("a file that Git tracks may not name a folder inside `.git`");
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_with_secrets_are_refused_and_not_repeated() {
        for url in [
            "s3://user:hunter2@bucket/p",
            "https://ghp_hunter2@github.com/a/b",
            "https://user:hunter2@host/a@b",
            "https://host/b?token=hunter2",
            "https://host/b?X-Amz-Signature=hunter2",
        ] {
            assert!(url_fault(url).is_some_and(|fault| !fault.contains("hunter2")), "{url}");
        }
    }

    #[test]
    fn plain_urls_pass() {
        for url in
            ["s3://bucket/prefix", "/mnt/share", "../other", "git@github.com:a/b.git", "ssh://git@host/a", "file:///a"]
        {
            assert_eq!(url_fault(url), None, "{url}");
        }
    }

    #[test]
    fn tracked_folders_stay_inside() {
        for folder in ["/tmp", "~/x", "..", "a/../../b", "C:\\x", "\\\\host\\x", ".git", "a/.GIT/hooks", ".git./x"] {
            assert!(tracked_folder_fault(folder).is_some(), "{folder}");
        }
        assert_eq!(tracked_folder_fault(".esker/cache"), None);
        assert_eq!(tracked_folder_fault("a..b/.github"), None);
    }

    #[test]
    fn names_of_remotes_are_plain() {
        assert!(is_remote_name("origin") && is_remote_name("Team-2.eu_west"));
        for name in ["", "a b", "a/b", "..", "-n", "ä", &"a".repeat(65)] {
            assert!(!is_remote_name(name), "{name}");
        }
    }
}
