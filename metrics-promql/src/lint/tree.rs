//! What the expression alone shows.

use super::*;
use crate::ast::{Aggregation, Binary, Call, Duration, Grouping, GroupingKind, Matcher, Modifiers, Side};
use crate::meaning::{chooses, is_compared, selects_part};
use crate::operator::{AggregationOp, BinaryOp, MatchOp};
use crate::regex::META;
use crate::types::ValueType;

impl Check<'_> {
    pub(super) fn tree(&mut self, expr: &Expr, ancestors: &[&Expr]) {
        if let Some(selector) = selector_of(expr) {
            for matcher in &selector.matchers {
                self.matcher(matcher);
            }
        }
        match &expr.kind {
            ExprKind::Call(call) => self.call(expr, call),
            ExprKind::Aggregation(aggregation) => self.aggregation(expr, aggregation, ancestors),
            ExprKind::Binary(binary) => self.binary(expr, binary, ancestors),
            _ => {}
        }
    }

    pub(super) fn root_tree(&mut self, expr: &Expr) {
        if self.is_alert() {
            self.held(expr);
            self.low_traffic(expr);
        }
        self.looks_back(expr);
        if self.is_alert() && !has_condition(expr) {
            let help = "compare it with a threshold: `… > 0`";
            self.find_help(
                ALERT_NO_CONDITION,
                expr.span,
                "this alert fires whatever the value is",
                help,
            );
        }
    }

    /// `absent(x)` without `for`
    fn held(&mut self, expr: &Expr) {
        if let (Some(hold), Some(interval)) = (self.linter.hold, self.linter.evaluation_interval)
            && hold > 0.0
            && hold < interval
        {
            let message = format!("it is evaluated every {interval} s, so that a `for` of {hold} s decides nothing");
            let help = format!("`{}s`, which are two evaluations, or more", 2.0 * interval);
            self.find_help(TIME_FOR, expr.span, message, help);
        }
        if self.linter.hold != Some(0.0) {
            return;
        }
        self.across_jobs(expr);
        let mut absent = None;
        expr.walk(&mut |part| {
            if absent.is_none() && called(part) == Some("absent") {
                absent = Some(part.span);
            }
        });
        if let Some(span) = absent {
            let message = "without `for` this fires at each restart";
            self.find_help(TIME_FOR, span, message, "`for = \"5m\"`: a few scrapes long");
        }
    }

    /// `sum(x{job="a"}) / sum(y{job="b"})` without `for`
    fn across_jobs(&mut self, expr: &Expr) {
        let mut found = Vec::new();
        expr.walk(&mut |part| {
            if let ExprKind::Binary(binary) = &part.kind
                && !binary.op.is_set()
                && let [Some(left), Some(right)] = both([&binary.lhs, &binary.rhs], job_of)
                && left != right
            {
                let message =
                    format!("the jobs `{left}` and `{right}` are not scraped, nor restarted, at the same time");
                found.push((binary.op_span, message));
            }
        });
        for (span, message) in found {
            self.find_help(TIME_FOR, span, message, "`for = \"5m\"`: a few scrapes long");
        }
    }

    /// `histogram_quantile(…) > 1`, and nothing beside it.
    fn low_traffic(&mut self, expr: &Expr) {
        let ExprKind::Binary(binary) = &expr.without_parens().kind else {
            return;
        };
        let rises = matches!(binary.op, BinaryOp::Greater | BinaryOp::GreaterOrEqual);
        let nature = self.facts.of(&binary.lhs).nature;
        let [values, threshold] = both([&binary.lhs, &binary.rhs], |side| self.facts.of(side).interval);
        // Above 0 is any at all; and what never holds is said.
        let asks_for_any = threshold.most <= 0.0;
        let may_hold = values.compared(binary.op, threshold) != Some(false);
        if rises && may_hold && !asks_for_any && (nature == Nature::Quantile || is_ratio_of_rates(&binary.lhs)) {
            let message = "with little traffic one request decides this";
            let help = "a floor: `… and sum(rate(…_count[5m])) > 0.1`";
            self.find_help(VAL_LOW_TRAFFIC, expr.span, message, help);
        }
    }

    fn looks_back(&mut self, expr: &Expr) {
        let Some(retention) = self.linter.retention else { return };
        let mut found = Vec::new();
        let back = |modifiers: &Modifiers| modifiers.offset.as_ref().map_or(0.0, Duration::seconds);
        expr.walk(&mut |part| {
            let seconds = match &part.kind {
                ExprKind::Selector(selector) => back(&selector.modifiers),
                ExprKind::Range(range) => range.range.seconds() + back(&range.selector.modifiers),
                ExprKind::Subquery(subquery) => subquery.range.seconds() + back(&subquery.modifiers),
                _ => return,
            };
            if seconds > retention {
                found.push((part.span, seconds));
            }
        });
        for (span, seconds) in found {
            let [seconds, kept] = [seconds / 86400.0, retention / 86400.0];
            let message = format!("this looks {seconds} days back, and samples are kept for {kept}");
            self.find_help(
                TIME_RETENTION,
                span,
                message,
                "record what is needed, and look back at that",
            );
        }
    }

    /// `rate(x[1m])`, every five minutes
    fn window(&mut self, argument: Option<&Expr>) {
        let (
            Some(interval),
            Some(Expr {
                kind: ExprKind::Range(range),
                ..
            }),
        ) = (self.linter.evaluation_interval, argument)
        else {
            return;
        };
        let seconds = range.range.seconds();
        if self.is_rule() && seconds < interval {
            let message = format!(
                "this is evaluated every {interval} s and looks back {seconds} s: what happens between is not seen"
            );
            let help = format!("`[{interval}s]` or more, or a shorter interval of the group");
            self.add(
                TIME_GROUP_INTERVAL,
                Severity::Warning,
                range.range.span,
                message,
                Some(help),
            );
        }
    }

    pub(super) fn features(&mut self, expr: &Expr) {
        let Some((version, flags)) = self.linter.server else {
            return;
        };
        for (feature, span) in expr.requirements().uses {
            if feature.since() > version {
                let since = feature.since();
                self.find(
                    TIME_FEATURE,
                    span,
                    format!("this came with Prometheus {since}, and {version} is asked for"),
                );
            } else if let Some(flag) = feature.flag().filter(|flag| !flags.contains(flag)) {
                self.find(TIME_FEATURE, span, format!("this needs `--enable-feature={flag}`"));
            }
        }
    }

    fn matcher(&mut self, matcher: &Matcher) {
        let Matcher { label, op, value, .. } = matcher;
        let span = matcher.value_span;
        if value.contains("${")
            || value.contains("{{")
            || value.contains("%(")
            || value.starts_with('$') && value.len() > 1
        {
            self.find(
                REF_UNRENDERED,
                span,
                format!("`{value}` is a template's variable that nobody replaced"),
            );
            return;
        }
        let plain = match op {
            MatchOp::Regex => MatchOp::Equal,
            MatchOp::NotRegex => MatchOp::NotEqual,
            MatchOp::Equal | MatchOp::NotEqual => return,
        };
        let bare = value.strip_prefix('^').unwrap_or(value);
        let bare = bare
            .strip_suffix('$')
            .filter(|bare| !bare.ends_with('\\'))
            .unwrap_or(bare);
        // Without a group around them, anchors belong to the first and the last alternative only.
        if bare.len() < value.len() && !bare.contains('|') {
            let message = format!("`{value}` matches the whole value anyway");
            let mut corrected = matcher.clone();
            corrected.value = bare.to_owned();
            self.find_help(REF_REGEX_ANCHOR, span, message, format!("`{corrected}`"));
        } else if self.is_rule() && !value.is_empty() && !value.contains(META) && !value.contains('|') {
            // (In a panel a variable with several values may have stood there.)
            let mut corrected = matcher.clone();
            corrected.op = plain;
            let message = format!(
                "`{value}` is plain text, which label `{}` is compared with by `{plain}`",
                label.name
            );
            self.find_help(REF_REGEX_LITERAL, span, message, format!("`{corrected}`"));
        }
    }

    fn call(&mut self, expr: &Expr, call: &Call) {
        let name = call.function.name;
        let first = call.arguments.first();
        self.window(
            call.arguments
                .iter()
                .find(|argument| matches!(argument.kind, ExprKind::Range(_))),
        );
        match name {
            "rate" | "increase" | "irate" => {
                if name == "irate" && self.is_rule() {
                    let message = "`irate` looks at the last two samples only";
                    self.find_help(
                        KIND_IRATE_ALERT,
                        call.name_span,
                        message,
                        "`rate` over a few minutes is steady",
                    );
                }
                if let Some(Expr {
                    kind: ExprKind::Subquery(subquery),
                    ..
                }) = first
                    && let ExprKind::Aggregation(aggregation) = &subquery.operand.without_parens().kind
                    && matches!(aggregation.op, AggregationOp::Sum | AggregationOp::Avg)
                    && matches!(aggregation.operand.kind, ExprKind::Selector(_))
                {
                    let message = format!(
                        "`{name}` of `{}` takes one restart for a restart of all",
                        aggregation.op
                    );
                    let range = &subquery.range;
                    let help = format!(
                        "{name} first, and aggregate then: `{name}({}[{range}])`",
                        aggregation.operand
                    );
                    self.find_help(KIND_RATE_OF_AGG, expr.span, message, help);
                }
                self.short_range(first);
            }
            "histogram_quantile" => self.histogram_quantile(call),
            "quantile_over_time" => self.quantile_parameter(first),
            "absent" => self.absent(first),
            _ => {}
        }
    }

    fn short_range(&mut self, argument: Option<&Expr>) {
        let (
            Some(interval),
            Some(Expr {
                kind: ExprKind::Range(range),
                ..
            }),
        ) = (self.linter.scrape_interval, argument)
        else {
            return;
        };
        let seconds = range.range.seconds();
        let help = format!("four scrapes or more: `[{}s]`", 4.0 * interval);
        if seconds >= 2.0 * interval && seconds < 4.0 * interval {
            let message = format!(
                "metrics are scraped every {interval} s: when one scrape fails, `{}` has too few samples",
                range.range
            );
            self.add(
                TIME_RANGE_SHORT,
                Severity::Warning,
                range.range.span,
                message,
                Some(help),
            );
        } else if seconds < 2.0 * interval {
            let message = format!(
                "metrics are scraped every {interval} s, so `{}` often has fewer than two samples",
                range.range
            );
            self.find_help(TIME_RANGE_SHORT, range.range.span, message, help);
        }
    }

    fn quantile_parameter(&mut self, parameter: Option<&Expr>) {
        if let Some(Expr {
            kind: ExprKind::Number(number),
            span,
        }) = parameter
            && !(0.0..=1.0).contains(&number.value)
        {
            let message = format!("the quantile {number} is not between 0 and 1");
            if (1.0..=100.0).contains(&number.value) {
                self.find_help(HIST_PHI, *span, message, format!("`{}`", number.value / 100.0));
            } else {
                self.find(HIST_PHI, *span, message);
            }
        }
    }

    fn histogram_quantile(&mut self, call: &Call) {
        let [quantile, buckets] = call.arguments.as_slice() else {
            return;
        };
        self.quantile_parameter(Some(quantile));
        let mut classic = false;
        let mut raw = None;
        walk_below(buckets, &mut |expr, ancestors| {
            let Some(selector) = selector_of(expr) else { return };
            if !selector.metric().is_some_and(|name| name.ends_with("_bucket")) {
                return;
            }
            classic = true;
            let over_time = ancestors
                .iter()
                .any(|ancestor| matches!(ancestor.kind, ExprKind::Call(_)));
            if !over_time && matches!(expr.kind, ExprKind::Selector(_)) {
                raw = Some(expr.span);
            }
        });
        if let Some(span) = raw {
            let message = "the quantile of raw buckets is that since the process started";
            let help = "take their rate: `histogram_quantile(0.95, sum by (le) (rate(…_bucket[5m])))`";
            self.find_help(HIST_RAW_BUCKETS, span, message, help);
        }
        if !classic || self.facts.of(buckets).labels.may_have("le") {
            return;
        }
        let mut dropping = None;
        buckets.walk(&mut |expr| {
            if let ExprKind::Aggregation(aggregation) = &expr.kind
                && !self.facts.of(expr).labels.may_have("le")
            {
                dropping = Some(aggregation.clone());
            }
        });
        let Some(aggregation) = dropping else { return };
        let (span, help) = match &aggregation.grouping {
            None => (aggregation.op_span, format!("`{} by (le) (…)`", aggregation.op)),
            Some(grouping) if grouping.kind == GroupingKind::By => {
                let mut labels = String::new();
                for label in &grouping.labels {
                    labels += &format!("{label}, ");
                }
                (grouping.span, format!("`by ({labels}le)`"))
            }
            Some(grouping) => (grouping.span, "without `le` among the labels".to_owned()),
        };
        self.find_help(
            HIST_NO_LE,
            span,
            "this drops `le`, which the quantile is computed from",
            help,
        );
    }

    fn absent(&mut self, argument: Option<&Expr>) {
        let Some(argument) = argument else { return };
        match &argument.without_parens().kind {
            ExprKind::Aggregation(_) => {
                let message = "`absent` of an aggregation has no labels to say what is absent";
                self.find_help(
                    KIND_ABSENT,
                    argument.span,
                    message,
                    "`absent` of the selector has those that it matches",
                );
            }
            ExprKind::Selector(selector) => {
                let regex = |matcher: &&Matcher| matches!(matcher.op, MatchOp::Regex | MatchOp::NotRegex);
                if let Some(matcher) = selector.matchers.iter().find(regex)
                    && matcher.value.contains('|')
                {
                    let message = format!("this is absent only if no series matches `{}`", matcher.value);
                    let help = "one `absent` for each, joined by `or`";
                    self.find_help(KIND_ABSENT, matcher.span, message, help);
                }
            }
            _ => {}
        }
    }

    fn aggregation(&mut self, expr: &Expr, aggregation: &Aggregation, ancestors: &[&Expr]) {
        let op = aggregation.op;
        if op == AggregationOp::Quantile {
            self.quantile_parameter(aggregation.parameter.as_ref());
        }
        let choosing = chooses(op) && op != AggregationOp::LimitRatio;
        // With groups it is an idiom that chooses one of several equal series for a join.
        let one_of_each = aggregation.grouping.is_some();
        let counted = ancestors
            .iter()
            .any(|ancestor| matches!(ancestor.kind, ExprKind::Aggregation(_)));
        if choosing && self.is_alert() && !one_of_each && !counted {
            let message = format!("which series `{op}` chooses changes from one evaluation to the next");
            self.find_help(
                AGG_TOPK_ALERT,
                expr.span,
                message,
                "alert on the threshold alone, and show the top ones in a panel",
            );
        }
        // By `instance` there is mostly one quantile, and by `quantile` those of one kind stay apart.
        let stays_apart =
            aggregation.grouping.is_some() && ["quantile", "instance"].iter().any(|label| keeps(aggregation, label));
        if matches!(op, AggregationOp::Sum | AggregationOp::Avg) && !stays_apart {
            let operand = aggregation.operand.without_parens();
            let summary = selector_of(operand)
                .is_some_and(|selector| selector.matchers.iter().any(|matcher| matcher.label.name == "quantile"));
            if called(operand) == Some("histogram_quantile") || summary {
                let message = format!("the `{op}` of quantiles is no quantile");
                let help = "aggregate the buckets: `histogram_quantile(0.95, sum by (le) (rate(…_bucket[5m])))`";
                self.find_help(HIST_AVG_QUANTILE, aggregation.op_span, message, help);
            }
        }
        if op == AggregationOp::Avg
            && let ExprKind::Binary(ratio) = &aggregation.operand.without_parens().kind
            && ratio.op == BinaryOp::Div
            && [&ratio.lhs, &ratio.rhs].into_iter().all(is_rate)
        {
            let [sums, counts] = both([&ratio.lhs, &ratio.rhs], |side| {
                summed(aggregation.grouping.as_ref(), side)
            });
            let message = "the average of ratios counts an idle series as much as a busy one";
            self.find_help(
                AGG_AVG_RATIO,
                aggregation.op_span,
                message,
                format!("`{sums} / {counts}`"),
            );
        }
        self.gone(aggregation);
    }

    fn gone(&mut self, aggregation: &Aggregation) {
        let Some(Grouping {
            kind: GroupingKind::By,
            labels,
            ..
        }) = &aggregation.grouping
        else {
            return;
        };
        // Without the schema, so that only what the expression itself drops is reported here.
        let facts = self.alone.of(&aggregation.operand);
        let below = &facts.labels;
        for label in labels.iter().filter(|label| !below.may_have(&label.name)) {
            let message = format!("label `{}` has been aggregated away before", label.name);
            let help = match below.known() {
                Some(known) => {
                    let known: Vec<_> = known.collect();
                    match known.is_empty() {
                        true => "nothing is left to group by".to_owned(),
                        false => format!("there are: {}", joined(&known, ", ")),
                    }
                }
                None => "group by it there, too".to_owned(),
            };
            self.find_help(MATCH_BY_GONE, label.span, message, help);
        }
    }

    fn binary(&mut self, expr: &Expr, binary: &Binary, ancestors: &[&Expr]) {
        let vectors = both([&binary.lhs, &binary.rhs], |side| {
            side.value_type() == ValueType::InstantVector
        });
        if vectors == [true, true] {
            self.self_ratio(expr, binary);
            self.disjoint(binary, ancestors);
            self.many(binary);
            self.info(binary);
        }
        self.units(binary);
        if binary.op.is_comparison() && !binary.returns_bool && vectors[0] {
            self.comparison(binary, ancestors);
        }
    }

    /// `rate(a{l="v"}[5m]) / rate(a[5m])`
    fn self_ratio(&mut self, expr: &Expr, binary: &Binary) {
        if binary.op != BinaryOp::Div || binary.matching.is_some() {
            return;
        }
        let [Some(part), Some(whole)] = both([&binary.lhs, &binary.rhs], rated) else {
            return;
        };
        if part.0 != whole.0 || part.1.matchers == whole.1.matchers {
            return;
        }
        // Where one side is pinned to a value, the other has series of all of them, and one of those is the same.
        let pinned_apart = whole.1.matchers.iter().any(|other| {
            let same_label = |own: &&Matcher| own.label.name == other.label.name;
            part.1.matchers.iter().find(same_label).is_some_and(|own| own != other)
        });
        if part.1.metric() != whole.1.metric() || pinned_apart || !selects_part(part.1, whole.1) {
            return;
        }
        let message = "each series is divided by itself: this is 1 or not a number";
        let help = format!("`{} / {}`", summed(None, &binary.lhs), summed(None, &binary.rhs));
        self.find_help(MATCH_SELF_RATIO, expr.span, message, help);
    }

    fn disjoint(&mut self, binary: &Binary, ancestors: &[&Expr]) {
        let [lhs, rhs] = both([&binary.lhs, &binary.rhs], |side| self.facts.of(side));
        if binary.op == BinaryOp::Or {
            // In a sum it is one more only where the sum keeps a label that the others have.
            let kept = |label: &&str| {
                ancestors.iter().all(|ancestor| match &ancestor.kind {
                    ExprKind::Aggregation(sum) => keeps(sum, label),
                    _ => true,
                })
            };
            let is_vector = called(binary.rhs.without_parens()) == Some("vector") && binary.matching.is_none();
            if is_vector && lhs.labels.has().any(|label| kept(&label)) && !self.is_filtered(&rhs, ancestors) {
                let message = "`vector` has no labels: it is one more series beside those on the left, always";
                let help = "aggregate the labels away, or name the series that may be missing";
                self.find_help(MATCH_OR_VECTOR, binary.rhs.span, message, help);
            }
            return;
        }
        let missing = |own: &Labels, other: &Labels| {
            let label = own
                .has()
                .find(|label| is_compared(binary, label) && !other.may_have(label));
            label.map(str::to_owned)
        };
        let found = match missing(&lhs.labels, &rhs.labels) {
            Some(label) => Some((label, "left", "right")),
            None => missing(&rhs.labels, &lhs.labels).map(|label| (label, "right", "left")),
        };
        if let Some((label, with, without)) = found {
            let message =
                format!("nothing matches: the series on the {with} have label `{label}`, those on the {without} don't");
            let help = format!(
                "aggregate both sides by the same labels, or name those to compare: `{} on (…)`",
                binary.op
            );
            self.find_help(MATCH_DISJOINT, binary.op_span, message, help);
        } else if let Some([(label, own), (_, others)]) = lhs.labels.apart(&rhs.labels, binary)
            && binary.op != BinaryOp::Unless
            && !own.is_empty()
            && !others.is_empty()
        {
            let [own, others] = both([own, others], |values| {
                values.iter().map(String::as_str).collect::<Vec<_>>()
            });
            let message = format!(
                "nothing matches: label `{label}` is {} on the left and {} on the right",
                joined(&own, " or "),
                joined(&others, " or ")
            );
            let help = format!("leave it out of the comparison: `{} ignoring ({label})`", binary.op);
            self.find_help(MATCH_DISJOINT, binary.op_span, message, help);
        }
    }

    /// `(… or vector(0)) > 1`: whether what stands around it lets no such value through.
    fn is_filtered(&self, facts: &Facts, ancestors: &[&Expr]) -> bool {
        let Some(ExprKind::Binary(around)) = outside(ancestors).map(|expr| &expr.kind) else {
            return false;
        };
        let threshold = self.facts.of(&around.rhs);
        let filters = around.op.is_comparison() && !around.returns_bool && threshold.value_type == ValueType::Scalar;
        filters && facts.interval.compared(around.op, threshold.interval) == Some(false)
    }

    /// Several series where there must be one.
    fn many(&mut self, binary: &Binary) {
        if binary.op.is_set() {
            return;
        }
        let group = binary.matching.as_ref().and_then(|matching| matching.group.as_ref());
        for (side, expr) in [(Side::Left, &binary.lhs), (Side::Right, &binary.rhs)] {
            let facts = self.facts.of(expr);
            let several = facts.several(|label| is_compared(binary, label));
            let is_many = group.is_some_and(|group| group.side == side);
            if let Some((label, count)) = several.filter(|_| !is_many) {
                let message = format!(
                    "several series match one: those on {} have label `{label}` with {count} values",
                    side_in_words(side)
                );
                let help = fix_of_several(binary, side);
                return self.find_help(MATCH_MANY, binary.op_span, message, help);
            }
        }
    }

    /// `x_total * build_info`
    fn info(&mut self, binary: &Binary) {
        let grouped = binary
            .matching
            .as_ref()
            .is_some_and(|matching| matching.group.is_some());
        if binary.op.is_set() || grouped {
            return;
        }
        for side in [&binary.lhs, &binary.rhs] {
            if self.facts.of(side).nature == Nature::Info {
                let message = "this is always 1: what it says is in its labels";
                let help = format!("`{} on (job, instance) group_left (…) {side}`", binary.op);
                self.find_help(KIND_INFO_JOIN, side.span, message, help);
            }
        }
    }

    /// `x_seconds > y_bytes`
    fn units(&mut self, binary: &Binary) {
        if !(binary.op.is_comparison() || matches!(binary.op, BinaryOp::Add | BinaryOp::Sub)) {
            return;
        }
        let [lhs, rhs] = both([&binary.lhs, &binary.rhs], |side| self.facts.of(side));
        if let (Some(own), Some(other)) = (&lhs.unit, &rhs.unit)
            && own != other
        {
            let message = format!("the left is in {own}, the right in {other}");
            let verb = if binary.op.is_comparison() { "compare" } else { "add" };
            self.find_help(
                VAL_UNIT,
                binary.op_span,
                message,
                format!("{verb} what is in the same unit"),
            );
        }
    }

    fn comparison(&mut self, binary: &Binary, ancestors: &[&Expr]) {
        let facts = both([&binary.lhs, &binary.rhs], |side| self.facts.of(side));
        let [lhs, rhs] = [facts[0].interval, facts[1].interval];
        let threshold = binary.rhs.without_parens();
        if threshold.value_type() != ValueType::Scalar {
            return;
        }
        let whole = binary.lhs.span.to(binary.rhs.span);
        let holds = lhs.compared(binary.op, rhs);
        #[cfg(feature = "schema")]
        let is_of_buckets = self.quantile(binary, rhs, holds);
        #[cfg(not(feature = "schema"))]
        let is_of_buckets = false;
        let values = Shown(lhs.least, lhs.most);
        match holds {
            Some(false) if !is_of_buckets => {
                let message = format!("this never holds: the values on the left are {values}");
                self.find(VAL_NEVER, whole, message);
            }
            // A comparison of what is always 1 is a way to say that it is there.
            Some(true) if self.is_alert() && lhs.least < lhs.most => {
                let place = if is_of_buckets { binary.rhs.span } else { whole };
                let message = format!("this always holds: the values on the left are {values}");
                self.find(VAL_ALWAYS, place, message);
            }
            _ => {}
        }
        let nature = facts[0].nature;
        // `> 0` asks whether it ever happened.
        if nature == Nature::Time && rhs.least == rhs.most && rhs.least > 0.0 && rhs.most < EARLIEST {
            let message = format!("this is a point in time, and {} a length of time", binary.rhs);
            let help = format!(
                "how long ago it was: `time() - {} {} {}`",
                binary.lhs, binary.op, binary.rhs
            );
            self.find_help(KIND_TIMESTAMP, whole, message, help);
        }
        let computed = matches!(
            nature,
            Nature::Rate | Nature::Increase | Nature::Ratio | Nature::Quantile
        ) || is_ratio_of_rates(&binary.lhs);
        let is_simple = rhs.least == rhs.most && [0.0, 1.0].contains(&rhs.least);
        if computed && !is_simple && matches!(binary.op, BinaryOp::Equal | BinaryOp::NotEqual) {
            let message = format!("this is computed, and rarely exactly {}", binary.rhs);
            self.find_help(
                VAL_FLOAT_EQ,
                binary.op_span,
                message,
                "`>` or `<`, or `round(…)` it before",
            );
        }
        if self.is_alert() && rhs.least == rhs.most {
            self.rate_threshold(binary, rhs.least);
        }
        let falls = matches!(binary.op, BinaryOp::Less | BinaryOp::LessOrEqual | BinaryOp::Equal);
        // What stands beside it says when it counts.
        let is_guarded = ancestors
            .iter()
            .any(|ancestor| matches!(&ancestor.kind, ExprKind::Binary(binary) if binary.op == BinaryOp::And));
        if falls && !is_guarded && self.is_alert() && is_ratio_of_rates(&binary.lhs) {
            let message = "without traffic this ratio is not a number, and the alert is silent";
            let help = "an alert on missing traffic beside it, or `or` what is to happen then";
            self.find_help(VAL_NAN_SILENT, binary.op_span, message, help);
        }
    }
}

