//! What holds for every mail, and what each must say.

use super::{Message, Telling, address, password, registration};
use askama::Template as _;
use jiff::SignedDuration;
use kith_domain::{Email, FollowUp, FollowUpPlan, KnownTimeZone, MeetingPoint, Moment, Occasion, Planned, Username};
use std::collections::BTreeSet;

const LONGEST_NAME: &str = "ada.lovelace-of-a-very-long-name";
const LINK: &str = "https://kith.example/confirm?token=usr_1.abc";

fn to() -> Email {
    Email::parse("ada@example.org").unwrap()
}

/// Mails whose link holds a token, with what each must say beside it.
fn with_a_link() -> Vec<(Message, &'static [&'static str])> {
    let (to, name) = (to(), Username::parse(LONGEST_NAME).unwrap());
    vec![
        (
            Message::confirm_registrations(&to, &[(name.clone(), LINK.to_owned())]).unwrap(),
            &[LONGEST_NAME, "once, within 24 hours", "\"This was not me\""],
        ),
        (
            Message::confirm_new_address(&to, &name, LINK).unwrap(),
            &[LONGEST_NAME, "once, within 24 hours", "\"This was not me\""],
        ),
        (
            Message::reset_password(&to, &name, LINK).unwrap(),
            &[LONGEST_NAME, "once, within an hour", "Then do nothing: your password stays as it is."],
        ),
        (
            Message::address_change_wanted(&to, &name, LINK).unwrap(),
            &[LONGEST_NAME, "another e-mail address", "for seven days after it was made"],
        ),
        (
            Message::address_changed(&to, &name, LINK).unwrap(),
            &[LONGEST_NAME, "It has another one now", "For seven days after the change", "link for a new password"],
        ),
        (
            Message::invitation(&to, LINK).unwrap(),
            &["kith.example", "once, within seven days", "Choose a password", "Then do nothing"],
        ),
    ]
}

/// Mails with nothing to click on, with what each must say.
fn without_a_link() -> Vec<(Message, &'static [&'static str])> {
    let (to, name) = (to(), Username::parse(LONGEST_NAME).unwrap());
    vec![
        (
            Message::password_changed(&to, &name).unwrap(),
            &[LONGEST_NAME, "you have forgotten your password", "logs everybody out"],
        ),
        (Message::address_has_account(&to).unwrap(), &["already has an account", "log in", "password"]),
        (Message::address_wanted(&to).unwrap(), &["already has an account", "nothing about yours has changed"]),
        (Message::reset_waits(&to).unwrap(), &["less than three days ago", "with the password that you have"]),
        (
            Message::account_shut(&to).unwrap(),
            &["has been switched off", "whoever runs your Kith", "Nothing has changed"],
        ),
        (Message::account_erased(&to).unwrap(), &["has been deleted, and everything in it", "our last mail"]),
        (
            Message::follow_ups(&to, &[(grace(), follow_up("Coffee chat", "Café am Ufer"))], &telling()).unwrap(),
            &[
                "Coffee chat",
                "With: Grace Hopper",
                "When: Tuesday, 1 December 2026, 15:00 (Europe/Berlin, UTC+01:00)",
                "Where: Café am Ufer",
                "Phone: +1 555 0100",
                "Mail: grace@example.org",
                "What you bonded over: Nanoseconds of wire.",
                "none for those that you cancel",
            ],
        ),
    ]
}

fn telling() -> Telling {
    Telling { more: 0, is_last: false, now: jiff::Timestamp::UNIX_EPOCH, with_details: true }
}

fn grace() -> Planned {
    let card = r#"{"first_name": "Grace", "last_name": "Hopper", "phone": "+1 555 0100", "email": "grace@example.org",
        "spark": "Nanoseconds of wire."}"#;
    serde_json::from_str(card).unwrap()
}

fn follow_up(what: &str, place: &str) -> FollowUp {
    let at = Moment::parse("2026-12-01T15:00").unwrap();
    let (what, place) = (Occasion::parse(what).ok(), MeetingPoint::parse(place).ok());
    let plan = FollowUpPlan { at, what, place, remind_before: None };
    FollowUp::new(&plan, KnownTimeZone::parse("Europe/Berlin").unwrap().name(), jiff::Timestamp::UNIX_EPOCH).unwrap()
}

