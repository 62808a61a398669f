//! Objectives: each becomes recording rules and two alerts, as chapter 5 of Google's SRE workbook has them.
//!
//! What is recorded is called as [sloth](https://sloth.dev) calls it where it is the same.

use enumetrics_promql::{ExprKind, Matcher, Modifiers, Selector};
use proc_macro2::{Delimiter, Group as Brackets, Ident, Literal, Span, TokenStream, TokenTree};
use quote::{ToTokens, quote, quote_spanned};
use syn::ext::IdentExt;
use syn::parse::{Parse, ParseStream};
use syn::{LitFloat, LitInt, LitStr, Path};

use super::alert::{Alert, Severity};
use super::parse::{ALLOW, LABELS, allowed, labels, seconds};
use super::promql::Expression;
use super::{Kind, LabelValue, Name, Options, Rule, is_duration, joined, runbook};
use crate::attribute::{Setting, form};
use crate::diagnostics::Errors;
use crate::span::Place;

const OBJECTIVE: &str = "objective";
const WINDOW: &str = "window";
const BY: &str = "by";
const FACTORS: &str = "factors";
const MIN_BAD: &str = "min_bad";
const PAGE: &str = "page";
const TICKET: &str = "ticket";
const RUNBOOK: &str = "runbook";

/// What `#[slo(…)]` knows.
pub(super) const WORDS: [&str; 10] = [
    OBJECTIVE, WINDOW, BY, FACTORS, MIN_BAD, PAGE, TICKET, RUNBOOK, LABELS, ALLOW,
];

/// The label with the objective's name.
const SLO: &str = "slo";
/// The label with the group's name: other programs may have an objective of the same name.
const SLO_GROUP: &str = "slo_group";

const DAY: f64 = 86_400.0;
/// What Prometheus keeps, where `#[rules(retention = "…")]` says nothing; the generated files say it to Prometheus.
pub(super) const RETENTION: &str = "30d";

/// The alerts of the workbook's table 5-8 for a window of 30 days. Each looks at a long window, which says that much of the
/// budget is gone, and at a twelfth of it, which says that it still goes.
const ROWS: [(Urgency, &str, &str, f64); 4] = [
    (Urgency::Page, "1h", "5m", 14.4),
    (Urgency::Page, "6h", "30m", 6.0),
    (Urgency::Ticket, "1d", "2h", 3.0),
    (Urgency::Ticket, "3d", "6h", 1.0),
];
const ROWS_FOR: f64 = 30.0 * DAY;

/// Over these the ratio is computed from the samples, over longer ones from what was recorded: so many samples are more
/// than a server wants to read each time.
const FROM_SAMPLES: [&str; 5] = ["5m", "30m", "1h", "2h", "6h"];
const FROM_RECORDS: [&str; 2] = ["1d", "3d"];

#[derive(Clone, Copy, PartialEq)]
pub(super) enum Urgency {
    Page,
    Ticket,
}

pub(super) struct Slo {
    pub(super) name: Name,
    pub(super) docs: Vec<(String, Span)>,
    pub(super) objective: Percent,
    pub(super) windows: Vec<Window>,
    by: Vec<Ident>,
    /// What each of [`ROWS`] that is shorter than the first window takes for too fast.
    pub(super) burns: Vec<Burn>,
    min_bad: u32,
    severities: [Option<Severity>; 2],
    pub(super) runbook: Option<Runbook>,
    labels: Vec<(String, LabelValue)>,
    pub(super) allowed: Vec<(String, String)>,
    pub(super) indicator: Indicator,
}

pub(super) struct Runbook {
    text: String,
    file: Option<std::path::PathBuf>,
}

/// `99.9`, as it is written, and what is left to 100, both as parts of one.
pub(super) struct Percent {
    pub(super) text: String,
    pub(super) ratio: String,
    pub(super) budget: String,
}

pub(super) struct Window {
    pub(super) text: String,
    pub(super) seconds: f64,
}

pub(super) struct Burn {
    pub(super) urgency: Urgency,
    pub(super) long: &'static str,
    pub(super) short: &'static str,
    pub(super) factor: f64,
}

