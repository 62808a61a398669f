//! `websocket_metrics!`: the metrics that WebSocket connections record into, declared with the other macros.

use proc_macro2::{Ident, TokenStream, TokenTree};
use quote::{ToTokens, quote};
use syn::Type;

use super::declared::{Item, MESSAGES, NAMES, ROLES, UNPREFIXED, WITHOUT, names};
use crate::attribute::{
    ALLOW, BUCKETS, CRATE, LABELS, MAX_SERIES, NAMESPACE, SLO, SUBSYSTEM, Setting, crate_path, take_settings,
};
use crate::diagnostics::Errors;
use crate::family;
use crate::rule::{self, Problem};

pub(crate) fn websocket_metrics(item: TokenStream) -> TokenStream {
    let mut errors = Errors::default();
    let item: Option<Item> = errors.ok(syn::parse2(item));
    let expansion = item.map(|item| expand(&parse(item, &mut errors)));
    let errors = errors.into_tokens();
    quote!(#expansion #errors)
}

/// The metrics that there are, each by the word that names it and by the name that it has if nothing else is said.
const METRICS: [(&str, &str); 11] = [
    ("active", "active_connections"),
    (BY_ROLE, "role_connections"),
    ("connections", "connections_total"),
    ("received", "messages_received_total"),
    ("sent", "messages_sent_total"),
    ("latency", "message_latency_seconds"),
    ("send_errors", "send_errors_total"),
    ("broadcasts", "broadcasts_total"),
    ("broadcast_duration", "broadcast_duration_seconds"),
    ("recipients", "broadcast_recipients"),
    ("heartbeat", "heartbeat_last_timestamp_seconds"),
];

const BY_ROLE: &str = "by_role";

/// The declaration, understood.
struct Model {
    krate: TokenStream,
    item: Item,
    /// What the struct of metrics says of itself.
    family: TokenStream,
    roles: Option<Type>,
    messages: TokenStream,
    buckets: TokenStream,
    slo: Option<TokenStream>,
    /// The name of each metric that there is, in the order of `METRICS`.
    names: [Option<Ident>; METRICS.len()],
}

fn parse(mut item: Item, errors: &mut Errors) -> Model {
    let known = [
        NAMESPACE, SUBSYSTEM, LABELS, UNPREFIXED, ROLES, MESSAGES, BUCKETS, SLO, NAMES, WITHOUT, MAX_SERIES, ALLOW,
        CRATE,
    ];
    let settings = take_settings(&mut item.attributes, "websocket", &known, errors);
    let krate = crate_path(&settings, errors);
    let find = |word: &str| settings.iter().find(|setting| setting.word() == word);
    let unprefixed = find(UNPREFIXED).is_some_and(|setting| setting.alone(errors));
    let mut tokens = |word: &str, expected: &str| -> Option<TokenStream> { find(word)?.value_as(expected, errors) };
    let buckets = tokens(BUCKETS, "[0.1, 0.5, 1.0]");
    let slo = tokens(SLO, "a bucket bound, or a list of them");
    let mut ty = |word: &str| -> Option<Type> { find(word)?.value_as("a type", errors) };
    let (roles, messages) = (ty(ROLES), ty(MESSAGES));
    // Passed on as they are: the struct of metrics says what is wrong with them.
    let family = [NAMESPACE, SUBSYSTEM, MAX_SERIES].into_iter().filter_map(|word| {
        let Setting { word, value, .. } = find(word)?;
        Some(quote!(#word = #value,))
    });
    let lists = [LABELS, ALLOW].into_iter().filter_map(find);
    let family = quote!(#(#family)* #(#lists,)* crate = #krate);
    let prefix = if unprefixed { "" } else { "websocket_" };
    let default = |word: &str, name: &str| (word != BY_ROLE || roles.is_some()).then(|| format!("{prefix}{name}"));
    let mut names = names(&METRICS, default, &settings, errors);
    if let (Some(given), None, [_, Some(_), ..]) = (find(NAMES), &roles, &names) {
        let is_role = |token: &TokenTree| matches!(token, TokenTree::Ident(word) if word == BY_ROLE);
        let role = given.value.clone().into_iter().find(is_role);
        let message = "`by_role` is by who is connected: say who that can be, `roles = Type`";
        let place = role.map_or(given.word.span(), |role| role.span());
        errors.at(place, Problem::new(rule::OPTION_CONFLICT, message));
        names[1] = None;
    }
    Model {
        family,
        messages: messages.map_or_else(
            || quote!(#krate::websocket::MessageKind),
            |messages| messages.into_token_stream(),
        ),
        // From a millisecond to five seconds.
        buckets: buckets.unwrap_or_else(|| quote!([0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5])),
        slo,
        names,
        roles,
        krate,
        item,
    }
}

fn expand(model: &Model) -> TokenStream {
    let Model {
        krate,
        item: Item {
            attributes,
            visibility,
            name,
            ty,
        },
        roles,
        messages,
        ..
    } = model;
    let family = struct_of_metrics(model);
    let [
        active,
        by_role,
        connections,
        received,
        sent,
        latency,
        send_errors,
        broadcasts,
        broadcast_duration,
        recipients,
        heartbeat,
    ] = &model.names;
    let optional = |name: &Option<Ident>, record: TokenStream| name.as_ref().map(|name| quote!(self.#name #record;));
    let connected = optional(connections, quote!(.inc()));
    let received = optional(received, quote!(.with(message).inc()));
    let sent = optional(sent, quote!(.with(message).inc()));
    let not_sent = optional(send_errors, quote!(.inc()));
    let handled = optional(latency, quote!(.observe(seconds)));
    let broadcast = [
        optional(broadcasts, quote!(.inc())),
        optional(broadcast_duration, quote!(.observe(seconds))),
        optional(recipients, quote!(.observe(recipients as f64))),
    ];
    let no_role: Type = syn::parse_quote!(());
    let role = roles.as_ref().unwrap_or(&no_role);
    let open = [
        active.as_ref().map(|name| (quote!(()), quote!(self.#name.track()))),
        by_role
            .as_ref()
            .map(|name| (role.to_token_stream(), quote!(self.#name.with(role).track()))),
    ];
    let (labels, guards): (Vec<_>, Vec<_>) = open.into_iter().flatten().unzip();
    let guard = quote!((#(#krate::InFlightGuard<'static, #labels>,)*));
    // Who does not tell roles apart is not asked for one.
    let (parameter, argument) = match roles {
        Some(role) => (quote!(, role: #role), quote!(role)),
        None => (TokenStream::new(), quote!(())),
    };
    let heartbeat = heartbeat.as_ref().map(|name| {
        quote! {
            /// Something showed that the connections are served: the time is now.
            #[allow(dead_code)]
            #visibility fn heartbeat(&self) {
                self.#name.set(#krate::__private::now());
            }
        }
    });
    quote! {
        #family

        #(#attributes)*
        #visibility static #name: #ty = #ty::new();

        #[automatically_derived]
        #[allow(unused_qualifications, unused_variables, clippy::cast_precision_loss, clippy::unused_unit)]
        const _: () = {
            impl #ty {
                /// Counts a connection, for as long as what this returns lives.
                #[allow(dead_code)]
                #visibility fn connect(&'static self #parameter) -> #krate::websocket::Connection<Self> {
                    #krate::websocket::Connection::open(self, #argument)
                }

                /// Begins a broadcast, which is over when what this returns is dropped.
                #[allow(dead_code)]
                #visibility fn broadcast(&'static self) -> #krate::websocket::Broadcast<Self> {
                    #krate::websocket::Broadcast::begin(self)
                }

                #heartbeat
            }

            impl #krate::websocket::WebSocketMetrics for #ty {
                type Role = #role;
                type Message = #messages;
                type Open = #guard;

                fn connected(&'static self, role: #role) -> #guard {
                    #connected
                    (#(#guards,)*)
                }

                fn received(&'static self, message: #messages) {
                    #received
                }

                fn handled(&'static self, seconds: f64) {
                    #handled
                }

                fn sent(&'static self, message: #messages) {
                    #sent
                }

                fn not_sent(&'static self) {
                    #not_sent
                }

                fn broadcast(&'static self, recipients: u64, seconds: f64) {
                    #(#broadcast)*
                }
            }
        };
    }
}

fn struct_of_metrics(model: &Model) -> TokenStream {
    let Model {
        krate,
        item: Item { visibility, ty, .. },
        family,
        roles,
        messages,
        buckets,
        slo,
        names,
    } = model;
    let slo = slo.iter();
    let durations = quote!(#[metric(buckets = #buckets)]);
    let latencies = quote!(#[metric(buckets = #buckets #(, slo = #slo)*)]);
    let none = TokenStream::new();
    // In the order of `METRICS`.
    let described: [(&str, &TokenStream, TokenStream); METRICS.len()] = [
        ("WebSocket connections that are open.", &none, quote!(InFlight)),
        (
            "WebSocket connections that are open, by who is connected.",
            &none,
            quote!(InFlight<#roles>),
        ),
        ("WebSocket connections that were opened.", &none, quote!(Counter)),
        (
            "Messages that came from WebSocket connections.",
            &none,
            quote!(Counter<#messages>),
        ),
        (
            "Messages that were sent to WebSocket connections.",
            &none,
            quote!(Counter<#messages>),
        ),
        (
            "Time from a message's arrival until it was dealt with.",
            &latencies,
            quote!(Histogram),
        ),
        (
            "Messages that could not be sent to a WebSocket connection.",
            &none,
            quote!(Counter),
        ),
        ("Broadcasts to WebSocket connections.", &none, quote!(Counter)),
        (
            "Duration of broadcasts, to their last recipient.",
            &durations,
            quote!(Histogram),
        ),
        ("How many a broadcast reached.", &none, quote!(Summary)),
        (
            "When something last showed that WebSocket connections are served, since the Unix epoch.",
            &none,
            quote!(Gauge<(), f64>),
        ),
    ];
    let fields = names.iter().zip(described).filter_map(|(name, (help, options, kind))| {
        let name = name.as_ref()?;
        Some(quote!(#[doc = #help] #options #visibility #name: #krate::#kind,))
    });
    let doc = " What WebSocket connections record into.";
    family::metric_family(
        family.clone(),
        quote! {
            #[doc = #doc]
            #[derive(::core::fmt::Debug)]
            #visibility struct #ty { #(#fields)* }
        },
    )
}
