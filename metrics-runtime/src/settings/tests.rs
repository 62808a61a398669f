use std::ffi::OsString;

use super::*;
use crate::exporter::fixture::{TemporaryFile, catalog};

fn read(variables: &[(&str, &str)]) -> Result<Settings, SettingsError> {
    of(Settings::builder(catalog()), variables)
}

fn of(builder: SettingsBuilder, variables: &[(&str, &str)]) -> Result<Settings, SettingsError> {
    let value = |name: &str| {
        variables
            .iter()
            .find(|(known, _)| *known == name)
            .map(|(_, value)| value.into())
    };
    builder.variables(value).build()
}

/// The only mistake there is.
fn mistake(variables: &[(&str, &str)]) -> String {
    let error = read(variables).unwrap_err();
    assert_eq!(error.mistakes().len(), 1, "{error}");
    error.to_string()
}

#[test]
fn without_a_word_everything_is_as_declared() {
    let settings = read(&[]).unwrap();
    assert!(settings.is_enabled() && settings.addresses().is_empty() && settings.exporter().is_some());
    assert_eq!(settings.catalog().render(), catalog().render());
}

#[test]
fn names_and_labels_are_those_of_the_environment() {
    let builder = || Settings::builder(catalog()).namespace("mall").label("zone", "a");
    let settings = of(
        builder(),
        &[
            ("METRICS_NAMESPACE", " shop "),
            ("METRICS_SUBSYSTEM", "cart"),
            ("CUSTOM_LABELS", "service=cart, environment=a=b,"),
        ],
    );
    let settings = settings.unwrap();
    assert_eq!(settings.catalog().prefix(), "shop_cart");
    assert_eq!(
        settings.catalog().labels(),
        [("service", "cart"), ("environment", "a=b")]
    );
    let text = settings.catalog().render();
    assert!(
        text.contains("\nshop_cart_requests_total{service=\"cart\",environment=\"a=b\"} 0\n"),
        "{text}"
    );
    // What is empty is said as well.
    let settings = of(builder(), &[("METRICS_NAMESPACE", ""), ("CUSTOM_LABELS", "")]).unwrap();
    assert_eq!(settings.catalog().render(), catalog().render());
    let settings = of(builder(), &[]).unwrap();
    assert!(
        settings
            .catalog()
            .render()
            .contains("\nmall_requests_total{zone=\"a\"} 0\n")
    );
}

#[test]
fn other_names_are_told_in_the_scrape() {
    let names = |variables: &[_]| {
        let text = read(variables).unwrap().catalog().render();
        text.lines()
            .find(|line| line.starts_with("enumetrics_names_info"))
            .map(str::to_owned)
    };
    assert_eq!(names(&[("CUSTOM_LABELS", "service=cart")]), None);
    assert_eq!(
        names(&[("METRICS_NAMESPACE", "shop"), ("CUSTOM_LABELS", "service=cart")]).unwrap(),
        "enumetrics_names_info{service=\"cart\",prefix=\"shop\"} 1"
    );
}

#[test]
fn switched_off_there_is_nothing_and_nothing_else_is_looked_at() {
    for off in ["false", "0", " False "] {
        let settings = read(&[("ENABLE_METRICS", off), ("METRICS_PASSWORD_FILE", "/nowhere")]).unwrap();
        assert!(!settings.is_enabled(), "{off}");
    }
    for on in ["true", "1", "TRUE"] {
        assert!(read(&[("ENABLE_METRICS", on)]).unwrap().is_enabled(), "{on}");
        let settings = of(Settings::builder(catalog()).enabled(false), &[("ENABLE_METRICS", on)]);
        assert!(settings.unwrap().is_enabled());
    }
    for wrong in ["", "no", "yes"] {
        assert_eq!(
            mistake(&[("ENABLE_METRICS", wrong)]),
            format!("ENABLE_METRICS: `{wrong}` is neither `true` (or `1`) nor `false` (or `0`)")
        );
    }
}