/// What is measured.
pub(super) enum Indicator {
    Bad {
        part: Sli,
        total: Sli,
    },
    Good {
        part: Sli,
        total: Sli,
    },
    /// Observations below a bucket's bound, which is written as `le` has it.
    Under {
        histogram: Sli,
        bound: String,
        span: Span,
    },
    /// Observations below a number, of a histogram with native buckets.
    NativeUnder {
        histogram: Sli,
        bound: String,
    },
}

/// The series of a counter, or a histogram without suffix.
pub(super) struct Sli {
    tokens: TokenStream,
    selector: Selector,
}

impl Slo {
    pub(super) fn new(
        name: Name,
        docs: Vec<(String, Span)>,
        settings: &[Setting],
        mistaken: bool,
        expression: TokenStream,
        options: &Options,
        errors: &mut Errors,
    ) -> Option<Self> {
        let find = |word: &str| settings.iter().find(|setting| setting.word() == word);
        let indicator = Indicator::new(expression, name.place, errors);
        if !super::parse::is_word(&name.text) {
            name.place
                .error("expected the name of an objective, such as `Availability`", errors);
        }
        let objective = match find(OBJECTIVE) {
            Some(setting) => Percent::new(setting, errors),
            None if mistaken => None,
            None => {
                let advice = "how much must be good? Say it in percent: `#[slo(objective = 99.9, …)]`";
                name.place.error(form(advice), errors);
                None
            }
        };
        let windows = match find(WINDOW) {
            Some(setting) => Window::list(setting, options, errors),
            None if mistaken => Vec::new(),
            None => {
                let advice = "over which time? Say `#[slo(window = \"30d\", …)]`";
                name.place.error(form(advice), errors);
                Vec::new()
            }
        };
        let by = find(BY).map_or_else(Vec::new, |setting| by(setting, errors));
        let min_bad = match find(MIN_BAD) {
            Some(setting) => setting
                .value_as::<LitInt>("a number of events", errors)
                .and_then(|number| errors.ok(number.base10_parse()))
                .unwrap_or_default(),
            None => 2,
        };
        let severities = [
            severity(find(PAGE), PAGE, "Critical", name.place, options, errors),
            severity(find(TICKET), TICKET, "Warning", name.place, options, errors),
        ];
        let runbook = find(RUNBOOK)
            .and_then(|setting| setting.string(errors))
            .and_then(|text| match runbook::check(&text.value()) {
                Ok(file) => Some(Runbook {
                    text: text.value(),
                    file,
                }),
                Err(problem) => {
                    errors.at(text.span(), format_args!("{problem} [alert-runbook]"));
                    None
                }
            });
        let labels = find(LABELS).map_or_else(Vec::new, |setting| labels(setting, errors));
        let allowed = find(ALLOW).map_or_else(Vec::new, |setting| allowed(setting, errors));
        let (objective, indicator) = (objective?, indicator?);
        let burns = burns(&objective, windows.first()?, find(OBJECTIVE), find(FACTORS), errors)?;
        Some(Self {
            name,
            docs,
            objective,
            windows,
            by,
            burns,
            min_bad,
            severities,
            runbook,
            labels,
            allowed,
            indicator,
        })
    }

