//! What a declaration can say besides names, labels and buckets.

use enumetrics::{Counter, Gauge, Histogram, LabelValue, MetricFamily, catalog, metric_family};

#[derive(LabelValue, Clone, Copy)]
pub enum Side {
    Left,
    Right,
}

#[derive(LabelValue, Clone, Copy)]
pub enum Bytes {
    Fresh,
}

const REGION: &str = "eu \"west\"";

#[metric_family(namespace = "shop", labels(component = "cart", region = REGION), allow(label-constant = "a test of constants"))]
pub struct Cart {
    /// Carts that were paid for.
    pub checkouts_total: Counter,
    /// Price of a cart.
    #[metric(unit = "euros", buckets = [10, 50, 100], slo = 50, was = "cart_price")]
    pub price_euros: Histogram<Side>,
}

#[metric_family(namespace = "shop")]
pub struct Shop {
    /// Customers inside.
    #[metric(max_series = 2)]
    pub customers: Gauge<Side>,
    #[metric(flatten)]
    pub cart: Cart,
    /// Doors.
    #[deprecated(since = "2.0.0", note = "use `customers`")]
    pub doors: Gauge,
    /// Windows.
    #[deprecated]
    pub windows: Gauge,
    /// What was carried in.
    #[metric(allow(label-unit = "the shop sells bytes, and calls them so"))]
    pub carried_bytes_total: Counter<Bytes>,
    /// Time since the last customer.
    #[metric(allow(name-unit = "what the dashboard has shown for years", name-kind = "a gauge on the wall"))]
    pub wall_gauge_minutes: Gauge<(), f64>,
}

static SHOP: Shop = Shop::new();
catalog! { static METRICS = [SHOP]; }

#[test]
fn a_scrape_shows_what_was_declared() {
    SHOP.cart.checkouts_total.inc();
    SHOP.cart.price_euros.with(Side::Right).observe(20.0);
    SHOP.customers.with(Side::Left).inc();
    assert_eq!(
        METRICS.render(),
        r#"# HELP shop_customers Customers inside.
# TYPE shop_customers gauge
shop_customers{side="left"} 1
shop_customers{side="right"} 0
# HELP shop_checkouts_total Carts that were paid for.
# TYPE shop_checkouts_total counter
shop_checkouts_total{component="cart",region="eu \"west\""} 1
# HELP shop_price_euros Price of a cart.
# TYPE shop_price_euros histogram
shop_price_euros_bucket{component="cart",region="eu \"west\"",side="left",le="10.0"} 0
shop_price_euros_bucket{component="cart",region="eu \"west\"",side="left",le="50.0"} 0
shop_price_euros_bucket{component="cart",region="eu \"west\"",side="left",le="100.0"} 0
shop_price_euros_bucket{component="cart",region="eu \"west\"",side="left",le="+Inf"} 0
shop_price_euros_sum{component="cart",region="eu \"west\"",side="left"} 0
shop_price_euros_count{component="cart",region="eu \"west\"",side="left"} 0
shop_price_euros_bucket{component="cart",region="eu \"west\"",side="right",le="10.0"} 0
shop_price_euros_bucket{component="cart",region="eu \"west\"",side="right",le="50.0"} 1
shop_price_euros_bucket{component="cart",region="eu \"west\"",side="right",le="100.0"} 1
shop_price_euros_bucket{component="cart",region="eu \"west\"",side="right",le="+Inf"} 1
shop_price_euros_sum{component="cart",region="eu \"west\"",side="right"} 20
shop_price_euros_count{component="cart",region="eu \"west\"",side="right"} 1
# HELP cart_price Renamed to shop_price_euros. Price of a cart.
# TYPE cart_price histogram
cart_price_bucket{component="cart",region="eu \"west\"",side="left",le="10.0"} 0
cart_price_bucket{component="cart",region="eu \"west\"",side="left",le="50.0"} 0
cart_price_bucket{component="cart",region="eu \"west\"",side="left",le="100.0"} 0
cart_price_bucket{component="cart",region="eu \"west\"",side="left",le="+Inf"} 0
cart_price_sum{component="cart",region="eu \"west\"",side="left"} 0
cart_price_count{component="cart",region="eu \"west\"",side="left"} 0
cart_price_bucket{component="cart",region="eu \"west\"",side="right",le="10.0"} 0
cart_price_bucket{component="cart",region="eu \"west\"",side="right",le="50.0"} 1
cart_price_bucket{component="cart",region="eu \"west\"",side="right",le="100.0"} 1
cart_price_bucket{component="cart",region="eu \"west\"",side="right",le="+Inf"} 1
cart_price_sum{component="cart",region="eu \"west\"",side="right"} 20
cart_price_count{component="cart",region="eu \"west\"",side="right"} 1
# HELP shop_doors Deprecated: use `customers`. Doors.
# TYPE shop_doors gauge
shop_doors 0
# HELP shop_windows Deprecated. Windows.
# TYPE shop_windows gauge
shop_windows 0
# HELP shop_carried_bytes_total What was carried in.
# TYPE shop_carried_bytes_total counter
shop_carried_bytes_total{bytes="fresh"} 0
# HELP shop_wall_gauge_minutes Time since the last customer.
# TYPE shop_wall_gauge_minutes gauge
shop_wall_gauge_minutes 0
"#
    );
}

