//! Which type may stand for which, and what the types of a call's arguments decide.

use std::sync::Arc;

use crate::cel::types::Type;

/// What is known of the types that calls decide.
#[derive(Clone, Debug, Default)]
pub(crate) struct Unifier {
    bound: Vec<Option<Type>>,
    /// What was bound, in order.
    trail: Vec<u32>,
}

/// A state to come back to.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Mark {
    bound: usize,
    trail: usize,
}

impl Unifier {
    /// Returns the state that it is in.
    pub(crate) fn mark(&self) -> Mark {
        Mark {
            bound: self.bound.len(),
            trail: self.trail.len(),
        }
    }

    /// Comes back to a state.
    pub(crate) fn undo(&mut self, mark: Mark) {
        for number in self.trail.drain(mark.trail..) {
            if let Some(place) = self.bound.get_mut(number as usize) {
                *place = None;
            }
        }
        self.bound.truncate(mark.bound);
    }

    /// Makes a type that nothing is known of yet.
    pub(crate) fn fresh(&mut self) -> Type {
        let number = u32::try_from(self.bound.len()).unwrap_or(u32::MAX);
        self.bound.push(None);
        Type::Param(number)
    }

    /// Makes room for the type parameters of a signature, and returns where it begins.
    pub(crate) fn room(&mut self, count: u32) -> u32 {
        let base = u32::try_from(self.bound.len()).unwrap_or(u32::MAX);
        self.bound.extend((0..count).map(|_| None));
        base
    }

    /// Follows what a type parameter is bound to.
    fn known(&self, ty: &Type) -> Type {
        let mut ty = ty.clone();
        while let Type::Param(number) = ty {
            match self.bound.get(number as usize) {
                Some(Some(bound)) => ty = bound.clone(),
                _ => return ty,
            }
        }
        ty
    }

    /// Returns a type with everything filled in that is known; what is not is anything.
    pub(crate) fn resolve(&self, ty: &Type) -> Type {
        match self.known(ty) {
            Type::List(item) => Type::list(self.resolve(&item)),
            Type::Map(key, value) => Type::map(self.resolve(&key), self.resolve(&value)),
            Type::Optional(of) => Type::optional(self.resolve(&of)),
            Type::Type(of) => Type::Type(Arc::new(self.resolve(&of))),
            other => other,
        }
    }

    /// Tells whether a value of one type may stand where another is wanted, and binds what that decides.
    pub(crate) fn fits(&mut self, from: &Type, to: &Type) -> bool {
        let (from, to) = (self.known(from), self.known(to));
        match (&from, &to) {
            (Type::Param(a), Type::Param(b)) if a == b => true,
            (_, Type::Param(number)) => self.bind(*number, from),
            (Type::Param(number), _) => self.bind(*number, to),
            (Type::List(a), Type::List(b)) | (Type::Optional(a), Type::Optional(b)) => {
                self.fits(a, b)
            }
            (Type::Map(key, value), Type::Map(other_key, other_value)) => {
                self.fits(key, other_key) && self.fits(value, other_value)
            }
            (Type::Object(a), Type::Object(b)) => Arc::ptr_eq(a, b),
            (Type::Opaque(a), Type::Opaque(b)) => a == b,
            (Type::Null, Type::Object(_) | Type::Opaque(_) | Type::Timestamp | Type::Duration)
            | (Type::Dyn, _)
            | (_, Type::Dyn)
            | (Type::Type(_), Type::Type(_)) => true,
            _ => std::mem::discriminant(&from) == std::mem::discriminant(&to),
        }
    }

    fn bind(&mut self, number: u32, ty: Type) -> bool {
        if self.occurs(number, &ty) {
            return false;
        }
        match self.bound.get_mut(number as usize) {
            Some(place) => {
                *place = Some(ty);
                self.trail.push(number);
                true
            }
            None => false,
        }
    }

    fn occurs(&self, number: u32, ty: &Type) -> bool {
        match self.known(ty) {
            Type::Param(other) => other == number,
            Type::List(item) | Type::Optional(item) | Type::Type(item) => {
                self.occurs(number, &item)
            }
            Type::Map(key, value) => self.occurs(number, &key) || self.occurs(number, &value),
            _ => false,
        }
    }

    /// Returns the type that holds both of two, where there is one: the less specific of them.
    pub(crate) fn join(&mut self, left: &Type, right: &Type) -> Option<Type> {
        let (known_left, known_right) = (self.known(left), self.known(right));
        if known_left.is_dyn() || known_right.is_dyn() {
            return Some(Type::Dyn);
        }
        let before = self.mark();
        if self.fits(right, left) {
            return Some(if has_dyn(&self.resolve(right)) {
                right.clone()
            } else {
                left.clone()
            });
        }
        self.undo(before);
        self.fits(left, right).then(|| right.clone())
    }
}

fn has_dyn(ty: &Type) -> bool {
    match ty {
        Type::Dyn => true,
        Type::List(item) | Type::Optional(item) => has_dyn(item),
        Type::Map(key, value) => has_dyn(key) || has_dyn(value),
        _ => false,
    }
}

/// Returns a signature's type with its parameters moved to where a call has room for them.
pub(crate) fn instantiate(ty: &Type, base: u32) -> Type {
    match ty {
        Type::Param(number) => Type::Param(base + number),
        Type::List(item) => Type::list(instantiate(item, base)),
        Type::Map(key, value) => Type::map(instantiate(key, base), instantiate(value, base)),
        Type::Optional(of) => Type::optional(instantiate(of, base)),
        Type::Type(of) => Type::Type(Arc::new(instantiate(of, base))),
        other => other.clone(),
    }
}