    /// Its rules: what they record, and when they fire. The first says what the compiler says of the metrics.
    pub(super) fn rules(&self, group: &str) -> Vec<Rule> {
        let mut rules = Vec::new();
        self.record(&mut rules, group, "slo:sli_bad:rate5m", self.bad("5m"), &[]);
        if let Some(first) = rules.first_mut() {
            first.asked = Some(self.probes());
        }
        self.record(&mut rules, group, "slo:sli_total:rate5m", self.total("5m"), &[]);
        let shortest = self.windows.iter().map(|window| window.seconds);
        let shortest = shortest.fold(f64::INFINITY, f64::min);
        let mut windows: Vec<&str> = FROM_SAMPLES.to_vec();
        windows.extend(FROM_RECORDS.iter().filter(|text| seconds(text) < Some(shortest)));
        for window in &self.windows {
            if !windows.iter().any(|known| seconds(known) == Some(window.seconds)) {
                windows.push(&window.text);
            }
        }
        for window in windows {
            let ratio = match FROM_SAMPLES.contains(&window) {
                true => self.ratio(window),
                false => {
                    let sum = |name| format!("sum_over_time({}[{window}])", self.recorded(group, name));
                    format!("{} / {}", sum("slo:sli_bad:rate5m"), sum("slo:sli_total:rate5m"))
                }
            };
            self.record(&mut rules, group, &ratio_name(window), ratio, &[]);
        }
        let Percent { text, ratio, budget } = &self.objective;
        self.record(
            &mut rules,
            group,
            "slo:objective:ratio",
            format!("vector({ratio})"),
            &[],
        );
        for window in &self.windows {
            let window = window.text.as_str();
            let more = [("window", window)];
            let spent = format!("{} / {budget}", self.recorded(group, &ratio_name(window)));
            self.record(
                &mut rules,
                group,
                "slo:error_budget_remaining:ratio",
                format!("1 - {spent}"),
                &more,
            );
            let more = [("objective", text.as_str()), ("window", window)];
            self.record(&mut rules, group, "slo:objective:info", "vector(1)".to_owned(), &more);
        }
        let burn_rate = format!("{} / {budget}", self.recorded(group, &ratio_name("1h")));
        self.record(&mut rules, group, "slo:burn_rate:ratio_rate1h", burn_rate, &[]);
        rules.extend(self.alert(group, Urgency::Page));
        rules.extend(self.alert(group, Urgency::Ticket));
        rules
    }

    fn record(&self, rules: &mut Vec<Rule>, group: &str, name: &str, expression: String, more: &[(&str, &str)]) {
        let mut labels = self.own_labels(group);
        labels.extend(self.labels.iter().cloned());
        let more = more
            .iter()
            .map(|(name, value)| ((*name).to_owned(), LabelValue::Text((*value).to_owned())));
        labels.extend(more);
        rules.push(self.rule(name.to_owned(), Kind::Record, labels, expression));
    }

    fn rule(&self, name: String, kind: Kind, labels: Vec<(String, LabelValue)>, text: String) -> Rule {
        let place = self.name.place;
        Rule {
            name: Name { text: name, place },
            docs: Vec::new(),
            kind,
            labels,
            allowed: self.allowed.clone(),
            expression: Expression::Text { text, place },
            asked: Some(Vec::new()),
        }
    }

    fn own_labels(&self, group: &str) -> Vec<(String, LabelValue)> {
        [(SLO, self.name.text.as_str()), (SLO_GROUP, group)]
            .map(|(name, value)| (name.to_owned(), LabelValue::Text(value.to_owned())))
            .into()
    }

    fn alert(&self, group: &str, urgency: Urgency) -> Option<Rule> {
        let burns: Vec<_> = self.burns.iter().filter(|burn| burn.urgency == urgency).collect();
        // The one that lasts longest.
        let slowest = burns.last()?;
        let budget = &self.objective.budget;
        let too_fast = burns.iter().map(|burn| {
            let above = |window| {
                let ratio = self.recorded(group, &ratio_name(window));
                format!("{ratio} > {} * {budget}", burn.factor)
            };
            let mut all = format!("{} and {}", above(burn.long), above(burn.short));
            if self.min_bad > 1 {
                let bad = self.recorded(group, "slo:sli_bad:rate5m");
                // The integral of the rate: what was not recorded yet counts nothing, as it would in an average.
                let (step, seconds) = if burn.urgency == Urgency::Page {
                    ("1m", 60)
                } else {
                    ("5m", 300)
                };
                // Half an event for what rates extrapolate.
                let least = f64::from(self.min_bad) - 0.5;
                all += &format!(" and sum_over_time({bad}[{}:{step}]) * {seconds} > {least}", burn.long);
            }
            format!("({all})")
        });
        let expression = too_fast.collect::<Vec<_>>().join(" or ");
        let window = self.windows.first()?;
        let fast = urgency == Urgency::Page;
        let (suffix, how) = if fast {
            ("FastBurn", "fast")
        } else {
            ("SlowBurn", "slowly, but too fast")
        };
        let text = |text: String| Some((text, self.name.place.first));
        let mut of = String::new();
        for label in self.labels_by() {
            of += if of.is_empty() { " of " } else { ", " };
            of += &format!("{{{{ $labels.{label} }}}}");
        }
        let mut docs = String::new();
        for (paragraph, _) in &self.docs {
            docs += &format!("{paragraph} ");
        }
        let gone = span_of_time(window.seconds / slowest.factor);
        let Percent { text: objective, .. } = &self.objective;
        let alert = Alert {
            severity: self.severities[usize::from(!fast)].clone(),
            runbook: self.runbook.as_ref().map(|runbook| runbook.text.clone()),
            runbook_file: self.runbook.as_ref().and_then(|runbook| runbook.file.clone()),
            summary: text(format!("The error budget of {}{of} burns {how}", self.name.text)),
            description: text(format!(
                "{docs}{{{{ $value | humanizePercentage }}}} are bad, and the objective is {objective} % good over {}: the \
                 budget is gone in {gone} or less if this goes on.",
                window.text
            )),
            ..Alert::default()
        };
        let mut labels = self.own_labels(group);
        labels.extend(self.labels.iter().cloned());
        Some(self.rule(
            format!("{}{suffix}", self.name.text),
            Kind::Alert(alert),
            labels,
            expression,
        ))
    }

