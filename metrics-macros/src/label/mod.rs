//! `#[derive(LabelValue)]` and `#[derive(LabelSet)]`.

pub(crate) mod set;
pub(crate) mod value;

use syn::DeriveInput;
use syn::spanned::Spanned;

use crate::diagnostics::Errors;

/// The word of the attribute that both derives read.
const ATTRIBUTE: &str = "label";

/// Label types have no parameters: their values must be known where they are declared.
fn is_concrete(input: &DeriveInput, errors: &mut Errors) -> bool {
    let concrete = input.generics.params.is_empty();
    if !concrete {
        errors.at(
            input.generics.span(),
            "a label type cannot be generic: its values must be known where it is declared",
        );
    }
    concrete
}
