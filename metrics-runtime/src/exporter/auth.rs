//! HTTP Basic authentication: [RFC 7617](https://www.rfc-editor.org/rfc/rfc7617).

use std::fmt;

use base64::prelude::{BASE64_STANDARD, Engine as _};
use http::HeaderMap;
use http::header::AUTHORIZATION;
use subtle::ConstantTimeEq as _;

use super::error::ExporterError;
use super::password::Password;

/// The most bytes that `user:password` may have.
const MAX_CREDENTIALS: usize = 768;
/// The most bytes that a password may have, beside a user name of one byte.
pub(super) const MAX_PASSWORD: usize = MAX_CREDENTIALS - 2;
/// What [`MAX_CREDENTIALS`] are in base64.
const MAX_TOKEN: usize = MAX_CREDENTIALS / 3 * 4;

/// The one user name and password that may scrape.
#[derive(Clone)]
pub(super) struct Credentials(Token);

impl Credentials {
    /// Refuses what no client could send.
    pub(super) fn new(user: &str, password: &Password) -> Result<Self, ExporterError> {
        let user_problem = if user.is_empty() {
            Some("is empty")
        } else if user.contains(':') {
            Some("contains a colon, which ends the user name in HTTP Basic authentication")
        } else if user.chars().any(char::is_control) {
            Some("contains a control character, which HTTP Basic authentication cannot carry")
        } else {
            None
        };
        if let Some(problem) = user_problem {
            let user = user.to_owned();
            return Err(ExporterError::UserName { user, problem });
        }

        let password = password.reveal();
        let password_problem = if password.is_empty() {
            Some("is empty, which would let everyone in who knows the user name")
        } else if password.chars().any(char::is_control) {
            Some("contains a control character, which HTTP Basic authentication cannot carry")
        } else if user.len() + 1 + password.len() > MAX_CREDENTIALS {
            Some("is longer, together with the user name, than 767 bytes")
        } else {
            None
        };
        if let Some(problem) = password_problem {
            return Err(ExporterError::Password { problem });
        }

        let token = BASE64_STANDARD.encode(format!("{user}:{password}"));
        Ok(Self(Token::padded(token.as_bytes())))
    }

    /// Whether the request carries these credentials, in a time that does not depend on what they
    /// are, nor on how much of what was sent is right.
    ///
    /// The encoded forms are compared: decoding base64 takes a time that depends on the input, and
    /// every encoder gives the same text for the same credentials.
    pub(super) fn admit(&self, headers: &HeaderMap) -> bool {
        // A missing or malformed header is compared like a wrong one.
        let sent = Token::padded(sent_token(headers).unwrap_or_default());
        sent.equals(&self.0)
    }
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Credentials(***)")
    }
}

/// Encoded credentials of whatever length, in a fixed size.
#[derive(Clone)]
struct Token {
    bytes: [u8; MAX_TOKEN],
    /// The length before padding and cutting. What was cut is longer than any right token.
    length: u64,
}

impl Token {
    fn padded(text: &[u8]) -> Self {
        let mut bytes = [0; MAX_TOKEN];
        for (slot, byte) in bytes.iter_mut().zip(text) {
            *slot = *byte;
        }
        Self {
            bytes,
            length: text.len() as u64,
        }
    }

    fn equals(&self, other: &Self) -> bool {
        // `&` on `Choice` evaluates both sides.
        (self.bytes.ct_eq(&other.bytes) & self.length.ct_eq(&other.length)).into()
    }
}

