//! `http_metrics!`: the metrics that an HTTP layer records into, declared with the other macros.

mod declared;
mod websocket;

use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens, format_ident, quote, quote_spanned};
use syn::Type;
use syn::ext::IdentExt;

use self::declared::{
    CLIENT, GRPC, HANDLER, HIGH_RESOLUTION, IN_PROGRESS_LABELS, Item, MAX_ROUTES, METHODS, NAMES, ROUTES, STATUSES,
    WITHOUT, ident, names,
};
pub(crate) use self::websocket::websocket_metrics;
use crate::attribute::{
    ALLOW, BUCKETS, CRATE, LABELS, MAX_SERIES, NAMESPACE, SLO, SUBSYSTEM, Setting, crate_path, take_settings,
};
use crate::diagnostics::Errors;
use crate::naming::label_name_problem;
use crate::rule::{self, Problem};
use crate::span::span_of;
use crate::{family, label};

pub(crate) fn http_metrics(item: TokenStream) -> TokenStream {
    let mut errors = Errors::default();
    let item: Option<Item> = errors.ok(syn::parse2(item));
    let expansion = item.map(|item| expand(&parse(item, &mut errors)));
    let errors = errors.into_tokens();
    quote!(#expansion #errors)
}

/// The metrics that there are, each by the word that names it and by the end of the name that it has if nothing else is
/// said.
const METRICS: [(&str, &str); 8] = [
    ("requests", "requests_total"),
    ("duration", "request_duration_seconds"),
    ("high_resolution", "request_duration_highr_seconds"),
    ("request_size", "request_size_bytes"),
    ("response_size", "response_size_bytes"),
    ("in_progress", "requests_inprogress"),
    ("incomplete", "requests_incomplete_total"),
    (GRPC, "requests_total"),
];

/// The labels besides the handler.
const OTHER_LABELS: [&str; 4] = ["method", "status", "reason", "code"];

/// How many routes have a place where nothing is said.
const DEFAULT_ROUTES: usize = 64;

/// The declaration, understood.
struct Model {
    krate: TokenStream,
    item: Item,
    /// What the struct of metrics says of itself.
    family: TokenStream,
    /// The label's name.
    handler: Ident,
    routes: Routes,
    methods: TokenStream,
    statuses: TokenStream,
    buckets: TokenStream,
    slo: Option<TokenStream>,
    high_resolution: TokenStream,
    in_progress_labels: bool,
    client: bool,
    /// The name of each metric that there is, in the order of `METRICS`.
    names: [Option<Ident>; METRICS.len()],
}

enum Routes {
    /// An open label of our own, with its capacity.
    Open(TokenStream),
    /// A type that someone else declares.
    Declared(TokenStream),
}

fn parse(mut item: Item, errors: &mut Errors) -> Model {
    let known = [
        NAMESPACE,
        SUBSYSTEM,
        LABELS,
        ALLOW,
        HANDLER,
        MAX_ROUTES,
        ROUTES,
        METHODS,
        STATUSES,
        BUCKETS,
        SLO,
        HIGH_RESOLUTION,
        IN_PROGRESS_LABELS,
        GRPC,
        CLIENT,
        NAMES,
        WITHOUT,
        MAX_SERIES,
        CRATE,
    ];
    let settings = take_settings(&mut item.attributes, "http", &known, errors);
    let krate = crate_path(&settings, errors);
    let find = |word: &str| settings.iter().find(|setting| setting.word() == word);
    let mut flag = |word: &str| find(word).is_some_and(|setting| setting.alone(errors));
    let (client, grpc, in_progress_labels) = (flag(CLIENT), flag(GRPC), flag(IN_PROGRESS_LABELS));
    let mut tokens = |word: &str, expected: &str| -> Option<TokenStream> { find(word)?.value_as(expected, errors) };
    let buckets = tokens(BUCKETS, "[0.1, 0.5, 1.0]");
    let high_resolution = tokens(HIGH_RESOLUTION, "[0.1, 0.5, 1.0]");
    let slo = tokens(SLO, "a bucket bound, or a list of them");
    let max_routes = tokens(MAX_ROUTES, "a number");
    let mut ty = |word: &str| -> Option<Type> { find(word)?.value_as("a type", errors) };
    let (routes, methods, statuses) = (ty(ROUTES), ty(METHODS), ty(STATUSES));
    if let (Some(setting), Some(_)) = (find(MAX_ROUTES), &routes) {
        let both = "`max_routes` is for routes that come while the program runs: remove it, or `routes`";
        errors.at(setting.word.span(), Problem::new(rule::OPTION_CONFLICT, both));
    }
    // Passed on as they are: the struct of metrics says what is wrong with them.
    let family = [NAMESPACE, SUBSYSTEM, MAX_SERIES].into_iter().filter_map(|word| {
        let Setting { word, value, .. } = find(word)?;
        Some(quote!(#word = #value,))
    });
    let lists = [LABELS, ALLOW].into_iter().filter_map(find);
    let family = quote!(#(#family)* #(#lists,)* crate = #krate);
    let role = if client { "client_" } else { "" };
    let name = |word: &str, name: &str| match word {
        GRPC => grpc.then(|| format!("grpc_{role}{name}")),
        _ => Some(format!("http_{role}{name}")),
    };
    Model {
        family,
        handler: handler(find(HANDLER), client, errors),
        routes: match routes {
            Some(ty) => Routes::Declared(ty.into_token_stream()),
            None => Routes::Open(max_routes.unwrap_or_else(|| DEFAULT_ROUTES.to_token_stream())),
        },
        methods: methods.map_or_else(|| quote!(#krate::Method), ToTokens::into_token_stream),
        statuses: statuses.map_or_else(|| quote!(#krate::http::StatusGroup), ToTokens::into_token_stream),
        buckets: buckets.unwrap_or_else(|| quote!([0.05, 0.1, 0.3, 1, 3, 5])),
        slo,
        high_resolution: high_resolution.unwrap_or_else(|| quote!(#krate::http::HIGH_RESOLUTION)),
        in_progress_labels,
        client,
        names: names(&METRICS, name, &settings, errors),
        krate,
        item,
    }
}

/// The name of the label for what handles a request.
fn handler(setting: Option<&Setting>, client: bool, errors: &mut Errors) -> Ident {
    let name = setting.and_then(|setting| setting.string(errors));
    let usual = Ident::new(if client { "target" } else { "handler" }, Span::call_site());
    let Some(name) = name else { return usual };
    let text = name.value();
    let taken = OTHER_LABELS.contains(&text.as_str()).then(|| {
        let message = format!("the label '{text}' is there already, for another thing: choose another name");
        Problem::new(rule::LABEL_DUPLICATE, message)
    });
    ident(&name, taken.or_else(|| label_name_problem(&text)), errors).unwrap_or(usual)
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
        handler,
        routes,
        methods,
        statuses,
        client,
        ..
    } = model;
    let set = |suffix: &str| format_ident!("{ty}{suffix}");
    let (handled, request, exchange) = (set("Handled"), set("Request"), set("Exchange"));
    let (incomplete, grpc) = (set("Incomplete"), set("Call"));
    let (route, route_label) = match routes {
        Routes::Declared(ty) => (ty.clone(), TokenStream::new()),
        Routes::Open(max) => {
            let ident = set("Handler");
            (ident.to_token_stream(), open_label(model, &ident, max))
        }
    };
    let label_set = |ident: &Ident, doc: &str, labels: TokenStream| {
        let set = quote! {
            #[doc = #doc]
            #[derive(::core::clone::Clone, ::core::marker::Copy)]
            #[allow(missing_debug_implementations)]
            #visibility struct #ident { #visibility #handler: #route, #labels }
        };
        let derived = label::set::derive(quote! {
            #[label(crate = #krate)]
            struct #ident { #handler: #route, #labels }
        });
        quote!(#set #derived)
    };
    let method = quote!(#visibility method: #methods,);
    let sets = [
        label_set(&handled, " What handles a request.", TokenStream::new()),
        label_set(&request, " A request.", method.clone()),
        label_set(
            &exchange,
            " A request and how it was answered.",
            quote!(#method #visibility status: #statuses,),
        ),
        label_set(
            &incomplete,
            " A request that did not end as it should, and why.",
            quote!(#visibility reason: #krate::http::End,),
        ),
    ];
    let [
        requests,
        duration,
        high_resolution,
        request_size,
        response_size,
        in_progress,
        unfinished,
        calls,
    ] = &model.names;
    let call_set = calls.as_ref().map(|_| {
        let labels = quote!(#visibility code: #krate::http::GrpcCode,);
        label_set(&grpc, " A gRPC call and how it ended.", labels)
    });
    let family = struct_of_metrics(model, [&handled, &request, &exchange, &incomplete, &grpc]);

    // On the type, where what is no such label is reported anyway.
    let at = span_of(statuses, Span::call_site());
    let status = quote_spanned!(at=> <#statuses as #krate::http::ResponseStatus>::of);
    let optional = |name: &Option<Ident>, record: TokenStream| name.as_ref().map(|name| quote!(self.#name #record;));
    let labels = quote!(#request { #handler: handler, method });
    let records = [
        optional(
            requests,
            quote!(.with(#exchange { #handler: handler, method, status: #status(exchange.answer()) }).inc()),
        ),
        optional(duration, quote!(.with(#labels).observe(exchange.seconds))),
        high_resolution.as_ref().map(|name| {
            quote! {
                if exchange.in_high_resolution {
                    self.#name.observe(exchange.seconds);
                }
            }
        }),
        optional(
            request_size,
            quote!(.with(#handled { #handler: handler }).observe(exchange.request_bytes as f64)),
        ),
        optional(
            response_size,
            quote!(.with(#handled { #handler: handler }).observe(exchange.response_bytes as f64)),
        ),
        optional(
            unfinished,
            quote!(.with(#incomplete { #handler: handler, reason: exchange.end }).inc()),
        ),
        calls.as_ref().map(|name| {
            quote! {
                if let ::core::option::Option::Some(code) = exchange.grpc {
                    self.#name.with(#grpc { #handler: handler, code }).inc();
                }
            }
        }),
    ];
    let (guard, begin) = match in_progress {
        None => (quote!(()), quote!(())),
        Some(name) => {
            let labels = model
                .in_progress_labels
                .then(|| quote!(.with(#request { #handler: handler, method: ::core::convert::From::from(method) })));
            let of = model.in_progress_labels.then_some(&request).into_iter();
            let guard = quote!(#krate::InFlightGuard<'static #(, #of)*>);
            (guard, quote!(self.#name #labels.track()))
        }
    };
    quote! {
        #route_label
        #(#sets)*
        #call_set
        #family

        #(#attributes)*
        #visibility static #name: #ty = #ty::new();

        #[automatically_derived]
        #[allow(unused_qualifications, clippy::cast_precision_loss)]
        const _: () = {
            impl #krate::http::HttpMetrics for #ty {
                type Handler = #route;
                type InProgress = #guard;
                const OUTGOING: bool = #client;

                #[allow(unused_variables, clippy::unused_unit)]
                #[inline]
                fn begin(&'static self, handler: #route, method: &#krate::__private::HttpMethod) -> #guard {
                    #begin
                }

                #[inline]
                fn end(&'static self, handler: #route, exchange: &#krate::http::Exchange<'_>) {
                    let method = <#methods as ::core::convert::From<&#krate::__private::HttpMethod>>::from(exchange.method);
                    let _ = (handler, method);
                    #(#records)*
                }
            }
        };
    }
}

/// The label for routes that come while the program runs.
fn open_label(
    Model {
        krate, item, handler, ..
    }: &Model,
    ident: &Ident,
    max: &TokenStream,
) -> TokenStream {
    let visibility = &item.visibility;
    let name = handler.unraw().to_string();
    let label = label::open::open_label(quote! {
        /// What handles requests, by the templates of routes.
        #visibility struct #ident(max = #max, name = #name, crate = #krate);
    });
    quote! {
        #label

        #[automatically_derived]
        impl #krate::http::Handler for #ident {
            fn of(template: &str) -> Self {
                Self::intern(template)
            }

            fn text(self) -> &'static str {
                self.value()
            }

            #[inline]
            fn renew(self) {
                #ident::renew(self);
            }
        }
    }
}

fn struct_of_metrics(model: &Model, [handled, request, exchange, incomplete, grpc]: [&Ident; 5]) -> TokenStream {
    let Model {
        krate,
        item: Item { visibility, ty, .. },
        family,
        statuses,
        buckets,
        slo,
        high_resolution: bounds,
        in_progress_labels,
        client,
        names,
        ..
    } = model;
    let (what, of_what) = if *client {
        ("Calls", "calls")
    } else {
        ("Requests", "requests")
    };
    let field = |name: &Option<Ident>, help: &str, options: TokenStream, ty: TokenStream| {
        let name = name.as_ref()?;
        let options = (!options.is_empty()).then(|| quote!(#[metric(#options)]));
        Some(quote!(#[doc = #help] #options #visibility #name: #krate::#ty,))
    };
    let [
        requests,
        duration,
        high_resolution,
        request_size,
        response_size,
        in_progress,
        unfinished,
        calls,
    ] = names;
    let deciding = quote!(if <#statuses as #krate::http::ResponseStatus>::AT_ZERO { 2 } else { 3 });
    let slo = slo.iter();
    // `dense`, because what is exported are routes as a whole, and how many there can be is said by the user.
    let gauge = if *in_progress_labels {
        quote!(InFlight<#request>)
    } else {
        quote!(InFlight)
    };
    let fields = [
        field(
            requests,
            &format!("{what} that ended, by how they were answered."),
            quote!(touched = #deciding, dense),
            quote!(Counter<#exchange>),
        ),
        field(
            duration,
            &format!("Duration of {of_what}, whatever their end."),
            quote!(buckets = #buckets, touched, dense #(, slo = #slo)*),
            quote!(Histogram<#request>),
        ),
        field(
            high_resolution,
            &format!("Duration of {of_what}, in many buckets and without labels."),
            quote!(buckets = #bounds),
            quote!(Histogram),
        ),
        field(
            request_size,
            "Bytes of requests' bodies that were transferred.",
            TokenStream::new(),
            quote!(Summary<#handled>),
        ),
        field(
            response_size,
            "Bytes of responses' bodies that were transferred.",
            TokenStream::new(),
            quote!(Summary<#handled>),
        ),
        field(
            in_progress,
            &format!("{what} that have not ended yet."),
            TokenStream::new(),
            gauge,
        ),
        field(
            unfinished,
            &format!("{what} that did not end with a whole response, by why."),
            TokenStream::new(),
            quote!(Counter<#incomplete>),
        ),
        field(
            calls,
            "gRPC calls that ended, by the status in their trailers.",
            quote!(dense),
            quote!(Counter<#grpc>),
        ),
    ];
    let doc = " What an HTTP layer records into.";
    family::metric_family(
        family.clone(),
        quote! {
            #[doc = #doc]
            #[derive(::core::fmt::Debug)]
            #visibility struct #ty { #(#fields)* }
        },
    )
}
