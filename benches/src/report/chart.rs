use std::fmt::Write;

use super::{digits, lineups};
use crate::bench::Figure;
use crate::peers::{OURS, REFERENCE};

const LEFT: f64 = 270.0;
const WIDTH: f64 = 400.0;
const RIGHT: f64 = 230.0;
const TOP: f64 = 56.0;
const ROW: f64 = 34.0;
const BAR: f64 = 12.0;

/// The ends of the scale, which is logarithmic: a hundredth is as far from one as one from a hundred.
const LEAST: f64 = 0.005;
const MOST: f64 = 2.0;

/// Two bars for each row, ours and the best peer's, as ratios to the reference: shorter is better.
pub fn svg(figures: &[Figure]) -> String {
    let mut bars = String::new();
    let mut top = TOP;
    for lineup in lineups(figures) {
        let (Some(ours), Some(best)) = (lineup.ours(), lineup.best_peer()) else {
            continue;
        };
        let (Some(ours), Some(peer)) = (lineup.to_reference(ours), lineup.to_reference(best.value)) else {
            continue;
        };
        text(&mut bars, LEFT - 10.0, top + BAR + 4.0, "end", "ink", lineup.row.title);
        bar(&mut bars, top, "ours", ours, "");
        bar(&mut bars, top + BAR + 2.0, "peer", peer, &best.name);
        top += ROW;
    }
    let mut scale = String::new();
    for at in [0.01, 0.1, 1.0] {
        let x = LEFT + length(at);
        _ = writeln!(
            scale,
            r#"<line class="grid" x1="{x:.1}" x2="{x:.1}" y1="{:.1}" y2="{top:.1}"/>"#,
            TOP - 8.0
        );
        text(&mut scale, x, TOP - 14.0, "middle", "soft", &format!("{at}"));
    }
    let (width, height) = (LEFT + WIDTH + RIGHT, top + 6.0);
    format!(
        r#"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" role="img" font-family="system-ui, sans-serif" font-size="12">
<title>Cost relative to the crate {REFERENCE}: {OURS} and the best peer of each row</title>
<style>
.ink {{ fill: #1f2328 }} .soft {{ fill: #59636e }} .grid {{ stroke: #d1d9e0 }} .ours {{ fill: #0969da }} .peer {{ fill: #9198a1 }}
@media (prefers-color-scheme: dark) {{
.ink {{ fill: #f0f6fc }} .soft {{ fill: #9198a1 }} .grid {{ stroke: #3d444d }} .ours {{ fill: #4493f8 }} .peer {{ fill: #656c76 }}
}}
</style>
<rect class="ours" x="10" y="10" width="{BAR}" height="{BAR}"/><text class="ink" x="28" y="20">{OURS}</text>
<rect class="peer" x="110" y="10" width="{BAR}" height="{BAR}"/><text class="ink" x="128" y="20">best peer; ratios to {REFERENCE} = 1, logarithmic, shorter is better</text>
{scale}{bars}</svg>
"#
    )
}

fn bar(svg: &mut String, top: f64, class: &str, ratio: f64, name: &str) {
    let length = length(ratio);
    _ = writeln!(
        svg,
        r#"<rect class="{class}" x="{LEFT}" y="{top:.1}" width="{length:.1}" height="{BAR}" rx="2"/>"#
    );
    let label = format!("{} {name}", digits(ratio).replace('<', "&lt;"));
    text(
        svg,
        LEFT + length + 5.0,
        top + BAR - 2.0,
        "start",
        "soft",
        label.trim_end(),
    );
}

fn text(svg: &mut String, x: f64, y: f64, anchor: &str, class: &str, text: &str) {
    _ = writeln!(
        svg,
        r#"<text class="{class}" x="{x:.1}" y="{y:.1}" text-anchor="{anchor}">{text}</text>"#
    );
}

/// How long a bar is; never nothing, so that it can be seen.
fn length(ratio: f64) -> f64 {
    let share = (ratio / LEAST).ln() / (MOST / LEAST).ln();
    WIDTH * share.clamp(0.005, 1.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bars_grow_by_the_same_step_for_each_tenfold() {
        let step = length(0.1) - length(0.01);
        assert!((length(1.0) - length(0.1) - step).abs() < 1e-9);
        assert!(length(0.0) > 0.0 && length(1e-9) == length(0.0));
        assert_eq!(length(1e9), WIDTH);
    }

    #[test]
    fn there_are_two_bars_for_each_row_that_can_be_compared() {
        let row = crate::rows::COUNTER;
        let figure = |name: &str, value| Figure {
            row,
            name: name.to_owned(),
            value,
            apart: 0.0,
        };
        let compared = svg(&[figure(OURS, 1.0), figure(REFERENCE, 4.0)]);
        assert_eq!(compared.matches(r#"rx="2""#).count(), 2);
        assert!(compared.contains(">0.250</text>") && compared.contains(">1.00 prometheus</text>"));
        assert_eq!(svg(&[figure(OURS, 1.0)]).matches(r#"rx="2""#).count(), 0);
    }
}
