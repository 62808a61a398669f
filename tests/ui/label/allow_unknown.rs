use enumetrics::LabelValue;

#[derive(LabelValue, Clone, Copy)]
#[label(allow(label-targets = "scraped with honor_labels"))]
pub enum Queue {
    Import,
    Export,
}

fn main() {}