/// A time in seconds since 1970 is later than this, in 2001.
const EARLIEST: f64 = 1e9;

impl Check<'_> {
    /// `rate(attacks_total[10m]) > 5`
    fn rate_threshold(&mut self, binary: &Binary, threshold: f64) {
        let mut lhs = binary.lhs.without_parens();
        while let ExprKind::Aggregation(aggregation) = &lhs.kind {
            lhs = aggregation.operand.without_parens();
        }
        let ExprKind::Call(call) = &lhs.kind else { return };
        let [
            Expr {
                kind: ExprKind::Range(range),
                ..
            },
        ] = call.arguments.as_slice()
        else {
            return;
        };
        // Of seconds and bytes there are many in a second.
        let counts_events = range.selector.metric().is_some_and(|name| {
            name.ends_with("_total") && !["_seconds_", "_bytes_"].iter().any(|unit| name.contains(unit))
        });
        if call.function.name == "rate" && binary.op == BinaryOp::Greater && threshold >= 1.0 && counts_events {
            let (amount, range) = (threshold * range.range.seconds(), &range.range);
            let message = format!("`rate` is per second: this is more than {amount} in {range}");
            let help = format!("the number of events in {range} is `increase(…[{range}])`");
            self.find_help(VAL_RATE_THRESHOLD, binary.rhs.span, message, help);
        }
    }
}