/// What follows the scheme `Basic` in the one `Authorization` header. The scheme is
/// case-insensitive ([RFC 9110, section 11.1](https://www.rfc-editor.org/rfc/rfc9110#section-11.1)).
fn sent_token(headers: &HeaderMap) -> Option<&[u8]> {
    let mut values = headers.get_all(AUTHORIZATION).iter();
    let value = values.next()?.as_bytes();
    // Two of them: the one that we check may not be the one that a proxy checked.
    if values.next().is_some() {
        return None;
    }
    let space = value.iter().position(|&byte| byte == b' ')?;
    let (scheme, token) = value.split_at(space);
    scheme.eq_ignore_ascii_case(b"Basic").then(|| token.trim_ascii())
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    fn credentials(user: &str, password: &str) -> Credentials {
        Credentials::new(user, &Password::new(password)).unwrap()
    }

    fn admits(credentials: &Credentials, header: &str) -> bool {
        let mut headers = HeaderMap::new();
        headers.insert(AUTHORIZATION, HeaderValue::from_str(header).unwrap());
        credentials.admit(&headers)
    }

    fn error(user: &str, password: &str) -> String {
        Credentials::new(user, &Password::new(password))
            .unwrap_err()
            .to_string()
    }

    #[test]
    fn the_example_of_the_rfc_is_admitted() {
        // RFC 7617, section 2.
        let credentials = credentials("Aladdin", "open sesame");
        assert!(admits(&credentials, "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ=="));
    }

    #[test]
    fn the_utf_8_example_of_the_rfc_is_admitted() {
        // RFC 7617, section 2.1.
        let credentials = credentials("test", "123£");
        assert!(admits(&credentials, "Basic dGVzdDoxMjPCow=="));
    }

    #[test]
    fn the_scheme_is_case_insensitive() {
        let credentials = credentials("Aladdin", "open sesame");
        for scheme in ["basic", "BASIC", "bAsIc", "Basic  "] {
            let header = format!("{scheme} QWxhZGRpbjpvcGVuIHNlc2FtZQ==");
            assert!(admits(&credentials, &header), "{header}");
        }
    }

    #[test]
    fn everything_else_is_refused() {
        let credentials = credentials("Aladdin", "open sesame");
        for header in [
            "",
            "Basic",
            "Basic ",
            "QWxhZGRpbjpvcGVuIHNlc2FtZQ==",
            "BasicQWxhZGRpbjpvcGVuIHNlc2FtZQ==",
            "Bearer QWxhZGRpbjpvcGVuIHNlc2FtZQ==",
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
            assert!(!admits(&credentials, header), "{header}");
        }
        assert!(!credentials.admit(&HeaderMap::new()));
    }

    #[test]
    fn two_headers_are_refused_even_if_one_is_right() {
        let credentials = credentials("Aladdin", "open sesame");
        let right = HeaderValue::from_static("Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==");
        let mut headers = HeaderMap::new();
        headers.append(AUTHORIZATION, right.clone());
        headers.append(AUTHORIZATION, HeaderValue::from_static("Basic eDp5"));
        assert!(!credentials.admit(&headers));
    }

    #[test]
    fn the_longest_credentials_work_and_one_byte_more_is_an_error() {
        let password = "x".repeat(MAX_PASSWORD);
        let credentials = credentials("u", &password);
        let token = BASE64_STANDARD.encode(format!("u:{password}"));
        assert_eq!(token.len(), MAX_TOKEN);
        assert!(admits(&credentials, &format!("Basic {token}")));
        // The part that fits is right; what is cut off makes it wrong.
        assert!(!admits(&credentials, &format!("Basic {token}A")));
        assert!(!admits(&credentials, &format!("Basic {token}{token}")));

        assert!(error("uu", &password).contains("767 bytes"));
    }

    #[test]
    fn zero_bytes_are_not_padding() {
        // A header cannot hold them, but the comparison must not rely on that.
        assert!(!Token::padded(b"abc").equals(&Token::padded(b"abc\0")));
        assert!(!Token::padded(b"").equals(&Token::padded(b"\0")));
        assert!(Token::padded(b"abc").equals(&Token::padded(b"abc")));
    }

    #[test]
    fn what_cannot_be_sent_is_refused_with_a_reason() {
        assert!(error("", "x").contains("is empty"));
        assert!(error("a:b", "x").contains("\"a:b\" contains a colon"));
        assert!(error("a\n", "x").contains("control character"));
        assert!(error("a", "").contains("password is empty"));
        assert!(error("a", "x\ny").contains("control character"));
        // The part after the first colon is the password's.
        assert!(Credentials::new("a", &Password::new("x:y")).is_ok());
    }

    #[test]
    fn nothing_shows_the_credentials() {
        let shown = format!("{:?}", credentials("Aladdin", "open sesame"));
        assert_eq!(shown, "Credentials(***)");
        assert!(!error("a", "secret\n").contains("secret"));
    }
}