#[test]
fn all_mistakes_are_told_together() {
    let error = of(
        Settings::builder(catalog()).address("here"),
        &[
            ("METRICS_NAMESPACE", "9shop"),
            ("METRICS_SUBSYSTEM", "a-b"),
            ("CUSTOM_LABELS", "service,zone="),
            ("METRICS_ADDRESS", "9091, localhost:http"),
            ("METRICS_FORMATS", "text,json"),
            ("METRICS_COMPRESSION", "gzip"),
            ("METRICS_USERNAME", "prometheus"),
            ("METRICS_CREDENTIALS_FILE", "/nowhere/token"),
            ("METRICS_ALLOW_FROM", "10.0.0.0/33"),
        ],
    );
    let error = error.unwrap_err();
    assert_eq!(error.to_string().lines().count(), error.mistakes().len());
    let names: Vec<_> = error.mistakes().iter().map(SettingMistake::setting).collect();
    assert_eq!(
        names,
        [
            "address",
            "CUSTOM_LABELS",
            "CUSTOM_LABELS",
            "METRICS_ADDRESS",
            "METRICS_ADDRESS",
            "METRICS_FORMATS",
            "METRICS_COMPRESSION",
            "METRICS_USERNAME",
            "METRICS_CREDENTIALS_FILE",
            "METRICS_ALLOW_FROM",
            "METRICS_SUBSYSTEM",
            "METRICS_NAMESPACE",
        ],
        "{error}"
    );
    for (value, allowed) in [
        ("`9091` is no address", "127.0.0.1:9464"),
        ("`json`", "text, text_1, openmetrics"),
        ("`9shop`", "letters, digits"),
        ("`service` is no label", "name=value"),
        ("`zone` has no value", "leave it out"),
        ("\"10.0.0.0/33\" is no network", "10.0.0.0/8"),
        ("/nowhere/token", "readable"),
    ] {
        let line = error
            .to_string()
            .lines()
            .find(|line| line.contains(value))
            .map(str::to_owned);
        assert!(
            line.as_ref().is_some_and(|line| line.contains(allowed)),
            "{value}: {error}"
        );
    }
}

#[test]
fn a_label_that_a_metric_has_is_refused() {
    let declared = Settings::builder(catalog())
        .label("twice", "x")
        .label("twice", "y")
        .build();
    assert!(
        declared
            .unwrap_err()
            .to_string()
            .starts_with("label: the label `twice` is given twice")
    );
    assert!(mistake(&[("CUSTOM_LABELS", "le=1")]).starts_with("CUSTOM_LABELS: `le` cannot be the name of a label"));
}

#[test]
fn addresses_are_checked_before_the_system_is_asked() {
    let right = "127.0.0.1:0, localhost:9464,[::1]:9464,unix:/run/metrics.sock,:::9";
    let error = mistake(&[("METRICS_ADDRESS", right)]);
    assert!(error.starts_with("METRICS_ADDRESS: `:::9` is no address"), "{error}");
    for wrong in [
        "9464",
        ":9464",
        "localhost",
        "localhost:",
        "localhost:65536",
        "::1:9464",
        "unix:",
    ] {
        assert!(mistake(&[("METRICS_ADDRESS", wrong)]).contains(&format!("`{wrong}` is no address")));
    }
}

#[test]
fn what_should_protect_is_never_ignored() {
    let file = TemporaryFile::holding(b"secret");
    let path = file.path().to_str().unwrap();
    for (variables, told) in [
        (
            &[("METRICS_PASSWORD_FILE", "")][..],
            "METRICS_PASSWORD_FILE: it is empty",
        ),
        (&[("METRICS_PASSWORD", "")], "METRICS_PASSWORD: the password is empty"),
        (
            &[("METRICS_CREDENTIALS_FILE", " ")],
            "METRICS_CREDENTIALS_FILE: it is empty",
        ),
        (&[("METRICS_ALLOW_FROM", ",")], "METRICS_ALLOW_FROM: it is empty"),
        (
            &[("METRICS_PASSWORD_FILE", path), ("METRICS_PASSWORD", "x")],
            "METRICS_PASSWORD: METRICS_PASSWORD_FILE is set",
        ),
        (
            &[("METRICS_PASSWORD_FILE", path), ("METRICS_USERNAME", "a:b")],
            "METRICS_USERNAME: the user name \"a:b\"",
        ),
    ] {
        let error = mistake(variables);
        assert!(error.starts_with(told), "{error}");
        assert!(!error.contains("secret\""), "{error}");
    }
    for name in [
        "METRICS_TLS_CERT_FILE",
        "METRICS_TLS_KEY_FILE",
        "METRICS_TLS_CLIENT_CA_FILE",
        "METRICS_WEB_CONFIG_FILE",
    ] {
        let error = read(&[(name, "/nowhere")]).unwrap_err();
        assert_eq!(error.mistakes()[0].setting(), name);
    }
}