#[test]
fn series_are_counted_with_former_names_and_contained_structs() {
    assert_eq!(Cart::MAX_SERIES, 1 + 2 * (2 * (3 + 3)));
    assert_eq!(Shop::MAX_SERIES, Cart::MAX_SERIES + 2 + 1 + 1 + 1 + 1);
    assert_eq!(METRICS.max_series(), Shop::MAX_SERIES);
    assert_eq!(
        METRICS.render().lines().filter(|line| !line.starts_with('#')).count(),
        Shop::MAX_SERIES
    );
}

#[test]
fn a_descriptor_knows_what_was_declared() {
    let find = |name| {
        let found = Shop::DESCRIPTORS.iter().find(|descriptor| descriptor.name == name);
        found.unwrap_or_else(|| panic!("no {name}"))
    };
    let price = find("shop_price_euros");
    assert_eq!(price.unit, Some("euros"));
    assert_eq!(price.slo, [50.0]);
    assert_eq!(price.constant_labels, [("component", "cart"), ("region", REGION)]);
    let (file, line) = price.declared_at.expect("its place");
    assert!(file.ends_with("metric_options.rs"), "{file}");
    let declaration = include_str!("metric_options.rs").lines().nth(line as usize - 1);
    assert_eq!(declaration, Some("    pub price_euros: Histogram<Side>,"));

    let former = find("cart_price");
    assert_eq!(former.renamed_to, Some("shop_price_euros"));
    assert_eq!(find("shop_doors").deprecated, Some("use `customers`"));
    assert_eq!(find("shop_windows").deprecated, Some(""));
    assert_eq!(find("shop_customers").unit, None);
}

#[test]
fn base_units_are_known_by_the_name() {
    #[metric_family(namespace = "x")]
    struct Units {
        /// Work.
        work_seconds_total: Counter,
        /// Size.
        size_bytes: Gauge,
        /// Seconds are not at its end.
        seconds_left: Gauge,
        /// No word of its own.
        of_bytesseconds: Gauge,
    }
    let units: Vec<_> = Units::DESCRIPTORS.iter().map(|descriptor| descriptor.unit).collect();
    assert_eq!(units, [Some("seconds"), Some("bytes"), None, None]);
    let units = Units::new();
    units.work_seconds_total.inc();
    units.size_bytes.inc();
    units.seconds_left.inc();
    units.of_bytesseconds.inc();
}

#[test]
fn families_are_switched_off_at_start_up() {
    let metrics = METRICS
        .without(["shop_price_euros", "shop_doors"])
        .and_then(|metrics| metrics.without(["cart_price"]))
        .unwrap();
    assert_eq!(metrics.max_series(), 6);
    let text = metrics.render();
    assert_eq!(text.lines().filter(|line| !line.starts_with('#')).count(), 6);
    assert!(!text.contains("price") && !text.contains("doors"), "{text}");
    assert_eq!(metrics.descriptors().count(), 5);

    let error = METRICS.without(["shop_door"]).unwrap_err();
    assert_eq!(
        error.to_string(),
        "the catalog has no metric family `shop_door`; did you mean `shop_doors`?"
    );
    assert_eq!(metrics.without(["shop_doors"]).unwrap_err().name(), "shop_doors");
}
