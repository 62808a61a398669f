//! What is found out once of each expression.

use std::cell::RefCell;
use std::rc::Rc;

use crate::ast::{Expr, ExprKind};

/// What has been found out of expressions, which must live as long as this does: a chain of operators asks for its
/// beginning again and again.
pub(crate) struct Memo<T: ?Sized> {
    places: RefCell<Vec<Place>>,
    known: RefCell<Vec<Rc<T>>>,
}

/// Where what is known of an expression is kept. They are sorted by the address: a map that hashes takes longer to compile
/// than all that is looked up in it.
struct Place {
    address: usize,
    place: usize,
}

impl Place {
    /// Where an expression stands among them, or would.
    fn of(places: &[Self], expr: &Expr) -> Result<usize, usize> {
        let address = std::ptr::from_ref(expr).addr();
        places.binary_search_by(|place| place.address.cmp(&address))
    }
}

impl<T: ?Sized> Default for Memo<T> {
    fn default() -> Self {
        Self {
            places: RefCell::default(),
            known: RefCell::default(),
        }
    }
}

impl<T: ?Sized> Memo<T> {
    /// What is known, or what `find` finds.
    pub(crate) fn of(&self, expr: &Expr, find: &dyn Fn(&Expr) -> Rc<T>) -> Rc<T> {
        // A chain of operators may be longer than the stack is deep: from its beginning on.
        let mut chain = Vec::new();
        let mut next = expr;
        while let ExprKind::Binary(binary) = &next.kind
            && self.known(next).is_none()
        {
            chain.push(next);
            next = &binary.lhs;
        }
        let mut found = self.once(next, find);
        while let Some(next) = chain.pop() {
            found = self.once(next, find);
        }
        found
    }

    fn once(&self, expr: &Expr, find: &dyn Fn(&Expr) -> Rc<T>) -> Rc<T> {
        if let Some(known) = self.known(expr) {
            return known;
        }
        let found = find(expr);
        let mut known = self.known.borrow_mut();
        let mut places = self.places.borrow_mut();
        if let Err(at) = Place::of(&places, expr) {
            let address = std::ptr::from_ref(expr).addr();
            let place = known.len();
            places.insert(at, Place { address, place });
            known.push(Rc::clone(&found));
        }
        found
    }

    fn known(&self, expr: &Expr) -> Option<Rc<T>> {
        let places = self.places.borrow();
        let at = Place::of(&places, expr).ok()?;
        Some(Rc::clone(&self.known.borrow()[places[at].place]))
    }
}
