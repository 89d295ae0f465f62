//! Where credentials and regions come from, tried in processes of their own: their environment is theirs.

use std::net::TcpListener;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use esker::store::{StoreOptions, open};

use super::contract::key;
use crate::support::s3_server::{ACCESS_KEY, S3Server, SECRET_KEY};

/// Not a test: what the tests below run. It puts an object into the store that its environment names.
#[test]
#[ignore = "the other tests run it"]
fn probe() {
    let variable = |name: &str| std::env::var(name).ok();
    let Some(url) = variable("PROBE_URL") else { return };
    let options = StoreOptions {
        endpoint: variable("PROBE_ENDPOINT"),
        region: variable("PROBE_REGION"),
        profile: variable("PROBE_PROFILE"),
        checksum: None,
    };
    match open(&url, &options).and_then(|store| store.put(&key("probe"), b"bytes")) {
        Ok(()) => println!("PROBE done"),
        Err(error) => println!("PROBE {error}"),
    }
}

struct Probe {
    home: tempfile::TempDir,
    /// Takes connections and never answers: the metadata service of a machine without a network.
    _silence: TcpListener,
    command: Command,
}

impl Probe {
    fn new(url: &str) -> Probe {
        let home = tempfile::tempdir().unwrap();
        let mut command = Command::new(std::env::current_exe().unwrap());
        command.args(["store::credentials::probe", "--exact", "--ignored", "--nocapture"]).env_clear();
        command.env("HOME", home.path()).env("PROBE_URL", url);
        let silence = TcpListener::bind("127.0.0.1:0").unwrap();
        let metadata = format!("http://{}", silence.local_addr().unwrap());
        command.env("AWS_EC2_METADATA_SERVICE_ENDPOINT", metadata);
        Probe { home, _silence: silence, command }
    }

    fn at(server: &S3Server) -> Probe {
        Probe::new(&server.url("p")).set("PROBE_ENDPOINT", &server.endpoint())
    }

    fn set(mut self, name: &str, value: &str) -> Probe {
        self.command.env(name, value);
        self
    }

    fn profile(self, text: &str) -> Probe {
        let folder: &Path = self.home.path();
        std::fs::create_dir(folder.join(".aws")).unwrap();
        std::fs::write(folder.join(".aws/credentials"), text).unwrap();
        self
    }

    fn says(mut self) -> String {
        let begun = Instant::now();
        let output = self.command.output().unwrap();
        assert!(begun.elapsed() < Duration::from_secs(5), "{:?}", begun.elapsed());
        let text = String::from_utf8(output.stdout).unwrap();
        let said = text.lines().find_map(|line| line.split_once("PROBE ")).map(|(_, said)| said.to_owned());
        said.unwrap_or_else(|| panic!("{text}{}", String::from_utf8_lossy(&output.stderr)))
    }
}

#[test]
fn no_credentials_are_told_soon_with_what_to_do() {
    let server = S3Server::start();
    assert_eq!(
        Probe::at(&server).says(),
        "s3://bucket/p refused to write probe: no credentials found: \
         set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or a profile"
    );
    assert_eq!(server.count("*"), 0);
}

#[test]
fn the_environment_is_asked() {
    let server = S3Server::start();
    let probe = server.environment().iter().fold(Probe::at(&server), |probe, (name, value)| probe.set(name, value));
    assert_eq!(probe.says(), "done");
}

#[test]
fn a_named_profile_comes_before_the_environment() {
    let server = S3Server::start();
    let text = format!("[work]\naws_access_key_id = {ACCESS_KEY}\naws_secret_access_key = {SECRET_KEY}\n");
    let probe = Probe::at(&server).set("AWS_ACCESS_KEY_ID", "NOBODY").set("AWS_SECRET_ACCESS_KEY", "x");
    assert_eq!(probe.set("PROBE_PROFILE", "work").profile(&text).says(), "done");
}

#[test]
fn a_profile_that_is_not_there_is_told() {
    let server = S3Server::start();
    let said = Probe::at(&server).set("PROBE_PROFILE", "nobody").profile("[work]\n").says();
    assert!(said.contains("nobody"), "{said}");
}

#[test]
fn amazon_needs_a_region() {
    let probe = Probe::new("s3://bucket/p").set("AWS_ACCESS_KEY_ID", "x").set("AWS_SECRET_ACCESS_KEY", "x");
    let said = probe.says();
    assert!(said.contains("no region found"), "{said}");
}