/// `between 0 and 1`, `at least 0`
struct Shown(f64, f64);

impl fmt::Display for Shown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self(least, most) if least == most => write!(f, "{least}"),
            Self(least, f64::INFINITY) => write!(f, "at least {least}"),
            Self(f64::NEG_INFINITY, most) => write!(f, "at most {most}"),
            Self(least, most) => write!(f, "between {least} and {most}"),
        }
    }
}

/// The only job whose series an expression names.
fn job_of(expr: &Expr) -> Option<String> {
    let mut jobs = Vec::new();
    expr.walk(&mut |part| {
        if let Some(selector) = selector_of(part) {
            let is_job = |matcher: &&Matcher| matcher.label.name == "job" && matcher.op == MatchOp::Equal;
            jobs.push(
                selector
                    .matchers
                    .iter()
                    .find(is_job)
                    .map(|matcher| matcher.value.clone()),
            );
        }
    });
    jobs.dedup();
    match jobs.len() {
        1 => jobs.remove(0),
        _ => None,
    }
}

/// The function and the selector of `rate(x[5m])`.
fn rated(expr: &Expr) -> Option<(&'static str, &Selector)> {
    let ExprKind::Call(call) = &expr.without_parens().kind else {
        return None;
    };
    let [
        Expr {
            kind: ExprKind::Range(range),
            ..
        },
    ] = call.arguments.as_slice()
    else {
        return None;
    };
    is_rate(expr.without_parens()).then_some((call.function.name, &range.selector))
}