fn all() -> Vec<Message> {
    let both = with_a_link().into_iter().chain(without_a_link());
    both.map(|(mail, _)| mail).collect()
}

/// The words of an HTML part, without tags and hidden head.
fn words_of(html: &str) -> String {
    let body = html.split_once("<div class=\"card").unwrap().1.split_once('>').unwrap().1;
    let text: String =
        body.split('<').map(|part| part.split_once('>').map_or(part, |(_, text)| text)).collect::<Vec<_>>().join(" ");
    one_line(&text.replace("&ldquo;", "\"").replace("&rdquo;", "\""))
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[test]
fn both_parts_hold_the_link_and_what_to_know_about_it() {
    for (mail, needed) in with_a_link() {
        assert_eq!(mail.html.matches(&format!("href=\"{LINK}\"")).count(), 2, "a button and the link itself");
        assert!(mail.html.contains(&format!(">{LINK}<")), "the link can be read and copied");
        assert!(mail.text.lines().any(|line| line == LINK), "the link stands on a line of its own");
        for part in [one_line(&mail.text), words_of(&mail.html)] {
            for needed in needed.iter().chain([&LINK, &"nothing happens before you"]) {
                assert!(part.contains(needed), "{needed:?} is missing in {part}");
            }
        }
    }
}

#[test]
fn a_mail_that_only_tells_has_nothing_to_click_on() {
    for (mail, needed) in without_a_link() {
        assert!(!mail.html.contains("<a ") && !mail.html.contains("http") && !mail.text.contains("http"));
        for part in [one_line(&mail.text), words_of(&mail.html)] {
            for needed in needed {
                assert!(part.contains(needed), "{needed:?} is missing in {part}");
            }
        }
    }
}

#[test]
fn subjects_are_short_and_each_is_its_own() {
    let subjects: BTreeSet<String> = all().into_iter().map(|mail| mail.subject).collect();
    assert_eq!(subjects.len(), all().len());
    // A phone shows about 40 characters, a mail program about 60.
    assert!(subjects.iter().all(|subject| subject.len() <= 50 && subject.contains("Kith")), "{subjects:?}");
}

#[test]
fn every_mail_says_why_it_came_and_that_it_is_no_list() {
    for mail in all() {
        for part in [one_line(&mail.text), words_of(&mail.html)] {
            assert!(part.contains("You get this mail because") && part.contains("not a list"), "{part}");
        }
    }
}

#[test]
fn both_parts_say_the_same() {
    let words = |part: &str| -> BTreeSet<String> {
        part.split(|c: char| !c.is_alphanumeric()).map(str::to_lowercase).collect()
    };
    // How to get along without the button, and its label.
    let only_html = words(
        "If the button does nothing, copy this into your browser. Confirm my address. Accept the invitation. Stop the change. Give me my account back.",
    );
    for mail in all() {
        // The HTML part has the signature above.
        let (text, html) = (words(&mail.text), words(&format!("Kith {}", words_of(&mail.html))));
        let missing = &(&html - &text) - &only_html;
        assert!(missing.is_empty() && text.is_subset(&html), "{missing:?} {:?}", &text - &html);
    }
}

#[test]
fn html_in_values_is_shown_not_obeyed() {
    let (subject, username) = ("</title><script>alert(1)</script>", "<img src=x onerror=alert(1)>");
    let link = "https://kith.example\"><script>alert(2)</script>/?a=1&b=\"><script>alert(2)</script>";
    let waiting = &[registration::Waiting { username: username.to_owned(), link }];
    let parts = [
        registration::ConfirmRegistrationHtml { subject, waiting, only: waiting.first() }.render(),
        registration::ConfirmRegistrationHtml { subject, waiting, only: None }.render(),
        registration::AddressHasAccountHtml { subject }.render(),
        password::ResetPasswordHtml { subject, username, link }.render(),
        password::PasswordChangedHtml { subject, username }.render(),
        address::ConfirmNewAddressHtml { subject, username, link }.render(),
        address::AddressChangeWantedHtml { subject, username, link }.render(),
        address::AddressChangedHtml { subject, username, link }.render(),
        Ok(Message::invitation(&to(), link).unwrap().html),
        Ok(Message::follow_ups(&to(), &many_hostile(username, subject, link), &telling()).unwrap().html),
    ];
    for html in parts.map(Result::unwrap) {
        assert!(!html.contains("<script") && !html.contains("<img") && !html.contains("b=\""), "{html}");
    }
}

/// A card with this in every field that a mail shows.
fn hostile(text: &str) -> Planned {
    let card =
        serde_json::json!({"first_name": text, "phone": text, "email": text, "social_media": text, "spark": text});
    serde_json::from_value(card).unwrap()
}

/// More of them than a mail tells everything about.
fn many_hostile(text: &str, what: &str, place: &str) -> Vec<(Planned, FollowUp)> {
    (0..30).map(|_| (hostile(text), follow_up(what, place))).collect()
}

#[test]
fn h32_what_is_due_together_is_one_mail_with_the_first_in_its_subject() {
    let planned = [(grace(), follow_up("Coffee chat", "Café")), (hostile("Alan"), follow_up("Tea", "Bletchley"))];
    let mail = Message::follow_ups(&to(), &planned, &Telling { more: 3, ..telling() }).unwrap();
    assert_eq!(mail.subject, "Kith reminder: Grace Hopper and 4 more");
    for part in [one_line(&mail.text), words_of(&mail.html)] {
        for fact in ["Grace Hopper", "Elsewhere: Alan", "Café", "Bletchley", "There are 3 more"] {
            assert!(part.contains(fact), "{fact} is missing in {part}");
        }
        assert!(!part.contains("And besides") && !part.contains("last reminder") && !part.contains("over already"));
    }
}

#[test]
fn h04_many_at_once_are_all_named_and_the_last_mail_of_a_day_says_so() {
    let named = |n: usize| serde_json::from_value(serde_json::json!({"first_name": format!("Friend {n}")})).unwrap();
    let planned: Vec<(Planned, FollowUp)> = (10..59).map(|n| (named(n), follow_up("Tea", "Harbour"))).collect();
    let telling =
        Telling { more: 11, is_last: true, now: planned[0].1.at + SignedDuration::from_mins(61), ..telling() };
    let mail = Message::follow_ups(&to(), &planned, &telling).unwrap();
    assert_eq!(mail.subject, "Kith reminder: Friend 10 and 59 more");
    for part in [one_line(&mail.text), words_of(&mail.html)] {
        for fact in ["There are 11 more", "And besides", "This is the last reminder mail of today", "over already"] {
            assert!(part.contains(fact), "{fact} is missing in {part}");
        }
        assert!((10..59).all(|n| part.contains(&format!("Friend {n}"))), "{part}");
        assert_eq!(part.matches("Harbour").count(), 20, "the others are named in short");
    }
    assert!(mail.html.len() < 100_000, "a mail of {} bytes is cut by some programs", mail.html.len());
}

#[test]
fn h32_without_details_a_mail_says_neither_with_whom_nor_what_about() {
    let planned = [(grace(), follow_up("Coffee chat", "Café"))];
    let mail = Message::follow_ups(&to(), &planned, &Telling { with_details: false, ..telling() }).unwrap();
    assert_eq!(mail.subject, "Kith reminder: Coffee chat");
    for part in [&mail.text, &mail.html] {
        assert!(part.contains("Café") && part.contains("1 December 2026, 15:00"), "{part}");
        for detail in ["Grace", "Hopper", "555", "grace@", "Nanoseconds", "bonded over"] {
            assert!(!part.contains(detail), "{part}");
        }
    }
}

#[test]
fn nothing_is_loaded_when_a_mail_is_read() {
    for mail in all() {
        for loading in ["<img", "<link", "<script", "<iframe", "url(", "@import", "@font-face", "src="] {
            assert!(!mail.html.contains(loading), "{loading}");
        }
    }
}

#[test]
fn plain_text_keeps_to_short_lines() {
    for line in all().iter().flat_map(|mail| mail.text.lines()).filter(|line| *line != LINK) {
        assert!(line.len() <= 78, "{line:?}");
    }
}

#[test]
fn debug_does_not_show_the_link() {
    for (mail, _) in with_a_link() {
        assert!(!format!("{mail:?}").contains("token"));
    }
}
