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
#[label(impossible(operation = "encrypt", kind = "phone"))]
#[label(impossible(operation = "encrypt", kind = "email"))]
#[label(impossible(operation = "decrypt"))]
pub struct Access {
    pub operation: Operation,
    pub kind: Kind,
}

fn main() {}
