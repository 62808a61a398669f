use enumetrics::{Gauge, catalog, metric_family};

#[metric_family(namespace = "shop")]
pub struct Shop {
    /// Price of what is in the carts.
    #[metric(unit = "euros")]
    pub price_euros: Gauge,
    /// Weight of what is in the carts.
    #[metric(unit = "kilograms")]
    pub weight_kilograms: Gauge,
}

pub static SHOP: Shop = Shop::new();
catalog! { pub static METRICS = [SHOP]; }

enumetrics::rules! {
    pub static RULES for METRICS;

    /// Something is wrong.
    #[alert(severity = Critical, runbook = "https://example.com/wrong")]
    Wrong = sum(shop_price_euros) + sum(shop_weight_kilograms) > 100;
}

fn main() {}
