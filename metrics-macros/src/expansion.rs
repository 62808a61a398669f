//! What the macros emit, reviewed like code: `snapshots/` beside this file.
//!
//! After a wanted change: `INSTA_UPDATE=always cargo test -p enumetrics-macros`, then read the difference.

use proc_macro2::TokenStream;
use quote::quote;

/// The tokens as formatted code.
fn formatted(tokens: TokenStream) -> String {
    let file = syn::parse2(tokens.clone()).unwrap_or_else(|error| panic!("{error}: {tokens}"));
    prettyplease::unparse(&file)
}

#[test]
fn label_value() {
    insta::assert_snapshot!(formatted(crate::label::value::derive(quote! {
        #[label(rename_all = "SCREAMING_SNAKE_CASE")]
        pub enum Status {
            Verified,
            #[label(value = "5xx")]
            ServerError,
        }
    })));
}

#[test]
fn label_value_with_skipped_variants() {
    insta::assert_snapshot!(formatted(crate::label::value::derive(quote! {
        pub enum Outcome {
            #[label(skip)]
            Unknown,
            Ok,
            #[label(skip)]
            Redirected(String),
            Failed,
        }
    })));
}

#[test]
fn label_set_with_impossible_combinations() {
    insta::assert_snapshot!(formatted(crate::label::set::derive(quote! {
        #[label(impossible(operation = "encrypt", kind = "phone" | "email"), crate = here)]
        pub struct Access {
            pub operation: Operation,
            pub kind: Kind,
        }
    })));
}

#[test]
fn open_label() {
    insta::assert_snapshot!(formatted(crate::label::open::open_label(quote! {
        /// Templates of routes.
        pub struct Route(max = 64, other = "rest");
    })));
}

#[test]
fn label_set() {
    insta::assert_snapshot!(formatted(crate::label::set::derive(quote! {
        pub struct RateLimitHit {
            pub endpoint: Endpoint,
            #[label(name = "why")]
            pub reason: Reason,
        }
    })));
}

#[test]
fn metric_family() {
    insta::assert_snapshot!(formatted(crate::family::metric_family(
        quote!(namespace = "kyc", max_series = 200),
        quote! {
            /// Identity verification.
            #[derive(Debug)]
            pub struct Kyc {
                /// Duration of each module.
                #[metric(buckets = [1, 2.5])]
                pub module_duration_seconds: Histogram<Module>,
                /// Duration of everything.
                #[metric(buckets = EDGES)]
                duration_seconds: Histogram,
                /// Verifications processed.
                pub(crate) verifications_total: Counter<Status>,
                /// Requests of many threads.
                #[metric(shared)]
                requests_total: Counter<Request>,
            }
        },
    )));
}

#[test]
fn metric_family_of_other_kinds() {
    insta::assert_snapshot!(formatted(crate::family::metric_family(
        quote!(namespace = "kyc"),
        quote! {
            pub struct Kyc {
                /// Duration of each module.
                #[metric(quantiles = [0.5, 1], window = "1h")]
                pub module_duration_seconds: Summary<Module>,
                /// Jobs waiting.
                #[metric(compute = |queue| length(queue))]
                pub queue_length: ComputedGauge<Queue>,
                /// Jobs failed.
                #[metric(compute = later)]
                pub failures_total: ComputedCounter,
            }
        },
    )));
}

#[test]
fn metric_family_with_a_group_of_calls() {
    insta::assert_snapshot!(formatted(crate::family::metric_family(
        quote!(namespace = "kyc"),
        quote! {
            pub struct Kyc {
                /// Modules.
                #[metric(buckets = [1], calls(outcome, in_flight, error = OcrErrorKind, slow = 4, poll))]
                pub module: Calls<Module>,
            }
        },
    )));
}

#[test]
fn error_label() {
    insta::assert_snapshot!(formatted(crate::label::error::derive(quote! {
        pub enum OcrError<E> {
            /// The picture is blurred.
            Blurred { sharpness: f32 },
            #[label(value = "io")]
            Read(E),
            #[label(value = "io")]
            Write(E),
        }
    })));
}

#[test]
fn info_labels() {
    insta::assert_snapshot!(formatted(crate::info::derive(quote! {
        pub struct Build {
            version: &'static str,
            #[label(name = "commit")]
            revision: String,
        }
    })));
}

