//! E-mail addresses.

use crate::text::{Invalid, parsed_text};
use idna::uts46::{AsciiDenyList, DnsLength, Hyphens, Uts46};
use unicode_normalization::UnicodeNormalization as _;
use utoipa::ToSchema;

/// How long an address may be (RFC 5321, with the erratum to its section 4.5.3.1.3), and what is before its `@`.
const LONGEST: usize = 254;
const LONGEST_LOCAL: usize = 64;

/// What may be before the `@` beside letters, digits and single dots: of RFC 5321 what needs no escape in a link
/// (`mailto:`) and has no meaning in a header.
const MARKS: &[u8] = b"!$'*+-_~";

/// An e-mail address that every mail server takes: ASCII, at most 254 characters, without display name.
///
/// What is before the `@` is kept as written. The domain has one spelling, its A-labels (UTS 46, non-transitional), so
/// `a@bücher.example` and `a@xn--bcher-kva.example` are one address. Two addresses are the same when their
/// [`Email::folded`] forms are.
#[derive(Clone, PartialEq, Eq, ToSchema)]
#[schema(value_type = String, format = Email, max_length = 254, examples("ada@example.org"))]
pub struct Email(String);

impl Email {
    /// Reads an address; the error says how to write it.
    pub fn parse(written: &str) -> Result<Self, Invalid> {
        // Not normalised: what looks like an ASCII letter and is none (the sign of Kelvin) must not become one.
        let text = written.trim();
        if text.chars().count() > LONGEST {
            return Err(Invalid("must be at most 254 characters long"));
        }
        let Some((local, domain)) = text.rsplit_once('@') else {
            return Err(Invalid("must be an e-mail address, such as ada@example.org"));
        };
        if local.len() > LONGEST_LOCAL {
            return Err(Invalid("must have at most 64 characters before the @"));
        }
        if !is_local(local) {
            return Err(Invalid(
                "may have only letters without accents, digits, single dots between them, and !$'*+-_~ before the @",
            ));
        }
        let domain = domain_of(domain)
            .ok_or(Invalid("must have the name of a domain behind the @, such as example.org or bücher.example"))?;
        let address = format!("{local}@{domain}");
        // A domain in other letters is longer as it goes over the wire.
        if address.len() > LONGEST { Err(Invalid("must be at most 254 characters long")) } else { Ok(Self(address)) }
    }

    /// The form by which addresses are compared: lower case.
    pub fn folded(&self) -> String {
        self.0.to_ascii_lowercase()
    }
}

/// Whether this is a dot-atom of the characters that we take.
fn is_local(local: &str) -> bool {
    let is_atom =
        |atom: &str| !atom.is_empty() && atom.bytes().all(|byte| byte.is_ascii_alphanumeric() || MARKS.contains(&byte));
    local.split('.').all(is_atom)
}

/// The one spelling of a domain: labels of letters, digits and hyphens, at least two, the last of which begins with a
/// letter, as those of network addresses do not.
fn domain_of(written: &str) -> Option<String> {
    // Of ASCII letters' doubles only the sign of Kelvin looks exactly like one.
    if written.contains('\u{212a}') {
        return None;
    }
    // UTS 46 maps before it composes, which tells a few canonically equal texts apart.
    let composed: String = written.nfc().collect();
    let (letters, hyphens) = (AsciiDenyList::STD3, Hyphens::CheckFirstLast);
    let ascii = Uts46::new().to_ascii(composed.as_bytes(), letters, hyphens, DnsLength::Verify).ok()?.into_owned();
    let (_, top) = ascii.rsplit_once('.')?;
    top.starts_with(|first: char| first.is_ascii_lowercase()).then_some(ascii)
}

/// Not the address itself: logs and panics must not carry it.
impl std::fmt::Debug for Email {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str("Email(…)")
    }
}