#[test]
fn a_file_for_other_names_stops_the_start() {
    let rules = read(&[("METRICS_NAMESPACE", "shop")]).unwrap().catalog().stamp();
    let build = |namespace: &str| {
        let builder = Settings::builder(catalog()).generated("rules.yml", format!("# {rules}\ngroups: []"));
        of(builder, &[("METRICS_NAMESPACE", namespace)])
    };
    assert!(build("shop").is_ok());
    let error = build("mall").unwrap_err().to_string();
    assert!(
        error.starts_with("rules.yml: the metrics that it was generated for begin with `shop_`"),
        "{error}"
    );
    assert!(build("").is_err());
}

#[cfg(unix)]
#[test]
fn what_is_no_text_is_a_mistake() {
    use std::os::unix::ffi::OsStringExt as _;

    let builder = Settings::builder(catalog());
    let settings = builder.variables(|name| (name == "CUSTOM_LABELS").then(|| OsString::from_vec(b"a=\xff".to_vec())));
    assert_eq!(
        settings.build().unwrap_err().to_string(),
        "CUSTOM_LABELS: `a=\u{fffd}` is not UTF-8: write it in UTF-8, or unset it"
    );
    let builder = Settings::builder(catalog());
    let settings =
        builder.variables(|name| (name == "METRICS_PASSWORD").then(|| OsString::from_vec(b"hush\xff".to_vec())));
    assert_eq!(
        settings.build().unwrap_err().to_string(),
        "METRICS_PASSWORD: it is not UTF-8: write it in UTF-8, or unset it"
    );
}

/// A wrong value of each variable; what is told of it, and what is allowed.
#[cfg(all(feature = "http", feature = "tls", feature = "web-config"))]
const WRONG: [(&str, &str, &str); 17] = [
    ("ENABLE_METRICS", "yes", "neither `true` (or `1`) nor `false` (or `0`)"),
    ("METRICS_NAMESPACE", "9shop", "letters, digits"),
    ("METRICS_SUBSYSTEM", "a-b", "letters, digits"),
    ("CUSTOM_LABELS", "service", "write `name=value`"),
    ("METRICS_EXCLUDED_HANDLERS", "(admin", "write one such as"),
    ("METRICS_ADDRESS", "9464", "127.0.0.1:9464"),
    ("METRICS_FORMATS", "json", "text, text_1, openmetrics"),
    (
        "METRICS_COMPRESSION",
        "gzip",
        "neither `true` (or `1`) nor `false` (or `0`)",
    ),
    (
        "METRICS_USERNAME",
        "grafana",
        "set METRICS_PASSWORD_FILE or METRICS_PASSWORD",
    ),
    ("METRICS_PASSWORD_FILE", "/nowhere/password", "readable"),
    ("METRICS_PASSWORD", "", "the password is empty"),
    ("METRICS_CREDENTIALS_FILE", "/nowhere/token", "readable"),
    ("METRICS_ALLOW_FROM", "10.0.0.0/33", "10.0.0.0/8"),
    ("METRICS_TLS_CERT_FILE", "/nowhere/tls.crt", "set METRICS_TLS_KEY_FILE"),
    ("METRICS_TLS_KEY_FILE", "/nowhere/tls.key", "set METRICS_TLS_CERT_FILE"),
    (
        "METRICS_TLS_CLIENT_CA_FILE",
        "/nowhere/ca.crt",
        "set METRICS_TLS_CERT_FILE",
    ),
    ("METRICS_WEB_CONFIG_FILE", "/nowhere/web.yml", "a file in YAML"),
];

#[cfg(all(feature = "http", feature = "tls", feature = "web-config"))]
#[test]
fn a_wrong_value_of_each_variable_is_named_with_what_is_allowed() {
    let names = Settings::VARIABLES.iter().map(|(name, _)| *name);
    assert!(names.eq(WRONG.map(|(name, ..)| name)));
    for (name, value, allowed) in WRONG {
        // A certificate alone is two mistakes: the key is missing, and an address of the metrics' own.
        let told = read(&[(name, value)]).unwrap_err().mistakes()[0].to_string();
        assert!(told.starts_with(&format!("{name}: ")), "{told}");
        assert!(told.contains(value) && told.contains(allowed), "{name}: {told}");
    }
}

