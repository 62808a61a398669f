use enumetrics::LabelValue;

#[derive(LabelValue, Clone, Copy)]
pub enum Job {
    Import,
    Export,
}

fn main() {}
