//! The SDK's client: where it finds credentials and region, how long it waits, how often it tries.

use std::time::Duration;

use aws_config::environment::EnvironmentVariableRegionProvider;
use aws_config::identity::IdentityCache;
use aws_config::meta::region::RegionProviderChain;
use aws_config::profile::{ProfileFileCredentialsProvider, ProfileFileRegionProvider};
use aws_config::provider_config::ProviderConfig;
use aws_config::retry::RetryConfig;
use aws_config::stalled_stream_protection::StalledStreamProtectionConfig;
use aws_config::timeout::TimeoutConfig;
use aws_config::{BehaviorVersion, ConfigLoader, Region, SdkConfig};
use aws_sdk_s3::Client;
use aws_sdk_s3::config::{
    Builder, Credentials, RequestChecksumCalculation, ResponseChecksumValidation, SharedCredentialsProvider,
    SharedHttpClient,
};
use aws_smithy_http_client::proxy::ProxyConfig;
use aws_smithy_http_client::tls::Provider;
use aws_smithy_http_client::tls::rustls_provider::CryptoMode;
use aws_smithy_http_client::{Builder as HttpBuilder, Connector};

use super::{Checksum, S3Options};
use crate::store::StoreError;
use crate::store::open::refused;

/// How long one attempt to reach the server may take.
const CONNECT: Duration = Duration::from_secs(5);

/// How long credentials may take to come; a login in the browser or a slow helper program fits in.
const CREDENTIALS: Duration = Duration::from_secs(60);

/// How often a request is sent before its failure is told, and the first pause, which then doubles: a
/// server that is down is given up after some 3 s, and one that fails three times in ten is not.
const ATTEMPTS: u32 = 8;
const FIRST_PAUSE: Duration = Duration::from_millis(50);

/// Reads the AWS configuration and builds the client. Makes no request to the bucket.
pub(super) async fn connect(options: &S3Options) -> Result<Client, StoreError> {
    let http = http_client();
    let config = loader(options, http.clone()).load().await;
    if config.region().is_none() {
        let reason = "no region found: name one for this remote, in AWS_REGION or in the AWS profile";
        return Err(refused(&options.name(), reason));
    }
    let config = with_credentials(config, options, http);
    // The name of the bucket becomes part of the host's name only where Amazon answers.
    let custom = config.endpoint_url().is_some();
    let (requests, answers) = match options.checksum {
        Checksum::WhenSupported => {
            (RequestChecksumCalculation::WhenSupported, ResponseChecksumValidation::WhenSupported)
        }
        Checksum::WhenRequired => (RequestChecksumCalculation::WhenRequired, ResponseChecksumValidation::WhenRequired),
    };
    let config = Builder::from(&config)
        .force_path_style(custom)
        .request_checksum_calculation(requests)
        .response_checksum_validation(answers)
        .build();
    Ok(Client::from_conf(config))
}

fn loader(options: &S3Options, http: SharedHttpClient) -> ConfigLoader {
    let mut loader = aws_config::defaults(BehaviorVersion::latest())
        .http_client(http)
        .retry_config(RetryConfig::standard().with_max_attempts(ATTEMPTS).with_initial_backoff(FIRST_PAUSE))
        .timeout_config(TimeoutConfig::builder().connect_timeout(CONNECT).build())
        // watch.rs does this, and for uploads too.
        .stalled_stream_protection(StalledStreamProtectionConfig::disabled())
        .identity_cache(IdentityCache::lazy().load_timeout(CREDENTIALS).build());
    if let Some(profile) = &options.profile {
        loader = loader.profile_name(profile);
    }
    if let Some(endpoint) = &options.endpoint {
        loader = loader.endpoint_url(endpoint);
    }
    match (&options.region, &options.endpoint) {
        (Some(region), _) => loader.region(Region::new(region.clone())),
        (None, Some(_)) => loader.region(region_of_an_endpoint(options)),
        (None, None) => loader,
    }
}

/// Servers other than Amazon's take any region; the machine's metadata service is not asked.
fn region_of_an_endpoint(options: &S3Options) -> RegionProviderChain {
    let mut profile = ProfileFileRegionProvider::builder();
    if let Some(name) = &options.profile {
        profile = profile.profile_name(name);
    }
    RegionProviderChain::first_try(EnvironmentVariableRegionProvider::new())
        .or_else(profile.build())
        .or_else(Region::from_static("us-east-1"))
}

/// A profile that is asked for by name comes before what the environment holds; else the SDK's own order holds.
fn with_credentials(config: SdkConfig, options: &S3Options, http: SharedHttpClient) -> SdkConfig {
    let provider = match (&options.keys, &options.profile) {
        (Some(keys), _) => {
            SharedCredentialsProvider::new(Credentials::new(&keys.id, &keys.secret, None, None, "esker"))
        }
        (None, Some(profile)) => {
            let context = ProviderConfig::without_region().with_http_client(http).with_region(config.region().cloned());
            let provider = ProfileFileCredentialsProvider::builder().configure(&context).profile_name(profile).build();
            SharedCredentialsProvider::new(provider)
        }
        (None, None) => return config,
    };
    config.into_builder().credentials_provider(provider).build()
}

/// TLS by rustls with the system's certificates (and `SSL_CERT_FILE`); proxies as the environment names them.
fn http_client() -> SharedHttpClient {
    HttpBuilder::new().build_with_connector_fn(|settings, components| {
        let mut connector = Connector::builder().proxy_config(ProxyConfig::from_env());
        connector.set_connector_settings(settings.cloned());
        connector.set_sleep_impl(components.and_then(|components| components.sleep_impl()));
        connector.tls_provider(Provider::Rustls(CryptoMode::Ring)).build()
    })
}