    /// The labels that it is judged by, which are checked there.
    pub(super) fn labels_by(&self) -> Vec<String> {
        self.by.iter().map(|label| label.unraw().to_string()).collect()
    }

    /// What the objective's rules record under this name.
    fn recorded(&self, group: &str, name: &str) -> String {
        format!("{name}{{{SLO}={:?}, {SLO_GROUP}={group:?}}}", self.name.text)
    }

    /// `sum by (handler) (rate(total[5m]))`
    fn sum(&self, selector: &str, window: &str) -> String {
        let by = self.labels_by();
        match by.is_empty() {
            true => format!("sum(rate({selector}[{window}]))"),
            false => format!("sum by ({}) (rate({selector}[{window}]))", by.join(", ")),
        }
    }

    fn bad(&self, window: &str) -> String {
        match &self.indicator {
            Indicator::Bad { part, .. } => self.sum(&part.text("", None), window),
            Indicator::Good { .. } | Indicator::Under { .. } => {
                format!("{} - {}", self.total(window), self.sum(&self.indicator.part(), window))
            }
            // A fraction of nothing is no number, and one of these in a sum over time would be all that is left of it.
            Indicator::NativeUnder { .. } => {
                let total = self.total(window);
                format!("{total} == 0 or {total} * ({})", self.ratio(window))
            }
        }
    }

    fn total(&self, window: &str) -> String {
        let sum = self.sum(&self.indicator.total(), window);
        match &self.indicator {
            Indicator::NativeUnder { .. } => format!("histogram_count({sum})"),
            _ => sum,
        }
    }

    /// Bad events for each event.
    fn ratio(&self, window: &str) -> String {
        let part = self.sum(&self.indicator.part(), window);
        match &self.indicator {
            Indicator::Bad { .. } => format!("{part} / {}", self.total(window)),
            Indicator::Good { .. } | Indicator::Under { .. } => format!("1 - {part} / {}", self.total(window)),
            Indicator::NativeUnder { bound, .. } => format!("1 - histogram_fraction(-Inf, {bound}, {part})"),
        }
    }

