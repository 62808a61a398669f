//! What a client sends to be let in, compared in constant time.
//!
//! Sources: [RFC 9110, section 11](https://www.rfc-editor.org/rfc/rfc9110#section-11) for the header,
//! [RFC 7617](https://www.rfc-editor.org/rfc/rfc7617) for Basic authentication,
//! [RFC 6750](https://www.rfc-editor.org/rfc/rfc6750) for bearer tokens.

use std::fmt;

use base64::prelude::{BASE64_STANDARD, Engine as _};
use http::HeaderMap;
use http::header::AUTHORIZATION;
use subtle::{Choice, ConstantTimeEq as _};

/// The most bytes that `user:password` may have.
pub(super) const MAX_CREDENTIALS: usize = 768;
/// What [`MAX_CREDENTIALS`] are in base64, and the most bytes of a bearer token.
pub(super) const MAX_TOKEN: usize = MAX_CREDENTIALS / 3 * 4;

/// How a client says who it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Scheme {
    Basic,
    Bearer,
}

/// What follows the scheme in the header `Authorization`, of whatever length, in a fixed size.
///
/// Of Basic authentication the encoded form is compared: decoding base64 takes a time that depends on the input, and
/// every encoder gives the same text for the same credentials.
#[derive(Clone)]
pub(super) struct Token {
    scheme: Scheme,
    bytes: [u8; MAX_TOKEN],
    /// The length before padding and cutting. What was cut is longer than any right token.
    length: u64,
}

impl Token {
    pub(super) fn basic(user: &str, password: &str) -> Self {
        Self::padded(
            Scheme::Basic,
            BASE64_STANDARD.encode(format!("{user}:{password}")).as_bytes(),
        )
    }

    pub(super) fn bearer(token: &str) -> Self {
        Self::padded(Scheme::Bearer, token.as_bytes())
    }

    /// What the one header `Authorization` carries. The scheme is case-insensitive.
    pub(super) fn sent(headers: &HeaderMap) -> Option<Self> {
        let mut values = headers.get_all(AUTHORIZATION).iter();
        let value = values.next()?.as_bytes();
        // Two of them: the one that we check may not be the one that a proxy checked.
        if values.next().is_some() {
            return None;
        }
        let space = value.iter().position(|&byte| byte == b' ')?;
        let (scheme, token) = value.split_at(space);
        let scheme = if scheme.eq_ignore_ascii_case(b"Basic") {
            Scheme::Basic
        } else if scheme.eq_ignore_ascii_case(b"Bearer") {
            Scheme::Bearer
        } else {
            return None;
        };
        Some(Self::padded(scheme, token.trim_ascii()))
    }

    fn padded(scheme: Scheme, text: &[u8]) -> Self {
        let mut bytes = [0; MAX_TOKEN];
        for (slot, byte) in bytes.iter_mut().zip(text) {
            *slot = *byte;
        }
        Self {
            scheme,
            bytes,
            length: text.len() as u64,
        }
    }

    #[cfg(feature = "bcrypt")]
    pub(super) fn scheme(&self) -> Scheme {
        self.scheme
    }

    /// Whether both are the same, in a time that does not depend on what they are, nor on how much of them is the same.
    pub(super) fn equals(&self, other: &Self) -> Choice {
        // `&` on `Choice` evaluates both sides; the scheme is no secret.
        let same_scheme = Choice::from(u8::from(self.scheme == other.scheme));
        same_scheme & self.bytes.ct_eq(&other.bytes) & self.length.ct_eq(&other.length)
    }

    /// User name and password, where they are that.
    #[cfg(feature = "bcrypt")]
    pub(super) fn credentials(&self) -> Option<(String, String)> {
        let token = self.bytes.get(..usize::try_from(self.length).ok()?)?;
        if self.scheme != Scheme::Basic {
            return None;
        }
        let text = String::from_utf8(BASE64_STANDARD.decode(token).ok()?).ok()?;
        let (user, password) = text.split_once(':')?;
        Some((user.to_owned(), password.to_owned()))
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token(***)")
    }
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    fn sent(header: &str) -> Option<Token> {
        let mut headers = HeaderMap::new();
        headers.insert(AUTHORIZATION, HeaderValue::from_str(header).unwrap());
        Token::sent(&headers)
    }

    fn is_sent(token: &Token, header: &str) -> bool {
        sent(header).is_some_and(|sent| sent.equals(token).into())
    }

