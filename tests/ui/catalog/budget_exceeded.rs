use enumetrics::{Counter, Gauge, LabelValue, catalog, metric_family};

#[derive(LabelValue, Clone, Copy)]
pub enum Side {
    Left,
    Right,
}

#[metric_family(namespace = "door")]
pub struct Door {
    /// Times it was opened.
    pub openings_total: Counter<Side>,
}

#[metric_family(namespace = "house")]
pub struct House {
    /// People inside.
    pub people: Gauge,
}

static DOOR: Door = Door::new();
static HOUSE: House = House::new();
catalog! {
    #[catalog(max_series = 2)]
    static METRICS = [DOOR, HOUSE];
}

fn main() {
    METRICS.render();
}