    /// What is asked of the metrics, each with the tokens that are to blame, and once.
    fn probes(&self) -> Vec<Expression> {
        let place = self.name.place.first;
        let by = &self.by;
        let probe = |tokens: &TokenStream, grouped: bool| {
            let there = Place::from(tokens).first;
            let sum = (grouped && !by.is_empty()).then(|| quote_spanned!(place=> sum by (#(#by),*)));
            let probe = quote_spanned!(there=> rate(#tokens[5m]));
            Expression::new(quote!(#sum (#probe)), self.name.place)
        };
        match &self.indicator {
            Indicator::Bad { part, total } | Indicator::Good { part, total } => {
                vec![probe(&part.tokens, false), probe(&total.tokens, true)]
            }
            Indicator::Under { histogram, bound, span } => vec![probe(&histogram.buckets(bound, *span), true)],
            Indicator::NativeUnder { histogram, .. } => vec![probe(&histogram.tokens, true)],
        }
    }

    /// The data of an `enumetrics::Slo`, without its beginning.
    pub(super) fn data(&self, krate: &TokenStream) -> TokenStream {
        let Self {
            name,
            objective,
            indicator,
            ..
        } = self;
        let text = &name.text;
        let about = joined(&self.docs);
        let percent: f64 = objective.text.parse().unwrap_or_default();
        let windows = self.windows.iter().map(|window| &window.text);
        let by = self.labels_by();
        let (part, total) = (indicator.part(), indicator.total());
        let indicator = match indicator {
            Indicator::Bad { .. } => quote!(Bad { bad: #part, total: #total }),
            Indicator::Good { .. } => quote!(Good { good: #part, total: #total }),
            Indicator::Under { histogram, bound, .. } | Indicator::NativeUnder { histogram, bound } => {
                let (histogram, bound) = (histogram.text("", None), bound.parse::<f64>().unwrap_or_default());
                quote!(Under { histogram: #histogram, bound: #bound })
            }
        };
        let burns = self.burns.iter().map(|burn| {
            let Burn {
                urgency,
                long,
                short,
                factor,
            } = burn;
            let alert = format!(
                "{text}{}",
                if *urgency == Urgency::Page {
                    "FastBurn"
                } else {
                    "SlowBurn"
                }
            );
            quote!(#krate::SloBurn::__new(#alert, #long, #short, #factor))
        });
        let place = name.place.first;
        let declared_at = quote_spanned!(place=> (::core::file!(), ::core::line!()));
        quote! {
            #krate::Slo::__new(
                #text, #about, #percent, &[#(#windows),*], #krate::SloIndicator::#indicator, &[#(#by),*],
                &[#(#burns),*], #declared_at
            )
        }
    }
}

fn ratio_name(window: &str) -> String {
    format!("slo:sli_error:ratio_rate{window}")
}

/// In days or hours, rounded up.
fn span_of_time(seconds: f64) -> String {
    match seconds {
        long if long >= 2.0 * DAY => format!("{} days", (long / DAY).ceil()),
        short => format!("{} hours", (short / 3600.0).ceil()),
    }
}

impl Percent {
    fn new(setting: &Setting, errors: &mut Errors) -> Option<Self> {
        let Number { text, value, span } = setting.value_as("a number of percent, such as 99.9", errors)?;
        if value <= 0.0 || value >= 100.0 {
            let advice =
                "an objective is more than 0 and less than 100 percent: with 100 there is no budget for errors";
            errors.at(span, form(advice));
            return None;
        }
        if value < 1.0 {
            let percent = format!("{:.6}", value * 100.0);
            let percent = percent.trim_end_matches('0').trim_end_matches('.');
            errors.at(
                span,
                form(format!("an objective is in percent: did you mean {percent}?")),
            );
            return None;
        }
        // In decimals, so that 99.9 leaves 0.001, and not 0.0010000000000000009.
        let (whole, decimals) = text.split_once('.').unwrap_or((&text, ""));
        let part: Option<u64> = format!("{whole}{decimals}").parse().ok();
        let all = 10_u64.checked_pow(decimals.len() as u32 + 2);
        let Some((part, all)) = part.zip(all) else {
            errors.at(span, form("more digits than can be computed with"));
            return None;
        };
        let of_one = |part: u64| {
            let digits = format!("{part:0>width$}", width = decimals.len() + 2);
            format!("0.{}", digits.trim_end_matches('0'))
        };
        Some(Self {
            ratio: of_one(part),
            budget: of_one(all - part),
            text,
        })
    }
}

impl Window {
    fn list(setting: &Setting, options: &Options, errors: &mut Errors) -> Vec<Self> {
        let texts = match setting.is_list() {
            true => setting.list::<LitStr>("\"30d\", \"7d\"", errors),
            false => setting.string(errors).into_iter().collect(),
        };
        let retention = options.retention.as_deref().unwrap_or(RETENTION);
        let kept = seconds(retention).unwrap_or(f64::INFINITY);
        let mut windows = Vec::new();
        for text in texts {
            let (window, span) = (text.value(), text.span());
            let seconds = seconds(&window).filter(|_| is_duration(&window)).unwrap_or_default();
            if seconds < DAY {
                errors.at(
                    span,
                    form("expected a window of a day or more, such as \"30d\" or \"4w\""),
                );
            } else if seconds > kept {
                errors.at(
                    span,
                    format_args!(
                        "nobody can look back {window}: Prometheus keeps {retention}; keep more and say so, \
                         `#[rules(retention = \"{window}\")]` on the static, or take a shorter window [slo-burn]"
                    ),
                );
            } else {
                windows.push(Self { text: window, seconds });
            }
        }
        windows
    }
}

/// What is too fast, for this window: the numbers of the table are for 30 days.
fn burns(
    objective: &Percent,
    window: &Window,
    objective_setting: Option<&Setting>,
    factors_setting: Option<&Setting>,
    errors: &mut Errors,
) -> Option<Vec<Burn>> {
    let given: Option<Vec<Number>> = factors_setting.map(|setting| setting.list::<Number>("14.4, 6, 3, 1", errors));
    if let (Some(given), Some(setting)) = (&given, factors_setting)
        && given.len() != ROWS.len()
    {
        if !given.is_empty() {
            let advice = "expected four factors, of 1h, 6h, 1d and 3d: `factors(14.4, 6, 3, 1)`";
            errors.at(setting.word.span(), form(advice));
        }
        return None;
    }
    let budget: f64 = objective.budget.parse().ok()?;
    let blamed = objective_setting.map(|setting| Place::from(&setting.value).first);
    let blamed = blamed.unwrap_or_else(Span::call_site);
    let mut burns: Vec<Burn> = Vec::new();
    for (at, (urgency, long, short, factor)) in ROWS.into_iter().enumerate() {
        if seconds(long)? >= window.seconds {
            continue;
        }
        let (factor, span) = match &given {
            Some(given) => (given[at].value, given[at].span),
            // Below 1 the budget is never used up.
            None => (rounded(factor * window.seconds / ROWS_FOR).max(1.0), blamed),
        };
        let is_told = given.is_none() && burns.iter().any(|burn| burn.factor * budget >= 1.0);
        if factor < 1.0 {
            errors.at(
                span,
                form("a factor is at least 1: below that the budget is never used up"),
            );
        } else if factor * budget >= 1.0 && !is_told {
            let most = rounded(1.0 / budget);
            let fix = match given {
                Some(_) => format!("take a factor below {most}"),
                None => format!("say what is too fast in 1h, 6h, 1d and 3d, below {most}: `factors(…, …, …, …)`"),
            };
            let message = format_args!(
                "this can never fire: with an objective of {} % the budget burns {factor} times too fast when {} % of all \
                 events are bad; {fix} [slo-burn]",
                objective.text,
                rounded(factor * budget * 100.0)
            );
            errors.at(span, message);
        }
        burns.push(Burn {
            urgency,
            long,
            short,
            factor,
        });
    }
    Some(burns)
}

/// To two decimals.
fn rounded(number: f64) -> f64 {
    (number * 100.0).round() / 100.0
}

fn by(setting: &Setting, errors: &mut Errors) -> Vec<Ident> {
    let mut by = Vec::new();
    for label in setting.list::<Setting>("label", errors) {
        let name = label.word();
        if [SLO, SLO_GROUP].contains(&name.as_str()) {
            errors.at(
                label.word.span(),
                form(format!("`{name}` is a label of what the objective itself records")),
            );
        } else if label.alone(errors) {
            by.push(label.word);
        }
    }
    by
}

fn severity(
    setting: Option<&Setting>,
    word: &str,
    otherwise: &str,
    name: Place,
    options: &Options,
    errors: &mut Errors,
) -> Option<Severity> {
    match setting {
        Some(setting) => {
            let path = setting.value_as::<Path>("a variant of the enum of severities", errors)?;
            Some(match path.get_ident() {
                Some(ident) => Severity::Variant(ident.clone()),
                None => Severity::Path(quote!(#path)),
            })
        }
        None if options.severity.is_none() => Some(Severity::Variant(Ident::new(otherwise, name.first))),
        None => {
            let severities = options.severity.as_ref().map(ToString::to_string).unwrap_or_default();
            let message = format!("how urgent is it? Say which of `{severities}`: `#[slo({word} = …)]`");
            name.error(form(message), errors);
            None
        }
    }
}

impl Indicator {
    fn new(tokens: TokenStream, name: Place, errors: &mut Errors) -> Option<Self> {
        const FORMS: &str = "expected what is counted: `bad(metric{label=\"value\"}) over metric`, `good(…) over metric`, \
                             `histogram under bound`, or `native(histogram) under bound`";
        let tokens: Vec<TokenTree> = tokens.into_iter().collect();
        let is_word = |token: &TokenTree| matches!(token, TokenTree::Ident(word) if word == "over" || word == "under");
        let Some(at) = tokens.iter().position(is_word) else {
            let all: TokenStream = tokens.into_iter().collect();
            let place = if all.is_empty() { name } else { Place::from(&all) };
            place.error(FORMS, errors);
            return None;
        };
        let right: TokenStream = tokens[at + 1..].iter().cloned().collect();
        let here = Place::from(tokens[at].span());
        if matches!(&tokens[at], TokenTree::Ident(word) if word == "under") {
            let (is_native, left) = match &tokens[..at] {
                [TokenTree::Ident(word), TokenTree::Group(inside)]
                    if word == "native" && inside.delimiter() == Delimiter::Parenthesis =>
                {
                    (true, inside.stream())
                }
                left => (false, left.iter().cloned().collect()),
            };
            let histogram = Sli::new(left, here, errors);
            let place = if right.is_empty() { here } else { Place::from(&right) };
            let Ok(Number { value, span, .. }) = syn::parse2(right) else {
                place.error("expected the bound of a bucket, such as `under 0.5`", errors);
                return None;
            };
            // As OpenMetrics writes it: `8.0`.
            let bound = format!("{value:?}");
            let histogram = histogram?;
            return Some(match is_native {
                true => Self::NativeUnder { histogram, bound },
                false => Self::Under { histogram, bound, span },
            });
        }
        let (is_bad, part) = match &tokens[..at] {
            [TokenTree::Ident(word), TokenTree::Group(inside)]
                if (word == "bad" || word == "good") && inside.delimiter() == Delimiter::Parenthesis =>
            {
                (
                    word == "bad",
                    Sli::new(inside.stream(), Place::from(word.span()), errors),
                )
            }
            left => {
                let left: TokenStream = left.iter().cloned().collect();
                let place = if left.is_empty() { here } else { Place::from(&left) };
                place.error("before `over` stands `bad(…)` or `good(…)`", errors);
                return None;
            }
        };
        let total = Sli::new(right, here, errors);
        let (part, total) = (part?, total?);
        part.check_is_part_of(&total, errors);
        Some(match is_bad {
            true => Self::Bad { part, total },
            false => Self::Good { part, total },
        })
    }

    /// What is bad or good.
    fn part(&self) -> String {
        match self {
            Self::Bad { part, .. } | Self::Good { part, .. } => part.text("", None),
            Self::Under { histogram, bound, .. } => histogram.text("_bucket", Some(bound)),
            Self::NativeUnder { histogram, .. } => histogram.text("", None),
        }
    }

    fn total(&self) -> String {
        match self {
            Self::Bad { total, .. } | Self::Good { total, .. } => total.text("", None),
            Self::Under { histogram, .. } => histogram.text("_count", None),
            Self::NativeUnder { histogram, .. } => histogram.text("", None),
        }
    }
}

impl Sli {
    fn new(tokens: TokenStream, otherwise: Place, errors: &mut Errors) -> Option<Self> {
        const EXPECTED: &str = "expected a metric, perhaps with labels: `metric{label=\"value\"}`";
        let place = if tokens.is_empty() {
            otherwise
        } else {
            Place::from(&tokens)
        };
        let expression = Expression::new(tokens.clone(), otherwise);
        let expr = match expression.parse() {
            Ok(expr) => expr,
            Err(_) if tokens.is_empty() => {
                place.error(EXPECTED, errors);
                return None;
            }
            Err(error) => {
                expression.place(error.span()).error(expression.error(&error), errors);
                return None;
            }
        };
        match (expr.kind, &expression) {
            (ExprKind::Selector(selector), Expression::Tokens { .. })
                if selector.name.is_some() && selector.modifiers == Modifiers::default() =>
            {
                Some(Self {
                    tokens,
                    selector: *selector,
                })
            }
            _ => {
                place.error(EXPECTED, errors);
                None
            }
        }
    }

    fn metric(&self) -> &str {
        self.selector.metric().unwrap_or_default()
    }

    fn text(&self, suffix: &str, le: Option<&str>) -> String {
        let mut matchers: Vec<_> = self.selector.matchers.iter().map(Matcher::to_string).collect();
        matchers.extend(le.map(|bound| format!("le=\"{bound}\"")));
        let braces = if matchers.is_empty() {
            String::new()
        } else {
            format!("{{{}}}", matchers.join(", "))
        };
        format!("{}{suffix}{braces}", self.metric())
    }

    /// The part is of the same metric, and has the matchers of the whole and more.
    fn check_is_part_of(&self, total: &Self, errors: &mut Errors) {
        let (part, whole) = (&self.selector, &total.selector);
        let place = |tokens: &TokenStream, span| Expression::new(tokens.clone(), Span::call_site().into()).place(span);
        let at = |sli: &Self| place(&sli.tokens, sli.selector.span);
        if self.metric() != total.metric() {
            let message = format!(
                "`{}` is no part of `{}`: count both by one metric, and tell them apart by a label, \
                 `{}{{label=\"value\"}}`; for durations say `histogram under bound` [slo-denominator]",
                self.metric(),
                total.metric(),
                total.metric(),
            );
            return at(self).error(message, errors);
        }
        if let Some(missing) = whole.matchers.iter().find(|matcher| !part.matchers.contains(matcher)) {
            let message = format!(
                "what is before `over` is not all in here: `{missing}` leaves some of it out; say it there too \
                 [slo-denominator]"
            );
            return place(&total.tokens, missing.span).error(message, errors);
        }
        if part.matchers.iter().all(|matcher| whole.matchers.contains(matcher)) {
            let message = "this is everything that stands behind `over`: say which part of it, `{label=\"value\"}` \
                           [slo-denominator]";
            at(self).error(message, errors);
        }
    }

    /// The tokens of the bucket, where what was added stands at the bound.
    fn buckets(&self, bound: &str, span: Span) -> TokenStream {
        let mut bound = Literal::string(bound);
        bound.set_span(span);
        let le = quote_spanned!(span=> le=#bound);
        let mut tokens = self.tokens.clone().into_iter();
        let name = match tokens.next() {
            Some(TokenTree::Ident(name)) => Ident::new(&format!("{name}_bucket"), name.span()).to_token_stream(),
            other => other.to_token_stream(),
        };
        let braces = match tokens.next() {
            Some(TokenTree::Group(group)) => {
                let inside = group.stream();
                let comma = (!inside.is_empty()).then(|| quote!(,));
                let mut braces = Brackets::new(Delimiter::Brace, quote!(#inside #comma #le));
                braces.set_span(group.span());
                braces
            }
            _ => Brackets::new(Delimiter::Brace, le),
        };
        quote!(#name #braces)
    }
}

/// A number as it is written.
struct Number {
    text: String,
    value: f64,
    span: Span,
}

impl Parse for Number {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        let (text, span) = match input.peek(LitInt) {
            true => {
                let number: LitInt = input.parse()?;
                (number.base10_digits().to_owned(), number.span())
            }
            false => {
                let number: LitFloat = input.parse()?;
                (number.base10_digits().to_owned(), number.span())
            }
        };
        let value = text.parse().map_err(|_| syn::Error::new(span, "expected a number"))?;
        Ok(Self { text, value, span })
    }
}
