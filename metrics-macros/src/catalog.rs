//! `catalog!`: the one list of what a program exports.

use proc_macro2::{Ident, TokenStream, TokenTree};
use quote::{quote, quote_spanned};
use syn::parse::{Parse, ParseStream};
use syn::{Attribute, Path, Token, Visibility};

use crate::attribute::{MAX_SERIES, default_crate_path, split_at_commas, take_settings};
use crate::diagnostics::Errors;
use crate::span::{self, Place, private, span_of};

pub(crate) fn catalog(item: TokenStream) -> TokenStream {
    let mut errors = Errors::default();
    let mut catalog: Option<Catalog> = errors.ok(syn::parse2(item));
    if let Some(catalog) = &mut catalog {
        for setting in take_settings(&mut catalog.attributes, "catalog", &[MAX_SERIES], &mut errors) {
            catalog.max_series = setting.value_as("a number", &mut errors);
        }
    }
    let expansion = catalog.as_ref().map(expand);
    let errors = errors.into_tokens();
    quote!(#expansion #errors)
}

/// `pub static METRICS = [KYC, HTTP];`
struct Catalog {
    krate: TokenStream,
    attributes: Vec<Attribute>,
    visibility: Visibility,
    ident: Ident,
    structs: Vec<TokenStream>,
    max_series: Option<TokenStream>,
}

impl Parse for Catalog {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        let krate = if input.peek(Token![crate]) && input.peek2(Token![=]) {
            input.parse::<Token![crate]>()?;
            input.parse::<Token![=]>()?;
            let path: Path = input.parse()?;
            input.parse::<Token![;]>()?;
            quote!(#path)
        } else {
            default_crate_path()
        };
        let attributes = input.call(Attribute::parse_outer)?;
        let visibility = input.parse()?;
        input.parse::<Token![static]>().map_err(|error| {
            syn::Error::new(
                error.span(),
                "expected `static`, as in `pub static METRICS = [KYC, HTTP];`",
            )
        })?;
        let ident = input.parse()?;
        input.parse::<Token![=]>()?;
        let list;
        syn::bracketed!(list in input);
        let structs = split_at_commas(list.parse()?);
        if let Some(TokenTree::Punct(punct)) = structs.iter().find_map(|tokens| tokens.clone().into_iter().next())
            && punct.as_char() == '&'
        {
            return Err(syn::Error::new(punct.span(), "list the static itself, without `&`"));
        }
        input.parse::<Token![;]>()?;
        Ok(Self {
            krate,
            attributes,
            visibility,
            ident,
            structs,
            max_series: None,
        })
    }
}

fn expand(
    Catalog {
        krate,
        attributes,
        visibility,
        ident,
        structs,
        max_series,
    }: &Catalog,
) -> TokenStream {
    let check = quote!(#krate::__private::check);
    let checks = structs.iter().enumerate().map(|(index, tokens)| {
        let place = Place::of(tokens, ident.span());
        span::check(krate, place, "no_conflict", &quote!(__CONFLICTS[#index]))
    });
    let listed = structs.iter().map(|tokens| {
        let span = span_of(tokens, ident.span());
        let private = private(krate, span);
        // A constant has no address: that is told before what else is wrong with one.
        quote_spanned!(span=> { let _ = &raw const #tokens; #private::Listed::new(&#tokens) })
    });
    let count = structs.len();
    // One more than are listed: what the catalog adds for open labels.
    let total = count + 1;
    let added = span::check(krate, ident.span(), "no_conflict", &quote!(__CONFLICTS[#count]));
    let name = ident.to_string();
    let budget = max_series.iter().map(|budget| {
        let arguments = quote!(#name, &__STRUCTS, #budget);
        span::check(krate, Place::of(budget, ident.span()), "within_budget", &arguments)
    });
    quote! {
        #(#attributes)*
        #[allow(long_running_const_eval, unused_qualifications)]
        #visibility static #ident: #krate::Catalog<'static> = {
            // Statics, so that what is listed must be one: a constant would be another value each time it is named.
            static __LISTED: [#krate::__private::Listed<'static>; #count] = [#(#listed),*];
            const __DECLARED: [&[#krate::Descriptor]; #count] = #krate::__private::Listed::descriptors(&__LISTED, &[]);
            static __OVERFLOWS: #krate::__private::Overflows = #krate::__private::overflows!(&__DECLARED);
            static __EXPORTS: [&dyn #krate::Export; #total] =
                #krate::__private::Listed::exports(&__LISTED, &__OVERFLOWS);
            const __STRUCTS: [&[#krate::Descriptor]; #total] =
                #krate::__private::Listed::descriptors(&__LISTED, __OVERFLOWS.declared());
            const __CONFLICTS: [::core::option::Option<#check::Conflict>; #total] =
                #check::conflicts::<{ #check::claims(&__STRUCTS) }, #total>(&__STRUCTS);
            #(const _: () = #checks;)*
            const _: () = #added;
            #(const _: () = #budget;)*
            #krate::Catalog::__new(&__EXPORTS, &__STRUCTS)
        };
    }
}