parsed_text!(Email, "an e-mail address");
crate::text::shown_text!(Email);

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn email(written: &str) -> Email {
        Email::parse(written).unwrap_or_else(|invalid| panic!("{written}: {invalid}"))
    }

    #[test]
    fn addresses_compare_without_case_and_keep_it_before_the_at() {
        assert_eq!(email(" Ada.L@Example.ORG ").as_str(), "Ada.L@example.org");
        assert_eq!(email("Ada.L@Example.ORG").folded(), "ada.l@example.org");
    }

    #[test]
    fn h14_what_no_mail_server_takes_is_refused() {
        for bad in [
            "",
            "ada",
            "@",
            "@example.org",
            "ada@",
            "a b@example.org",
            "ada@localhost",
            "Ada <ada@example.org>",
            "<ada@example.org>",
            "a@b@c.org",
            "ada@exa\nmple.org",
            "ada\r\nBcc: eve@example.org",
            "\"a b\"@example.org",
            "\"ada\"@example.org",
            "a,b@example.org",
            "a;b@example.org",
            "a(b)@example.org",
            "a\\b@example.org",
            "a:b@example.org",
            "mailto:ada@example.org",
            ".ada@example.org",
            "ada.@example.org",
            "a..da@example.org",
            "müller@example.com",
            "mu\u{308}ller@example.com",
            "ада@example.org",
            "ａda@example.org",
            "\u{212a}ate@example.org",
            "ada\u{200b}@example.org",
            "ada\u{ad}@example.org",
            "ada?subject=x@example.org",
            "a&b@example.org",
            "a%40b@example.org",
            "a#b@example.org",
            "a/b@example.org",
            "a=b@example.org",
            "a`b@example.org",
            "a|b@example.org",
            "a{b}@example.org",
            "ada@example.org?subject=x",
            "ada@example.org&cc=eve",
            "ada@example.org#x",
            "ada@example.org/x",
            "ada@example.org:25",
            "ada@ex_ample.org",
            "ada@-example.org",
            "ada\x40example-.org",
            "ada@exam ple.org",
            "ada@example..org",
            "ada@.example.org",
            "ada@example.org.",
            "ada@example.org。",
            "ada@.",
            "ada\x40127.0.0.1",
            "ada@[127.0.0.1]",
            "ada@[IPv6:::1]",
            "ada@::1",
            "ada\x40127.0.0.0x1",
            "ada@2130706433",
            "ada\x40127.1",
            "ada@١٢٧.٠.٠.١",
            "ada\x40example.1",
            "ada@xn--a.example",
            "ada@xn--.example",
            "ada\x40xn--example-.org",
            "ada@exa\u{fffd}mple.org",
            "ada@exam\u{202e}ple.org",
            "ada@ban\u{212a}.example",
            "ada@\u{301}a.example",
            "ada@aא.example",
        ] {
            assert!(Email::parse(bad).is_err(), "{bad:?} was taken for an address");
        }
        for length in [64, 1000] {
            assert!(Email::parse(&format!("ada@{}.org", "a".repeat(length))).is_err());
        }
    }

    #[test]
    fn h14_what_people_have_is_taken() {
        for good in [
            "a@b.example",
            "o'brien@example.org",
            "ada+kith@example.org",
            "ada_l-2\x40sub.example.co.uk",
            "1@example.org",
            "!$'*+-_~@example.org",
            "ada@123.example",
            "ada@3com.example",
            "ada@r3---sn.example",
            "ada@xn--bcher-kva.example",
            "ada\x40example.xn--p1ai",
        ] {
            assert_eq!(email(good).as_str(), good);
        }
    }

    #[test]
    fn h14_a_domain_has_one_spelling() {
        for (written, kept) in [
            ("a@bücher.example", "a@xn--bcher-kva.example"),
            ("a@bu\u{308}cher.example", "a@xn--bcher-kva.example"),
            ("a@BÜCHER.Example", "a@xn--bcher-kva.example"),
            ("a@XN--BCHER-KVA.example", "a@xn--bcher-kva.example"),
            ("a@bücher。example", "a@xn--bcher-kva.example"),
            ("a@ｅｘａｍｐｌｅ.org", "a@example.org"),
            ("a@exam\u{ad}ple.org", "a@example.org"),
            // Not as of old: ß is a letter of its own, and so are the joiners where a script needs them.
            ("a@straße.example", "a@xn--strae-oqa.example"),
            ("a@пример.рф", "a\x40xn--e1afmkfd.xn--p1ai"),
            ("a@例え.テスト", "a\x40xn--r8jz45g.xn--zckzah"),
        ] {
            assert_eq!(email(written).as_str(), kept, "{written}");
            assert_eq!(email(kept).as_str(), kept);
        }
    }

    #[test]
    fn the_limits_are_64_and_254_characters_as_they_go_over_the_wire() {
        let local = "x".repeat(64);
        assert!(Email::parse(&format!("{local}@example.org")).is_ok());
        assert!(Email::parse(&format!("x{local}@example.org")).is_err());
        let label = "a".repeat(60);
        let domain = format!("{label}.{label}.{}.org", "a".repeat(254 - 64 - 1 - 2 * 61 - 4));
        assert_eq!(email(&format!("{local}@{domain}")).as_str().len(), 254);
        assert!(Email::parse(&format!("{local}@a{domain}")).is_err());
        // 252 characters that need more than 254.
        let domain = format!("{}.example", ["ü".repeat(44).as_str(); 4].join("."));
        assert_eq!(domain.chars().count() + 65, 252);
        assert!(Email::parse(&format!("{local}@{domain}")).is_err() && Email::parse(&format!("x@{domain}")).is_ok());
    }

    #[test]
    fn debug_does_not_show_the_address() {
        assert!(!format!("{:?}", email("ada@example.org")).contains("ada"));
    }

    proptest! {
        #[test]
        fn h14_an_address_is_ascii_and_reads_back(
            local in "[A-Za-z0-9+'-]{1,20}", label in "[\\p{L}\\p{Nd}\\p{M}-]{1,20}", top in "[\\p{Latin}\\p{Cyrillic}]{2,8}",
        ) {
            if let Ok(email) = Email::parse(&format!("{local}@{label}.{top}")) {
                prop_assert!(email.as_str().is_ascii());
                prop_assert_eq!(Email::parse(email.as_str()).unwrap(), email);
            }
        }

        #[test]
        fn h14_two_spellings_are_one_address(
            label in "[\\p{Latin}\\p{Greek}\\p{Cyrillic}]{1,15}", plain in "[a-zà-öø-þα-ρτ-ωа-я]{1,15}",
        ) {
            let with = |label: &str| Email::parse(&format!("ada@{label}.example")).map(|email| email.folded());
            if let Ok(email) = with(&label) {
                let [composed, decomposed]: [String; 2] = [label.nfc().collect(), label.nfd().collect()];
                prop_assert_eq!((with(&composed), with(&decomposed)), (Ok(email.clone()), Ok(email)));
            }
            prop_assert_eq!(with(&plain.to_uppercase()), with(&plain));
        }

        #[test]
        fn no_text_makes_the_parser_panic(text in "\\PC{0,40}@\\PC{0,40}") {
            if let Ok(email) = Email::parse(&text) {
                prop_assert!(email.as_str().is_ascii() && email.as_str().len() <= 254);
            }
        }
    }
}
