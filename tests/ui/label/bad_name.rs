use enumetrics::LabelValue;

#[derive(LabelValue)]
#[label(name = "attack-type")]
pub enum AttackType {
    Photo,
}

fn main() {}