#[test]
fn every_variable_is_in_the_guide() {
    let guide = include_str!("../../../docs/exposing.md");
    for (name, _) in Settings::VARIABLES {
        assert!(guide.contains(&format!("`{name}`")), "{name}");
    }
}

#[cfg(feature = "http")]
#[test]
fn commas_within_brackets_belong_to_the_pattern() {
    assert_eq!(variables::patterns(".*admin.*, ^/health$,"), [".*admin.*", "^/health$"]);
    assert_eq!(
        variables::patterns(r"^/v[1,2]/,/a{1,3},(b|c,d),\[,e"),
        ["^/v[1,2]/", "/a{1,3}", "(b|c,d)", r"\[", "e"]
    );
    assert!(mistake(&[("METRICS_EXCLUDED_HANDLERS", "(admin, b")]).contains("`(admin, b` is no regular expression"));
}

mod served {
    use http::{Request, Response};
    use http_body_util::BodyExt as _;
    use tower::ServiceExt as _;

    use super::*;
    use crate::ScrapeBody;

    async fn scrape(variables: &[(&str, &str)], headers: &[(&str, &str)]) -> Response<ScrapeBody> {
        let service = read(variables).unwrap().exporter().unwrap().into_service();
        let mut request = Request::new(());
        for (name, value) in headers {
            let name: http::HeaderName = name.parse().unwrap();
            request.headers_mut().insert(name, value.parse().unwrap());
        }
        service.oneshot(request).await.unwrap()
    }

    #[tokio::test]
    async fn the_password_is_asked_for() {
        let file = TemporaryFile::holding(b"secret\n");
        let path = file.path().to_str().unwrap();
        // prometheus:secret
        let right = [("authorization", "Basic cHJvbWV0aGV1czpzZWNyZXQ=")];
        for variables in [
            &[("METRICS_PASSWORD_FILE", path)][..],
            &[("METRICS_PASSWORD", "secret"), ("METRICS_USERNAME", "prometheus")],
        ] {
            assert_eq!(scrape(variables, &right).await.status(), 200);
            assert_eq!(scrape(variables, &[]).await.status(), 401);
        }
        let token = [("METRICS_CREDENTIALS_FILE", path)];
        assert_eq!(
            scrape(&token, &[("authorization", "Bearer secret")]).await.status(),
            200
        );
        assert_eq!(scrape(&token, &right).await.status(), 401);
        // Without a server that says addresses nobody has the right one.
        assert_eq!(
            scrape(&[("METRICS_ALLOW_FROM", "::1, 10.0.0.0/8")], &[]).await.status(),
            403
        );
    }

    #[tokio::test]
    async fn the_format_is_one_of_those_that_are_allowed() {
        let openmetrics = [("accept", "application/openmetrics-text")];
        let content_type = async |variables: &[(&str, &str)]| {
            let answer = scrape(variables, &openmetrics).await;
            answer.headers()["content-type"].to_str().unwrap().to_owned()
        };
        assert!(content_type(&[]).await.starts_with("application/openmetrics-text;"));
        assert!(
            content_type(&[("METRICS_FORMATS", "text")])
                .await
                .starts_with("text/plain; version=0.0.4")
        );
        assert!(
            content_type(&[("METRICS_FORMATS", "text_1, text")])
                .await
                .starts_with("text/plain; version=1.0.0")
        );
    }

    #[cfg(feature = "gzip")]
    #[tokio::test]
    async fn answers_are_packed_unless_that_is_switched_off() {
        let gzip = [("accept-encoding", "gzip")];
        assert!(scrape(&[], &gzip).await.headers().contains_key("content-encoding"));
        let plain = scrape(&[("METRICS_COMPRESSION", "false")], &gzip).await;
        assert!(!plain.headers().contains_key("content-encoding"));
        assert_eq!(
            plain.into_body().collect().await.unwrap().to_bytes(),
            catalog().render().as_bytes()
        );
    }

    #[tokio::test]
    async fn several_addresses_are_served() {
        let settings = Settings::builder(catalog())
            .address("127.0.0.1:0")
            .address("localhost:0")
            .build()
            .unwrap();
        let server = settings
            .exporter()
            .unwrap()
            .bind_all(settings.addresses())
            .await
            .unwrap();
        assert!(server.local_addr().is_some_and(|address| address.ip().is_loopback()));
    }
}