/// `sum by (job) (rate(x[5m]))`
fn summed(grouping: Option<&Grouping>, expr: &Expr) -> String {
    let aggregation = Aggregation {
        op: AggregationOp::Sum,
        op_span: expr.span,
        grouping: grouping.cloned(),
        parameter: None,
        operand: expr.without_parens().clone(),
    };
    let expr = Expr {
        span: expr.span,
        kind: ExprKind::Aggregation(Box::new(aggregation)),
    };
    expr.to_string()
}

/// Whether the groups of an aggregation have this label.
fn keeps(aggregation: &Aggregation, label: &str) -> bool {
    let Some(grouping) = &aggregation.grouping else {
        return chooses(aggregation.op);
    };
    let is_named = grouping.labels.iter().any(|named| named.name == label);
    is_named == (grouping.kind == GroupingKind::By) || chooses(aggregation.op)
}

/// Whether it is a ratio that little traffic makes large, and none makes no number.
fn is_ratio_of_rates(expr: &Expr) -> bool {
    // What is divided by at least something has a floor.
    let has_floor = |expr: &Expr| matches!(called(expr.without_parens()), Some("clamp_min" | "clamp"));
    match &expr.without_parens().kind {
        ExprKind::Binary(binary) if binary.op == BinaryOp::Div => {
            has_rate(&binary.lhs) && has_rate(&binary.rhs) && !has_floor(&binary.rhs)
        }
        ExprKind::Binary(binary) if matches!(binary.op, BinaryOp::Mul | BinaryOp::Sub) => {
            is_ratio_of_rates(&binary.lhs) || is_ratio_of_rates(&binary.rhs)
        }
        _ => false,
    }
}

/// Whether an alert depends on values or on what there is.
fn has_condition(expr: &Expr) -> bool {
    let mut found = false;
    expr.walk(&mut |part| {
        found |= match &part.kind {
            ExprKind::Binary(binary) => binary.op.is_comparison() || binary.op == BinaryOp::Unless,
            // `vector(1)` always fires, which watches over who is to be told.
            ExprKind::Call(call) => matches!(call.function.name, "absent" | "absent_over_time" | "vector"),
            _ => false,
        };
    });
    // A metric that is there only when it matters, as ALERTS and what recording rules make of conditions.
    found || selector_of(expr.without_parens()).is_some()
}
