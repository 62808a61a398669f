use enumetrics::{Counter, catalog, metric_family};

#[metric_family(namespace = "door")]
pub struct Door {
    /// Times it was opened.
    pub openings_total: Counter,
    /// Times it was opened by a key.
    #[metric(was = "door_openings_total")]
    pub key_openings_total: Counter,
}

static DOOR: Door = Door::new();
catalog! { static METRICS = [DOOR]; }

fn main() {
    METRICS.render();
}
