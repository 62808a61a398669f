use enumetrics::{LabelSet, LabelValue};

#[derive(Clone, Copy, LabelValue)]
pub enum One {
    Only,
}

#[derive(Clone, Copy, LabelSet)]
#[label(impossible(flag = "true", l1 = "only"))]
pub struct Many {
    pub flag: bool,
    pub l1: One,
    pub l2: One,
    pub l3: One,
    pub l4: One,
    pub l5: One,
    pub l6: One,
    pub l7: One,
    pub l8: One,
    pub l9: One,
    pub l10: One,
    pub l11: One,
    pub l12: One,
    pub l13: One,
    pub l14: One,
    pub l15: One,
    pub l16: One,
    pub l17: One,
    pub l18: One,
    pub l19: One,
    pub l20: One,
    pub l21: One,
    pub l22: One,
    pub l23: One,
    pub l24: One,
    pub l25: One,
    pub l26: One,
    pub l27: One,
    pub l28: One,
    pub l29: One,
    pub l30: One,
    pub l31: One,
    pub l32: One,
}

fn main() {}
