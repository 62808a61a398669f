//! What is found out once of each expression.

use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;

use crate::ast::{Expr, ExprKind};

/// What has been found out of expressions, which must live as long as this does: a chain of operators asks for its
/// beginning again and again.
pub(crate) struct Memo<T: ?Sized> {
    places: RefCell<Places>,
    known: RefCell<Vec<Rc<T>>>,
}

/// Where what is known of an expression is kept.
type Places = HashMap<*const Expr, usize>;

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
        self.places.borrow_mut().insert(expr, known.len());
        known.push(Rc::clone(&found));
        found
    }

    fn known(&self, expr: &Expr) -> Option<Rc<T>> {
        let place = *self.places.borrow().get(&std::ptr::from_ref(expr))?;
        Some(Rc::clone(&self.known.borrow()[place]))
    }
}
