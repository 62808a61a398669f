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
#[label(impossible(kind = "email", kind = "phone"))]
pub struct Access {
    pub operation: Operation,
    pub kind: Kind,
}

fn main() {}