#[test]
fn catalog() {
    insta::assert_snapshot!(formatted(crate::catalog::catalog(quote! {
        /// What this program exports.
        pub static METRICS = [KYC, crate::http::HTTP];
    })));
}

#[cfg(feature = "timed")]
#[test]
fn timed_async_function_into_the_default_metric() {
    insta::assert_snapshot!(formatted(crate::timed::timed(
        quote!(module = "ocr"),
        quote! {
            /// Reads a document.
            #[must_use]
            pub(crate) async fn read<T: Fn(u32) -> u32>(&self, document: &Document) -> Result<Text, Error>
            where
                T: Clone,
            {
                #![allow(unused)]
                let text = parse(document).await?;
                Ok(text)
            }
        },
    )));
}

#[cfg(feature = "timed")]
#[test]
fn timed_function_into_a_named_metric() {
    insta::assert_snapshot!(formatted(crate::timed::timed(
        quote!(KYC.verification_duration_seconds),
        quote! {
            fn verify() {}
        },
    )));
}

#[test]
fn mistakes_leave_the_item_in_place() {
    insta::assert_snapshot!(formatted(crate::family::metric_family(
        quote!(namespac = "kyc"),
        quote! {
            pub struct Kyc {
                pub verifications_total: Counter,
            }
        },
    )));
    insta::assert_snapshot!(formatted(crate::timed::timed(
        quote!(module = "ocr", module = "ocr"),
        quote! {
            fn read() -> u32 { 1 }
        },
    )));
}

#[cfg(feature = "rules")]
#[test]
fn rules() {
    insta::assert_snapshot!(formatted(crate::rules::rules(quote! {
        #[rules(interval = "30s")]
        pub static KYC_RULES for METRICS;

        external {
            node_load1: gauge { zone = "a" | "b" };
        }

        #[record]
        kyc:verifications:error_ratio_rate5m =
            sum(rate(kyc_verifications_total{status="ERROR"}[5m])) / sum(rate(kyc_verifications_total{status=~"V.*"}[5m]));

        /// Slow.
        #[alert(for = "5m", severity = Critical, runbook = "https://example.com", labels(team = "id", module = Module::Ocr))]
        HighLatency = histogram_quantile(0.95, sum by (le) (rate(kyc_duration_seconds_bucket[5m]))) > 8;
    })));
}

#[cfg(feature = "http")]
#[test]
fn http_metrics() {
    insta::assert_snapshot!(formatted(crate::http::http_metrics(quote! {
        /// Documented.
        #[http(namespace = "shop", handler = "endpoint", grpc, without(high_resolution, duration, response_size))]
        pub static HTTP: Http;
    })));
}

#[cfg(feature = "http")]
#[test]
fn websocket_metrics() {
    insta::assert_snapshot!(formatted(crate::http::websocket_metrics(quote! {
        /// Documented.
        #[websocket(namespace = "ggrt", unprefixed, roles = Role, messages = (), without(received, recipients))]
        pub static SOCKETS: Sockets;
    })));
}

#[cfg(not(feature = "timed"))]
#[test]
fn without_its_feature_nothing_is_timed() {
    let function = quote! {
        /// Reads.
        async fn read(module: Module) -> Result<Text, Error> { Ok(parse(module).await?) }
    };
    let arguments = quote!(KYC.module, module = module);
    let timed = crate::timed::timed(arguments.clone(), function.clone());
    // What only a label would have used is not used.
    let unused = quote!(#[allow(unused_variables)] #function);
    assert_eq!(timed.to_string(), unused.to_string());
    let named = crate::timed::timed(quote!(KYC.module, module = "ocr"), function.clone());
    assert_eq!(named.to_string(), function.to_string());

    let expression = crate::timed::time(quote!(#arguments; read(module)));
    assert_eq!(
        expression.to_string(),
        quote!({
            match () {
                () => read(module),
            }
        })
        .to_string()
    );

    let client = quote!(impl Client { pub fn read(&self) {} fn write(&self) {} });
    let with_skipped = quote!(impl Client { pub fn read(&self) {} #[timed(skip)] fn write(&self) {} });
    assert_eq!(
        crate::timed::timed(arguments, with_skipped).to_string(),
        client.to_string()
    );
}
