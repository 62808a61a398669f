//! Passwords of which only the hash is known: bcrypt, as Prometheus' own web configuration has them.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use subtle::Choice;

use super::token::Token;

/// What the most expensive hash may cost: each step doubles the time, and this one takes seconds.
const MAX_COST: u32 = 16;

/// A bcrypt hash, checked.
#[derive(Clone)]
pub(in crate::exporter) struct Hash {
    text: String,
    /// Each step doubles what a check takes.
    cost: u32,
}

impl Hash {
    pub(in crate::exporter) fn parse(text: &str) -> Result<Self, &'static str> {
        let text = text.trim();
        let is_of_bcrypt = ["$2a$", "$2b$", "$2y$"].iter().any(|prefix| text.starts_with(prefix));
        let parts = text.parse::<bcrypt::HashParts>().ok().filter(|_| is_of_bcrypt);
        match parts {
            None => Err("is no bcrypt hash; it starts with $2y$, as `htpasswd -nB` makes it"),
            Some(parts) if parts.get_cost() > MAX_COST => {
                Err("costs more than 16, which is seconds for each check; make one of cost 10")
            }
            Some(parts) => Ok(Self {
                text: text.to_owned(),
                cost: parts.get_cost(),
            }),
        }
    }
}

impl fmt::Debug for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Hash(***)")
    }
}

/// A user whose password is known as a hash.
#[derive(Clone, Debug)]
pub(in crate::exporter) struct Hashed {
    pub(super) user: String,
    hash: Hash,
    /// What was right last, so that a client that comes again and again costs one check.
    known: Arc<Mutex<Option<Token>>>,
}

impl Hashed {
    pub(in crate::exporter) fn new(user: &str, hash: Hash) -> Self {
        Self {
            user: user.to_owned(),
            hash,
            known: Arc::default(),
        }
    }

    /// Whether the token is the one that was right last.
    pub(super) fn is_known(&self, token: &Token) -> Choice {
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        known.as_ref().map_or(Choice::from(0), |known| known.equals(token))
    }

    fn remember(&self, token: &Token) {
        *self.known.lock().unwrap_or_else(PoisonError::into_inner) = Some(token.clone());
    }
}

/// Whether the token is one of these users'. Takes as long for each user that there is, whatever the hash costs, as for one
/// that there is not, and for a right password as for a wrong one.
pub(super) fn check(users: &[Hashed], token: &Token) -> bool {
    // An error is a hash that is none, and those were refused.
    check_by(users, token, |password, hash| {
        bcrypt::verify(password, &hash.text).unwrap_or(false)
    })
}

/// Each password is held against one hash of every cost that there is: the user's own, and of the other costs any.
fn check_by(users: &[Hashed], token: &Token, mut verify: impl FnMut(&str, &Hash) -> bool) -> bool {
    let Some((user, password)) = token.credentials() else {
        return false;
    };
    let user = users.iter().find(|known| known.user == user);
    let mut hashes: BTreeMap<u32, &Hash> = users.iter().map(|known| (known.hash.cost, &known.hash)).collect();
    if let Some(user) = user {
        hashes.insert(user.hash.cost, &user.hash);
    }
    let mut is_right = false;
    for hash in hashes.into_values() {
        let is_of_hash = verify(&password, hash);
        is_right |= is_of_hash && user.is_some_and(|user| std::ptr::eq(&raw const user.hash, hash));
    }
    if let Some(user) = user
        && is_right
    {
        user.remember(token);
    }
    is_right
}

#[cfg(test)]
mod tests {
    use super::*;

    /// At cost 4, the lowest that there is.
    fn hash(password: &str) -> String {
        bcrypt::hash(password, 4).unwrap()
    }

    #[test]
    fn the_right_password_of_the_right_user_is_let_in_and_remembered() {
        let users = ["prometheus", "grafana"].map(|user| Hashed::new(user, Hash::parse(&hash(user)).unwrap()));
        for (user, password, is_right) in [
            ("prometheus", "prometheus", true),
            ("grafana", "grafana", true),
            ("grafana", "prometheus", false),
            ("nobody", "prometheus", false),
            ("", "", false),
        ] {
            let token = Token::basic(user, password);
            let is_known = || users.iter().any(|user| user.is_known(&token).into());
            assert!(!is_known());
            assert_eq!(check(&users, &token), is_right, "{user} {password}");
            assert_eq!(is_known(), is_right, "{user} {password}");
        }
        assert!(!check(&users, &Token::bearer("prometheus")));
        assert!(!check(&[], &Token::basic("a", "b")));
    }

    #[test]
    fn a_check_is_as_much_work_whoever_it_is_and_whatever_the_password() {
        let of_cost = |user, cost| Hashed::new(user, Hash::parse(&bcrypt::hash(user, cost).unwrap()).unwrap());
        let users = [of_cost("cheap", 4), of_cost("dear", 6), of_cost("as cheap", 4)];
        for (user, password, is_right) in [
            ("cheap", "cheap", true),
            ("cheap", "wrong", false),
            ("dear", "dear", true),
            ("dear", "cheap", false),
            ("as cheap", "as cheap", true),
            ("as cheap", "cheap", false),
            ("nobody", "cheap", false),
            ("nobody", "dear", false),
            ("", "", false),
        ] {
            let mut work = Vec::new();
            let found = check_by(&users, &Token::basic(user, password), |password, hash| {
                work.push(hash.cost);
                bcrypt::verify(password, &hash.text).unwrap()
            });
            assert_eq!(found, is_right, "{user} {password}");
            assert_eq!(work, [4, 6], "{user} {password}");
        }
    }

    #[test]
    fn the_hash_of_another_program_is_understood() {
        // The first of the test vectors of crypt_blowfish, the implementation that others are measured by.
        let hash = Hash::parse("$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW").unwrap();
        let users = [Hashed::new("u", hash)];
        assert!(check(&users, &Token::basic("u", "U*U")));
        assert!(!check(&users, &Token::basic("u", "U*V")));
    }

    #[test]
    fn what_is_no_hash_is_refused() {
        let right = hash("secret");
        for bad in [
            "",
            "secret",
            &right[1..],
            &right[..59],
            &right.replacen("$2b$", "$1$", 1),
        ] {
            assert!(Hash::parse(bad).unwrap_err().starts_with("is no bcrypt hash"), "{bad}");
        }
        let expensive = right.replacen("$04$", "$17$", 1);
        assert!(Hash::parse(&expensive).unwrap_err().starts_with("costs more than 16"));
    }
}
