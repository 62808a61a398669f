use enumetrics::InfoLabels;

#[derive(InfoLabels)]
pub struct Build<'a> {
    pub version: &'a str,
}

fn main() {}
