#![deny(deprecated)]
use enumetrics::{Gauge, metric_family};

#[metric_family(namespace = "door")]
pub struct Door {
    /// Doors.
    #[deprecated(note = "use `rooms`")]
    pub doors: Gauge,
}

static DOOR: Door = Door::new();

fn main() {
    DOOR.doors.inc();
}