    #[test]
    fn the_examples_of_the_rfcs() {
        // RFC 7617, sections 2 and 2.1; RFC 6750, section 2.1.
        let aladdin = Token::basic("Aladdin", "open sesame");
        assert!(is_sent(&aladdin, "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ=="));
        assert!(is_sent(&Token::basic("test", "123£"), "Basic dGVzdDoxMjPCow=="));
        assert!(is_sent(&Token::bearer("mF_9.B5f-4.1JqM"), "Bearer mF_9.B5f-4.1JqM"));
    }

    #[test]
    fn the_scheme_is_case_insensitive() {
        let token = Token::basic("Aladdin", "open sesame");
        for scheme in ["basic", "BASIC", "bAsIc", "Basic  "] {
            let header = format!("{scheme} QWxhZGRpbjpvcGVuIHNlc2FtZQ==");
            assert!(is_sent(&token, &header), "{header}");
        }
    }

    #[test]
    fn everything_else_is_another_one_or_none() {
        let token = Token::basic("Aladdin", "open sesame");
        for header in [
            "",
            "Basic",
            "Basic ",
            "QWxhZGRpbjpvcGVuIHNlc2FtZQ==",
            "BasicQWxhZGRpbjpvcGVuIHNlc2FtZQ==",
            // Another scheme.
            "Bearer QWxhZGRpbjpvcGVuIHNlc2FtZQ==",
            "Digest QWxhZGRpbjpvcGVuIHNlc2FtZQ==",
            "Basic Aladdin:open sesame",
            // One byte less, one more, another case, a prefix, a continuation.
            "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ=",
            "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ===",
            "Basic qWxhZGRpbjpvcGVuIHNlc2FtZQ==",
            "Basic QWxhZGRpbjpvcGVuIHNlc2Ft",
            "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ== QWxhZGRpbjpvcGVuIHNlc2FtZQ==",
            // The same user with another password, the same password with another user.
            "Basic QWxhZGRpbjpvcGVuIHNlc2FtZTE=",
            "Basic YWxhZGRpbjpvcGVuIHNlc2FtZQ==",
        ] {
            assert!(!is_sent(&token, header), "{header}");
        }
        assert!(Token::sent(&HeaderMap::new()).is_none());
    }

    #[test]
    fn two_headers_are_none_even_if_one_is_right() {
        let mut headers = HeaderMap::new();
        headers.append(
            AUTHORIZATION,
            HeaderValue::from_static("Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ=="),
        );
        headers.append(AUTHORIZATION, HeaderValue::from_static("Basic eDp5"));
        assert!(Token::sent(&headers).is_none());
    }

    #[test]
    fn what_is_longer_than_the_longest_is_another_one() {
        let password = "x".repeat(MAX_CREDENTIALS - 2);
        let token = Token::basic("u", &password);
        let text = BASE64_STANDARD.encode(format!("u:{password}"));
        assert_eq!(text.len(), MAX_TOKEN);
        assert!(is_sent(&token, &format!("Basic {text}")));
        // The part that fits is right; what is cut off makes it wrong.
        assert!(!is_sent(&token, &format!("Basic {text}A")));
        assert!(!is_sent(&token, &format!("Basic {text}{text}")));
    }

    #[test]
    fn zero_bytes_are_not_padding() {
        // A header cannot hold them, but the comparison must not rely on that.
        let equals = |one, other| bool::from(Token::bearer(one).equals(&Token::bearer(other)));
        assert!(!equals("abc", "abc\0"));
        assert!(!equals("", "\0"));
        assert!(equals("abc", "abc"));
    }

    #[cfg(feature = "bcrypt")]
    #[test]
    fn the_password_ends_at_the_end_and_the_user_at_the_first_colon() {
        let parts = |header: &str| sent(header).unwrap().credentials();
        let basic = |text: &str| parts(&format!("Basic {}", BASE64_STANDARD.encode(text)));
        assert_eq!(basic("u:p:q"), Some(("u".to_owned(), "p:q".to_owned())));
        assert_eq!(basic("up"), None);
        assert_eq!(parts("Basic ?"), None);
        assert_eq!(parts("Bearer dTpw"), None);
        assert_eq!(basic(&"x:".repeat(MAX_TOKEN)), None);
    }

    #[test]
    fn nothing_shows_a_token() {
        assert_eq!(format!("{:?}", Token::basic("Aladdin", "open sesame")), "Token(***)");
    }
}
