//! Model to tokens: the rules as data, and a constant for each question.

use enumetrics_promql::{
    Asks, BinaryOp, Instruction, Interval, LabelSource, Measure, Names, Operand, Origin, Question, Step, with_variables,
};
use proc_macro2::{Ident, Literal, Span, TokenStream};
use quote::{ToTokens, format_ident, quote, quote_spanned};

use super::alert::{Alert, Severity};
use super::lint::{Analysed, Analysis};
use super::slo::RETENTION;
use super::{Group, Kind, LabelValue, Rule, joined};
use crate::span::Place;

pub(super) fn expand(group: &Group, analysis: &Analysis) -> TokenStream {
    let Group {
        krate,
        attributes,
        visibility,
        ident,
        options,
        catalogs,
        external,
        slos,
        rules,
    } = group;
    let mut questions = Questions::new(krate);
    for analysed in &analysis.rules {
        questions.rule(analysed);
    }
    let Questions { series, checks, .. } = &questions;
    let check = quote!(#krate::__private::check::rule);
    let series = series.iter().enumerate().map(|(at, name)| {
        let constant = constant(at);
        quote!(const #constant: #check::Series = #check::find(&__TABLE, #name);)
    });
    let listed = catalogs.iter().map(|catalog| {
        let place = Place::from(catalog).first;
        quote_spanned!(place=> &#catalog)
    });
    let declared = (0..catalogs.len()).map(|at| quote!(__LISTED[#at].__declared()));
    let external = external.iter().map(|external| external.descriptor(krate));
    let target_labels = &options.target_labels;
    // As they are written, but for records, which stand behind those that they name.
    let (mut records, mut alerts, mut panels) = (Vec::new(), Vec::new(), Vec::new());
    for analysed in &analysis.rules {
        let rule = &rules[analysed.at];
        if rule.is_record() {
            records.push(data(group, rule, analysed));
        }
    }
    for (at, rule) in rules.iter().enumerate() {
        let kind = match rule.kind {
            Kind::Record => continue,
            Kind::Alert(_) => &mut alerts,
            Kind::Panel(_) => &mut panels,
        };
        let analysed = analysis.rules.iter().find(|analysed| analysed.at == at);
        kind.extend(analysed.map(|analysed| data(group, rule, analysed)));
    }
    let panels = (!panels.is_empty()).then(|| quote!(.__panels(&[#(#panels),*])));
    let name = group.name();
    let slos = slos.iter().map(|slo| slo.data(krate));
    let retention = options.retention.as_deref().unwrap_or(RETENTION);
    let interval = options.interval.iter();
    let warnings = &analysis.warnings;
    let runbooks = rules.iter().filter_map(runbook);
    quote! {
        #attributes
        #[allow(long_running_const_eval, unused_qualifications)]
        #visibility static #ident: #krate::Rules = {
            static __EXTERNAL: &[#krate::Descriptor] = &[#(#external),*];
            static __LISTED: &[&#krate::Catalog<'static>] = &[#(#listed),*];
            const __CATALOGS: &[&[&[#krate::Descriptor]]] = &[#(#declared,)* &[__EXTERNAL]];
            const __TARGETS: &[&::core::primitive::str] = &[#(#target_labels),*];
            static __TABLE: [#check::Series; #check::count(__CATALOGS)] = #check::table(__CATALOGS, __TARGETS);
            #(#series)*
            #(const _: () = #checks;)*
            #(#runbooks)*
            #krate::Rules::__new(#name, __LISTED, __EXTERNAL, __TARGETS, &[#(#records),*], &[#(#alerts),*])
                #(.__interval(#interval))*
                .__slos(&[#(#slos),*], #retention)
                #panels
        };
        #warnings
    }
}

/// The runbook is read, so that the check is made again when it changes.
fn runbook(rule: &Rule) -> Option<TokenStream> {
    let Kind::Alert(alert) = &rule.kind else { return None };
    let path = alert.runbook_file.as_ref()?.to_str()?.to_owned();
    Some(quote!(
        const _: &[::core::primitive::u8] = ::core::include_bytes!(#path);
    ))
}

/// A rule as the value of a constant.
fn data(group: &Group, rule: &Rule, analysed: &Analysed) -> TokenStream {
    let krate = &group.krate;
    let text = quote!(#krate::__private::LabelText);
    let name = &rule.name.text;
    let expression = &analysed.expression;
    let mut labels: Vec<TokenStream> = Vec::new();
    if let Kind::Alert(Alert {
        severity: Some(severity),
        ..
    }) = &rule.kind
    {
        let value = severity.tokens(group);
        labels.push(quote!(("severity", #text::Value(|| #text::of(&#value)))));
    }
    labels.extend(rule.labels.iter().map(|(name, value)| match value {
        LabelValue::Text(value) => quote!((#name, #text::Text(#value))),
        LabelValue::Variant(value) => quote!((#name, #text::Value(|| #text::of(&#value)))),
    }));
    let per_target = matches!(&rule.kind, Kind::Alert(alert) if alert.per_target);
    let per_target = per_target.then(|| ("agg-missing".to_owned(), "per_target".to_owned()));
    let allowed = rule.allowed.iter().chain(&per_target);
    let allowed = allowed.map(|(id, reason)| quote!((#id, #reason)));
    let place = rule.name.place.first;
    let declared_at = quote_spanned!(place=> (::core::file!(), ::core::line!()));
    match &rule.kind {
        Kind::Record => quote! {
            #krate::RecordingRule::__new(#name, #expression, &[#(#labels),*], &[#(#allowed),*], #declared_at)
        },
        Kind::Panel(panel) => {
            let about = joined(&rule.docs);
            let expression = with_variables(expression);
            let calls = panel.calls(krate);
            quote! {
                #krate::PanelQuery::__new(#name, #about, #expression, &[#(#allowed),*], #declared_at) #calls
            }
        }
        Kind::Alert(alert) => {
            let annotations = annotations(group, rule, alert);
            let annotations = annotations.iter().map(|(name, text)| quote!((#name, #text)));
            let duration = |text: &Option<String>| optional(text.as_ref().map(String::to_token_stream));
            let (hold, keep_firing_for) = (duration(&alert.hold), duration(&alert.keep_firing_for));
            quote! {
                #krate::AlertRule::__new(
                    #name, #expression, &[#(#labels),*], &[#(#annotations),*], &[#(#allowed),*], #declared_at
                )
                    .__lasting(#hold, #keep_firing_for)
            }
        }
    }
}

fn optional(value: Option<TokenStream>) -> TokenStream {
    match value {
        Some(value) => quote!(::core::option::Option::Some(#value)),
        None => quote!(::core::option::Option::None),
    }
}

/// The first paragraph of the doc comment is the summary, the others are the description, where nothing else is said.
fn annotations(group: &Group, rule: &Rule, alert: &Alert) -> Vec<(&'static str, String)> {
    let first = rule.docs.first().map(|(paragraph, _)| paragraph.clone());
    let rest = rule.docs.get(1..).map(joined).filter(|rest| !rest.is_empty());
    let text = |text: &Option<(String, Span)>| text.as_ref().map(|(text, _)| text.clone());
    let summary = text(&alert.summary).or(first);
    let description = text(&alert.description).or(rest);
    let url = alert.runbook.as_ref().map(|runbook| match &group.options.runbooks {
        Some(base) if !runbook.contains("://") => format!("{base}{runbook}"),
        _ => runbook.clone(),
    });
    let all = [("summary", summary), ("description", description), ("runbook_url", url)];
    all.into_iter().filter_map(|(name, text)| Some((name, text?))).collect()
}

impl Severity {
    pub(super) fn tokens(&self, group: &Group) -> TokenStream {
        match (self, &group.options.severity) {
            (Self::Path(path), _) => path.clone(),
            (Self::Variant(variant), Some(path)) => quote_spanned!(variant.span()=> #path::#variant),
            (Self::Variant(variant), None) => {
                let krate = &group.krate;
                let path = Place::from(variant.span()).moved(&quote!(#krate::Severity));
                quote_spanned!(variant.span()=> #path::#variant)
            }
        }
    }
}

/// That of a series.
fn constant(at: usize) -> Ident {
    format_ident!("__SERIES_{at}")
}

/// The questions of a group as calls of constant functions.
struct Questions {
    promql: TokenStream,
    check: TokenStream,
    /// Each name once: each becomes a constant.
    series: Vec<String>,
    checks: Vec<TokenStream>,
}

impl Questions {
    fn new(krate: &TokenStream) -> Self {
        Self {
            promql: quote!(#krate::__private::promql),
            check: quote!(#krate::__private::check::rule),
            series: Vec::new(),
            checks: Vec::new(),
        }
    }

    fn rule(&mut self, analysed: &Analysed) {
        for (place, questions) in &analysed.questions {
            let problems: Vec<_> = questions.iter().map(|question| self.question(question)).collect();
            let check = &self.check;
            let either = |first: TokenStream, next: TokenStream| quote!(#check::either(#first, #next));
            if let Some(problem) = problems.into_iter().reduce(either) {
                self.ask(*place, &problem);
            }
        }
        for (label, span) in &analysed.shown {
            let labels = self.sources(&analysed.meaning.labels);
            let check = &self.check;
            let problem = quote!(#check::shown(#labels, #label));
            self.ask((*span).into(), &problem);
        }
    }

    fn ask(&mut self, place: Place, problem: &TokenStream) {
        let call = place.call(&self.check, "answer", problem.clone());
        self.checks.push(call);
    }

    fn series(&mut self, name: &str) -> Ident {
        let known = self.series.iter().position(|known| known == name);
        let at = known.unwrap_or_else(|| {
            self.series.push(name.to_owned());
            self.series.len() - 1
        });
        constant(at)
    }

    fn question(&mut self, question: &Question) -> TokenStream {
        let check = self.check.clone();
        let promql = self.promql.clone();
        match &question.asks {
            Asks::Exists { series: name } => {
                let series = self.series(name);
                quote!(#check::exists(&__TABLE, #series, #name))
            }
            Asks::Label { series, label } => {
                let series = self.series(series);
                quote!(#check::label(#series, #label))
            }
            Asks::Value { series, label, value } => {
                let series = self.series(series);
                quote!(#check::value(#series, #label, #value))
            }
            Asks::Bucket {
                series,
                text,
                bound,
                canonical,
            } => {
                let series = self.series(series);
                quote!(#check::bucket(#series, #text, #bound, #canonical))
            }
            Asks::Matches {
                series,
                label,
                pattern,
                program,
            } => {
                let series = self.series(series);
                let program = program
                    .iter()
                    .map(|instruction| instruction_tokens(*instruction, &promql));
                quote!(#check::matches(#series, #label, #pattern, &[#(#program),*]))
            }
            Asks::IsCounter { series, function } => {
                let series = self.series(series);
                quote!(#check::is_counter(#series, #function))
            }
            Asks::IsGauge { series, function } => {
                let series = self.series(series);
                quote!(#check::is_gauge(#series, #function))
            }
            Asks::IsNoCounter { series, rate } => {
                let series = self.series(series);
                quote!(#check::is_no_counter(#series, #rate))
            }
            Asks::IsBuckets { series } => {
                let series = self.series(series);
                quote!(#check::is_buckets(#series))
            }
            Asks::Known { labels, label, what } => {
                let labels = self.sources(labels);
                quote!(#check::known(#labels, #label, #what))
            }
            Asks::Meet {
                left,
                right,
                on,
                labels,
                op,
            } => {
                let (left, right) = (self.sources(left), self.sources(right));
                let op = op.to_string();
                quote!(#check::meet(#left, #right, #on, &[#(#labels),*], #op))
            }
            Asks::Single {
                labels,
                chosen,
                on,
                compared,
                side,
                fix,
            } => {
                let labels = self.sources(labels);
                quote!(#check::single(#labels, &[#(#chosen),*], #on, &[#(#compared),*], #side, #fix))
            }
            Asks::SameUnit { left, right, op } => {
                let (left, right) = (self.measure(left), self.measure(right));
                let is_compared = op.is_comparison();
                quote!(#check::same_unit(#left, #right, #is_compared))
            }
            Asks::Compares {
                values,
                op,
                threshold,
                quantile_of,
                not_always,
            } => {
                let values: Vec<_> = values.iter().map(|step| self.step(step)).collect();
                let op = operator_tokens(*op, &promql);
                let threshold = interval_tokens(*threshold, &promql);
                let quantile_of = optional(quantile_of.as_ref().map(|series| self.series(series).to_token_stream()));
                quote!(#check::compares(&[#(#values),*], #op, #threshold, #quantile_of, #not_always))
            }
        }
    }

    fn measure(&mut self, Measure { series, per_second }: &Measure) -> TokenStream {
        let series = self.series(series);
        quote!((#series, #per_second))
    }

    fn sources(&mut self, sources: &[LabelSource]) -> TokenStream {
        let check = self.check.clone();
        let sources = sources.iter().map(|source| {
            let LabelSource {
                origin,
                only,
                without,
                plus,
                perhaps,
            } = source;
            let origin = match origin {
                Origin::Nothing => quote!(Nothing),
                Origin::Anything => quote!(Anything),
                Origin::Series(name) => {
                    let series = self.series(name);
                    quote!(Series(#series))
                }
            };
            let list = |labels: &Names| {
                let labels = labels.iter();
                quote!(&[#(#labels),*])
            };
            let only = optional(only.as_ref().map(list));
            let (without, plus, perhaps) = (list(without), list(plus), list(perhaps));
            quote!(#check::Source {
                origin: #check::Origin::#origin, only: #only, without: #without, plus: #plus, perhaps: #perhaps
            })
        });
        let sources: Vec<_> = sources.collect();
        quote!(&[#(#sources),*])
    }

    fn step(&mut self, step: &Step<Operand>) -> TokenStream {
        let promql = self.promql.clone();
        let step = match step {
            Step::Sum => quote!(Sum),
            Step::Negate => quote!(Negate),
            Step::Combine(op) => {
                let op = operator_tokens(*op, &promql);
                quote!(Combine(#op))
            }
            Step::Push(operand) => {
                let interval = match operand {
                    Operand::Fixed(interval) => interval_tokens(*interval, &promql),
                    Operand::Values(name) => {
                        let series = self.series(name);
                        quote!(#series.interval())
                    }
                    Operand::Rate(name) => {
                        let series = self.series(name);
                        quote!(#series.rates())
                    }
                    Operand::Quantile(name) => {
                        let series = self.series(name);
                        quote!(#series.quantiles())
                    }
                };
                quote!(Push(#interval))
            }
        };
        quote!(#promql::Step::#step)
    }
}

fn instruction_tokens(instruction: Instruction, promql: &TokenStream) -> TokenStream {
    let instruction = match instruction {
        Instruction::Character { ascii, others } => quote!(Character { ascii: #ascii, others: #others }),
        Instruction::Split(a, b) => quote!(Split(#a, #b)),
        Instruction::Jump(there) => quote!(Jump(#there)),
        Instruction::Start => quote!(Start),
        Instruction::End => quote!(End),
        Instruction::Match => quote!(Match),
    };
    quote!(#promql::Instruction::#instruction)
}

fn operator_tokens(op: BinaryOp, promql: &TokenStream) -> TokenStream {
    // The variants are called as they are shown for debugging.
    let op = format_ident!("{op:?}");
    quote!(#promql::BinaryOp::#op)
}

fn interval_tokens(Interval { least, most }: Interval, promql: &TokenStream) -> TokenStream {
    // Infinity is no literal.
    let (least, most) = (
        Literal::u64_suffixed(least.to_bits()),
        Literal::u64_suffixed(most.to_bits()),
    );
    let bits = quote!(::core::primitive::f64::from_bits);
    quote!(#promql::Interval::new(#bits(#least), #bits(#most)))
}
