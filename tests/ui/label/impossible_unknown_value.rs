use enumetrics::{LabelSet, LabelValue};

#[derive(LabelValue)]
pub enum Operation {
    Encrypt,
    Decrypt,
}

#[derive(LabelValue)]
pub enum Kind {
    Phone,
    Email,
}

#[derive(LabelSet)]
#[label(impossible(operation = "encrypt", kind = "emial" | "phone"))]
pub struct Access {
    pub operation: Operation,
    pub kind: Kind,
}

fn main() {}
